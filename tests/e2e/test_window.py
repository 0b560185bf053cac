"""The window, used by keyboard as a person would."""

from tests.e2e.driver import Application, Screen, text_of, wait_for


def test_typed_question_is_answered_and_stored(desktop: Application, screen: Screen) -> None:
    window = screen.wait_for_window(process := desktop.start())
    # The composer has the keyboard from the start.
    screen.type(window, "What can you do?")
    screen.press("Return")

    def answered() -> str | None:
        rows = desktop.messages()
        return next(
            (text_of(row) for row in rows if row["role"] == "assistant" and row["state"] == "done"), None
        )

    answer = wait_for("an answer", answered)
    assert answer.strip()
    assert desktop.texts("user") == ["What can you do?"]
    screen.press("ctrl+q")
    assert process.wait(30) == 0


def test_what_was_typed_is_there_after_the_application_was_killed(
    desktop: Application, screen: Screen
) -> None:
    window = screen.wait_for_window(process := desktop.start())
    screen.type(window, "a half-written question")
    wait_for("the draft", lambda: "a half-written question" in _drafts(desktop))
    process.kill()
    process.wait(10)
    window = screen.wait_for_window(desktop.start())
    # Typed before the kept draft is back, it stands in a line of its own below it; after that, behind it.
    screen.type(window, " goes on")
    wait_for("the continued draft", lambda: "a half-written question goes on" in _drafts(desktop))


def _drafts(application: Application) -> list[str]:
    return [" ".join(row["text"].split()) for row in application.rows("SELECT text FROM draft")]


def test_second_start_raises_the_first_window(desktop: Application, screen: Screen) -> None:
    first = desktop.start()
    window = screen.wait_for_window(first)
    screen.xdotool("windowminimize", "--sync", window)
    wait_for("the window to be minimised", lambda: not screen.windows(first))

    second = desktop.start()
    assert second.wait(30) == 0
    wait_for("the first window to come back", lambda: window in screen.windows(first))
    wait_for("the first window to have the keyboard", lambda: screen.active_window() == window)
    assert first.poll() is None


def test_killed_application_leaves_no_lock_behind(desktop: Application, screen: Screen) -> None:
    first = desktop.start()
    screen.wait_for_window(first)
    first.kill()
    first.wait(10)
    assert screen.wait_for_window(desktop.start())
