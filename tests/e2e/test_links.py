"""Links as a browser hands them over: one more process, which leaves its text in the window and ends."""

from tests.e2e.driver import Application, Screen, wait_for

LINK = "assistant-app:ask?text=What%20can%20you%20do%3F%0AAnd%20then%3F"
TEXT = "What can you do?\nAnd then?"


def drafts(application: Application) -> list[str]:
    return [row["text"] for row in application.rows("SELECT text FROM draft")]


def test_link_reaches_the_open_window_and_is_not_sent(desktop: Application, screen: Screen) -> None:
    first = desktop.start()
    window = screen.wait_for_window(first)
    screen.type(window, "half a thought")
    wait_for("the draft", lambda: "half a thought" in drafts(desktop))
    screen.xdotool("windowminimize", "--sync", window)
    wait_for("the window to be minimised", lambda: not screen.windows(first))

    done = desktop.command(LINK)
    assert (done.returncode, done.stderr) == (0, "")
    wait_for("the window to come back", lambda: window in screen.windows(first))
    wait_for("the text behind what was typed", lambda: f"half a thought\n\n{TEXT}" in drafts(desktop))
    # Whoever was typing elsewhere when the window came up sends nothing.
    wait_for("the window to have the keyboard", lambda: screen.active_window() == window)
    screen.press("Return")
    done = desktop.command("assistant-app:quit")
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1 and "nothing was done" in done.stderr
    assert first.poll() is None
    assert desktop.messages() == []
    assert drafts(desktop) == [f"half a thought\n\n{TEXT}"]


def test_link_opens_a_window_where_there_is_none(desktop: Application, screen: Screen) -> None:
    process = desktop.start(LINK)
    screen.wait_for_window(process)
    wait_for("the text", lambda: TEXT in drafts(desktop))
    screen.press("Return")
    screen.press("ctrl+q")
    assert process.wait(30) == 0
    assert drafts(desktop) == [TEXT]
    assert desktop.messages() == []


def test_link_without_a_display_is_one_sentence(application: Application) -> None:
    environment = {
        name: value
        for name, value in application.environment.items()
        if name not in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    }
    application.environment = environment
    done = application.command(LINK)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1 and "no display" in done.stderr
