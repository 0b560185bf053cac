"""Writes pictures of every state of the window: light and dark, at 100 % and 200 %, English and Chinese.

`python scripts/screenshots.py FOLDER [--only light,1,en]`. Nothing is shown on screen. Each variant
runs in a process of its own, because scale and language are chosen at the start of one. The window is
the real one on a real worker and store; only the phases of an answer are told to it from here, so that
they stand still.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

THEMES, SCALES, LANGUAGES = ("light", "dark"), ("1", "2"), ("en", "zh_CN")

ANSWER = """A **hash table** keeps each value in a slot that is computed from its key.

1. Compute the hash of the key.
2. Take it modulo the number of slots.
3. Look there first.

```python
def slot(key: str, slots: int) -> int:
    \"\"\"Return where a key is looked up first.\"\"\"
    return hash(key) % slots
```

| Operation | Average | Worst |
| --- | --- | --- |
| look up | $O(1)$ | $O(n)$ |
| insert | $O(1)$ | $O(n)$ |

> A good hash spreads keys evenly; see [the article](https://example.org/hash).

With $n$ keys in $m$ slots the load is $\\alpha = n/m$.
"""

TITLES = {
    "en": (
        "How does a hash table work?",
        "Plan a weekend in the mountains",
        "Letter to the landlord about the heating",
        "Rewrite this paragraph in plain words",
        "Why is the sky blue?",
        "Names for a small bakery",
        "Explain the difference between TCP and UDP",
        "Meal plan for two, vegetarian, five days",
        "Summary of chapter three",
        "Sort a list of dictionaries by two keys",
        "Packing list",
        "A toast for my sister's wedding",
    ),
    "zh_CN": (
        "哈希表是怎样工作的？",
        "周末去山里的计划",
        "写给房东的信：暖气坏了",
        "用简单的话改写这一段",
        "天空为什么是蓝色的？",
        "给小面包店起名字",
        "TCP 和 UDP 有什么区别",
        "两个人五天的素食菜单",
        "第三章的摘要",
        "按两个键给字典列表排序",
        "行李清单",
        "妹妹婚礼上的祝酒词",
    ),
}

TOOL_TEXTS = {
    "en": ("Let me work that out.", "Together that is **54.60**, with the delivery.", "buy milk, number"),
    "zh_CN": ("我来算一下。", "加上运费一共是 **54.60**。", "买牛奶，第"),
}


def main() -> int:
    """Render all variants, or one of them in this process."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--only", help="one variant: theme,scale,language")
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    chosen = [tuple(options.only.split(","))] if options.only else list(product(THEMES, SCALES, LANGUAGES))
    if options.here:
        theme, scale, language = chosen[0]
        return render(options.folder / f"{theme}-{scale}00-{language}", theme, language)
    failed = 0
    for theme, scale, language in chosen:
        environment = {
            **os.environ,
            "QT_QPA_PLATFORM": "offscreen",
            "QT_SCALE_FACTOR": scale,
            "LC_ALL": "C.UTF-8",
            "LANGUAGE": language,
            "PYTHONPATH": str(ROOT),
        }
        variant = f"{theme},{scale},{language}"
        command = [sys.executable, __file__, str(options.folder), "--only", variant, "--here"]
        done = subprocess.run(command, env=environment, check=False, stderr=subprocess.PIPE, text=True)
        print(f"{variant}: {'done' if done.returncode == 0 else 'failed'}", flush=True)
        if done.returncode:
            print(done.stderr, file=sys.stderr)
            failed += 1
    return 1 if failed else 0


def render(folder: Path, theme: str, language: str) -> int:
    """Write the pictures of one variant into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as home:
        os.environ["ASSISTANT_HOME"] = home
        with Studio(folder, theme, language) as studio:
            for state in STATES:
                state(studio)
    return 0


class Studio:
    """A window to take pictures of."""

    def __init__(self, folder: Path, theme: str, language: str) -> None:
        from assistant_app import app as composition
        from assistant_app import i18n
        from assistant_app.paths import Paths
        from assistant_app.ui.application import make_application
        from assistant_app.ui.bridge import Bridge
        from assistant_app.ui.main_window import MainWindow
        from assistant_app.ui.theme import Theme

        self.folder, self.language = folder, language
        self.paths = Paths.default()
        file = composition.prepare(self.paths)
        file.change({"language": language, "theme": theme})
        i18n.set_language(language)
        self.app = make_application(sys.argv[:1], language)
        self.worker = composition.build_worker(self.paths, file)
        self.bridge = Bridge()
        self.window = MainWindow(self.bridge, Theme(self.app, theme), self.paths)
        self.window.complete()
        self.window.logic.take_settings(file.current.model_dump())
        self.window.resize(1060, 720)

    def __enter__(self) -> "Studio":
        self.window.show()
        self.bridge.attach(self.worker)
        self.window.logic.start()
        self.until(lambda: self.window.chat.ready and not self.bridge.busy)
        return self

    def __exit__(self, *_exception: object) -> None:
        self.window.close()
        self.bridge.close()
        self.worker.stop()

    def until(self, true: Callable[[], Any], timeout_s: float = 30.0) -> None:
        """Let the window live until something is true and nothing is left to draw."""
        end = time.monotonic() + timeout_s
        while not true() and time.monotonic() < end:
            self.app.processEvents()
            time.sleep(0.005)
        self.settle()

    def settle(self, seconds: float = 0.25) -> None:
        """Let the window live for a moment and until the worker has answered."""
        end = time.monotonic() + seconds
        while time.monotonic() < end or self.bridge.busy:
            self.app.processEvents()
            time.sleep(0.005)

    def take(self, name: str, widget: Any = None) -> None:
        """Write a picture of the window, or of another widget."""
        self.settle()
        (widget or self.window).grab().save(str(self.folder / f"{name}.png"))

    def page(self, page_id: str, **arguments: Any) -> Any:
        """Open a page and take its picture."""
        page = self.window.pages.open(page_id, **arguments)
        self.settle(0.5)
        self.take(f"page-{page_id}", page)
        return page

    def emit(self, *events: object) -> None:
        """Tell the window what would come from the worker."""
        for event in events:
            self.bridge.happened.emit(event)


def first_run(studio: Studio) -> None:
    """A profile in which nothing has happened yet."""
    studio.take("first-run")


def fill(studio: Studio) -> None:
    """Conversations of several weeks; no picture."""
    from assistant_app.core.conversation import (
        Conversation,
        Message,
        MessageState,
        Role,
        TextPart,
        UsageSummary,
    )
    from assistant_app.core.ids import new_id
    from assistant_app.store.store import Store

    store = Store.open(studio.paths)
    now = time.time()
    for i, title in enumerate(TITLES[studio.language]):
        moment = now - i**2 * 22_000
        conversation = Conversation(f"shot{i}", title, moment, moment, pinned=i in (2, 7))
        store.create_conversation(conversation)
        parent = None
        for role, text in ((Role.USER, title), (Role.ASSISTANT, ANSWER)):
            message = Message(
                new_id(),
                conversation.id,
                parent,
                role,
                (TextPart(text),),
                MessageState.DONE,
                moment,
                "Pocket" if role is Role.ASSISTANT else "",
                usage=UsageSummary(420, 390, 212, 0.4, 4.6, 7) if role is Role.ASSISTANT else None,
            )
            store.add_message(message)
            store.finish_message(message, None)
            parent = message.id
    _age(studio.paths.database, now)
    store.take_snapshot("daily")
    store.create_conversation(Conversation("gone", TITLES[studio.language][4], now, now))
    store.trash_conversation("gone")
    store.close()
    studio.window.sidebar.model.refresh()
    studio.window.logic.take_settings({"first_run_done": True, "theme": studio.window.theme.mode})


def _age(database: Path, now: float) -> None:
    """Spread the conversations over some weeks; the store stamps what it writes with today."""
    import sqlite3
    from contextlib import closing

    with closing(sqlite3.connect(database)) as connection, connection:
        for i in range(len(TITLES["en"])):
            connection.execute(
                "UPDATE conversation SET updated_at = ? WHERE id = ?", (now - i**2 * 22_000, f"shot{i}")
            )


def empty(studio: Studio) -> None:
    """A new conversation, later on."""
    studio.take("new-conversation")


def conversation(studio: Studio) -> None:
    """A conversation with everything that Markdown has."""
    studio.window.logic.open_conversation("shot0")
    studio.until(lambda: studio.window.chat.view.messages and not studio.bridge.busy)
    studio.settle(0.6)
    studio.take("conversation")


def phases(studio: Studio) -> None:
    """Waiting, loading, reading, writing, with a queue; each stands still for its picture."""
    from assistant_app.core.conversation import Message, MessageState, Role
    from assistant_app.core.events import TextDelta, TurnEnded, TurnPhase, TurnProgress, TurnStarted
    from assistant_app.core.views import QueuedMessage, ShownMessage

    chat = studio.window.chat
    before = chat.view
    question = before.messages[0].message
    answer = Message(
        "running",
        question.conversation_id,
        question.id,
        Role.ASSISTANT,
        (),
        MessageState.STREAMING,
        time.time(),
    )
    view = replace(
        before, messages=(*before.messages[:1], ShownMessage(answer, 1, (answer.id,))), answering=True
    )

    def stands_still() -> None:
        chat.show(view)

    chat.reload = stands_still
    chat.show(view)
    studio.emit(TurnStarted(question.conversation_id, answer))
    for phase, fraction in (
        (TurnPhase.WAITING, 0.0),
        (TurnPhase.LOADING, 0.35),
        (TurnPhase.READING, 0.6),
        (TurnPhase.WRITING, 1.0),
    ):
        studio.emit(TurnProgress(question.conversation_id, answer.id, phase, fraction, 1840, 1200))
        if phase is TurnPhase.WRITING:
            for piece in pieces(ANSWER[:420]):
                studio.emit(TextDelta(question.conversation_id, answer.id, piece))
        studio.take(f"busy-{phase.value}")
    studio.window.composer.show_queue(
        [
            QueuedMessage("q1", TITLES[studio.language][6]),
            QueuedMessage("q2", TITLES[studio.language][9]),
        ]
    )
    studio.window.composer.edit.setPlainText(TITLES[studio.language][3])
    studio.take("queued")
    failed = replace(
        answer, state=MessageState.ERROR, error="The model stopped: out of memory; your text is kept."
    )
    view = replace(
        before, messages=(*before.messages[:1], ShownMessage(failed, 1, (failed.id,))), answering=False
    )
    studio.window.composer.edit.setPlainText("")
    chat.show(view)
    studio.emit(TurnEnded(question.conversation_id, failed))
    studio.take("error")
    del chat.reload
    chat.reload()
    studio.settle()


def tools(studio: Studio) -> None:
    """Tool calls: running, done, failed, several with a long result, and stopped."""
    from assistant_app.core.conversation import (
        Message,
        MessageState,
        Part,
        Role,
        TextPart,
        ToolCallPart,
        ToolResultPart,
    )
    from assistant_app.core.events import (
        TextDelta,
        ToolCallEnded,
        ToolCallStarted,
        TurnEnded,
        TurnPhase,
        TurnProgress,
        TurnStarted,
    )
    from assistant_app.core.views import ShownMessage

    chat = studio.window.chat
    before = chat.view
    question = before.messages[0].message
    conversation_id = question.conversation_id
    said = TOOL_TEXTS[studio.language]
    answer = Message(
        "tools",
        conversation_id,
        question.id,
        Role.ASSISTANT,
        (),
        MessageState.STREAMING,
        time.time(),
        "Pocket",
    )

    def show(message: Message) -> None:
        shown = ShownMessage(message, 1, (message.id,))
        answering = message.state is MessageState.STREAMING
        chat.show(replace(before, messages=(*before.messages[:1], shown), answering=answering))

    chat.reload = lambda: None
    show(answer)
    call = ToolCallPart("t1", "calculator", {"expression": "3 * 14.20 + 12"})
    result = ToolResultPart("t1", "calculator", "3 * 14.20 + 12 = 54.6", False, 0.004)
    studio.emit(
        TurnStarted(conversation_id, answer),
        TextDelta(conversation_id, answer.id, said[0]),
        ToolCallStarted(conversation_id, answer.id, call),
        TurnProgress(conversation_id, answer.id, TurnPhase.TOOL, tool=call.name),
    )
    studio.take("tool-running")
    studio.emit(
        ToolCallEnded(conversation_id, answer.id, result),
        TurnProgress(conversation_id, answer.id, TurnPhase.WRITING, 1.0),
    )
    studio.take("tool-then-writing")
    studio.emit(TextDelta(conversation_id, answer.id, said[1]))
    parts: tuple[Part, ...] = (TextPart(said[0]), call, result, TextPart(said[1]))
    done = replace(answer, parts=parts, state=MessageState.DONE)
    show(done)
    studio.emit(TurnEnded(conversation_id, done))
    studio.take("tool-done")
    notes = "\n".join(f"{number}. {said[2]} {number}" for number in range(1, 15))
    error = 'error: The unit "stone" is not known; write for instance kg, lb or oz.'
    several = replace(
        done,
        id="several",
        state=MessageState.STOPPED,
        parts=(
            TextPart(said[0]),
            call,
            ToolCallPart("t2", "convert_units", {"value": 12, "from_unit": "stone", "to_unit": "kg"}),
            ToolCallPart("t3", "list_notes", {}),
            result,
            ToolResultPart("t2", "convert_units", error, True, 0.01),
            ToolResultPart("t3", "list_notes", notes, False, 1.72),
            TextPart(said[1]),
            ToolCallPart("t4", "help_search", {"query": TITLES[studio.language][0] * 3}),
            ToolResultPart("t4", "help_search", "error: stopped", True),
        ),
    )
    show(several)
    studio.take("tools-several")
    for fold in studio.window.findChildren(tool_button()):
        if fold.objectName().startswith(("toolButton-t2", "toolButton-t3")):
            fold.click()
    studio.settle(0.6)
    studio.take("tools-opened")
    del chat.reload
    chat.reload()
    studio.settle()


def tool_button() -> Any:
    """Return Qt's class of tool buttons."""
    from PySide6.QtWidgets import QToolButton

    return QToolButton


def pieces(text: str) -> Iterator[str]:
    """Yield a text as a model would write it."""
    for start in range(0, len(text), 5):
        yield text[start : start + 5]


def long_text(studio: Studio) -> None:
    """A long message in the box, and a conversation of which the model sees only a part."""
    from assistant_app.core.events import ContextItem, ContextReport, Visibility

    items = [ContextItem("", "system", "", 40, Visibility.WHOLE)]
    for i in range(38):
        seen = Visibility.DROPPED if i < 6 else Visibility.SUMMARISED if i < 16 else Visibility.WHOLE
        items.append(ContextItem(f"m{i}", "user" if i % 2 == 0 else "assistant", "", 90, seen))
    studio.window.composer.edit.setPlainText("\n".join(TITLES[studio.language]) * 3)
    studio.settle(1.0)
    studio.window.status.show_context(ContextReport("shot0", tuple(items), 1920, 2048))
    studio.take("long-text")
    studio.window.composer.edit.setPlainText("")


def search(studio: Studio) -> None:
    """Results with snippets."""
    studio.window.actions_["search"].trigger()
    studio.window.sidebar.search.setText("hash")
    studio.until(lambda: studio.window.sidebar.model.query == "hash")
    studio.settle(0.4)
    studio.take("search")
    studio.window.sidebar.search.clear()
    studio.settle(0.4)


def notices(studio: Studio) -> None:
    """Banners of all kinds, and the toast."""
    from assistant_app.core.errors import StoreError
    from assistant_app.core.events import Notice

    studio.emit(Notice("restored", "The database was damaged and was restored from yesterday's copy."))
    studio.window.logic.show_error(StoreError(reason="the disk is full"))
    studio.window.logic._trash.delete("shot11", TITLES[studio.language][11])
    studio.settle(0.5)
    studio.take("notices")
    studio.window.toast.hide()
    for code in studio.window.banners.codes():
        studio.window.banners.hide_banner(code)


def reminders(studio: Studio) -> None:
    """A timer and a reminder that are due, the second one late."""
    from assistant_app.core.events import ReminderDue
    from assistant_app.core.reminders import Reminder, ReminderKind

    timer, about = {"en": ("5 minutes", "call mum"), "zh_CN": ("5分钟", "给妈妈打电话")}[studio.language]
    studio.emit(ReminderDue(Reminder("r1", ReminderKind.TIMER, timer, time.time()), late=False))
    studio.emit(ReminderDue(Reminder("r2", ReminderKind.REMINDER, about, time.time() - 7200), late=True))
    studio.settle(0.5)
    studio.take("reminders")
    for code in studio.window.banners.codes():
        studio.window.banners.hide_banner(code)


def pages(studio: Studio) -> None:
    """Every page."""
    for page_id in ("models", "settings", "trash", "time-machine", "shortcuts", "doctor", "help", "about"):
        page = studio.page(page_id)
        if page_id == "settings":
            for tab in range(1, page.findChildren(tab_widget())[0].count()):
                page.findChildren(tab_widget())[0].setCurrentIndex(tab)
                studio.take(f"page-settings-{tab}", page)
        page.close()
    for page_id, arguments in (
        ("conversation-settings", {"conversation_id": "shot0"}),
        ("prompt", {"conversation_id": "shot0", "draft": TITLES[studio.language][4]}),
    ):
        studio.page(page_id, **arguments).close()


def tab_widget() -> Any:
    """Return Qt's class of tabbed widgets; Qt may be imported only once the platform is chosen."""
    from PySide6.QtWidgets import QTabWidget

    return QTabWidget


def asked(studio: Studio) -> None:
    """A real question with a real answer, and how it came about."""
    studio.window.logic.new_conversation()
    studio.settle()
    studio.window.welcome.example_chosen.emit(studio.window.welcome.findChildren(button())[0].text())
    chat = studio.window.chat
    studio.until(lambda: chat.last_answer() is not None and not chat.answering, 60)
    studio.settle(0.6)
    studio.take("answered")
    studio.page("receipt", message_id=chat.last_answer().id, replay=True)
    studio.settle(2.0)
    studio.page("receipt", message_id=chat.last_answer().id, replay=True).close()


def button() -> Any:
    """Return Qt's class of buttons."""
    from PySide6.QtWidgets import QPushButton

    return QPushButton


def small(studio: Studio) -> None:
    """Small windows, the second with the list hidden."""
    studio.window.logic.open_conversation("shot0")
    studio.window.resize(900, 600)
    studio.settle(0.5)
    studio.take("small-900x600")
    studio.window.resize(700, 500)
    studio.window.actions_["sidebar"].trigger()
    studio.take("small-700x500")


VOICE_TEXTS = {
    "en": (
        "What do three lunches at fourteen twenty cost",
        "What do three lunches at 14.20 cost with the delivery?",
        "Three lunches at 14.20 are 42.60; with the delivery it is 54.60 altogether.",
        "What I would like to know is how the heating in the small flat on the second floor was set when the"
        " landlord came by last winter, and whether somebody wrote down the numbers on the meter at that"
        " time, because the bill that arrived on Tuesday says something that nobody here can believe.",
        "No sound came from the microphone: it is muted or blocked. Nothing was recorded; check its switch"
        " and press again.",
    ),
    "zh_CN": (
        "三份午餐每份十四块二一共",
        "三份午餐每份 14.20，加上运费一共多少钱？",
        "三份午餐每份 14.20，一共 42.60；加上运费是 54.60。",
        "我想知道去年冬天房东来的时候，二楼小房间的暖气是怎么调的，当时有没有人记下表上的数字，因为星期二"
        "收到的账单上写的数字这里谁也不相信，所以我们想先弄清楚再去找物业，最好还能查到前几年同一个月的数字。",
        "麦克风没有声音：它被静音或被禁用了。什么也没有录下；请检查开关，再按一次。",
    ),
}


def voice(studio: Studio) -> None:
    """Every state of talking; no microphone is opened and nothing recognises or speaks."""
    import math

    from assistant_app.core.events import (
        AudioLevel,
        SpokenProgress,
        TalkChanged,
        TalkTimings,
        TranscriptFinal,
        TranscriptPartial,
    )
    from assistant_app.core.voice import Talk, TalkState, TalkTarget, Timings

    window, said = studio.window, VOICE_TEXTS[studio.language]
    # What the pane asks of the worker would answer with events of its own.
    window.voice.talker.ask = lambda *_arguments: None
    window.logic.open_conversation("shot0")
    studio.until(lambda: window.chat.view.messages and not studio.bridge.busy)
    window.resize(1180, 720)
    window.voice.show_pane(focus=True)
    studio.take("voice-ready")

    def listen(**talk: Any) -> None:
        studio.emit(TalkChanged(Talk(TalkState.ARMING)), TalkChanged(Talk(TalkState.LISTENING, **talk)))
        for i in range(120):
            loud = -46 + 30 * abs(math.sin(i / 4)) * abs(math.sin(i / 23))
            studio.emit(AudioLevel(loud, loud + 6))

    studio.emit(TalkChanged(Talk(TalkState.ARMING)))
    studio.take("voice-arming")
    listen()
    studio.emit(TranscriptPartial(said[0]))
    studio.take("voice-listening")
    listen(latched=True, recording_s=52.0)
    studio.emit(TranscriptPartial(said[3]))
    studio.take("voice-latched-long")
    studio.emit(TalkChanged(Talk(TalkState.FINISHING)))
    studio.take("voice-finishing")
    studio.emit(
        TranscriptFinal(said[1], "en", 3.0, TalkTarget.CONVERSATION), TalkChanged(Talk(TalkState.REVIEW))
    )
    studio.take("voice-review")
    studio.emit(TalkChanged(Talk(TalkState.THINKING)), TalkTimings(Timings(0.12, 0.34)))
    studio.take("voice-thinking")
    window.voice.pane.show_answer("spoken", said[2])
    studio.emit(
        TalkChanged(Talk(TalkState.SPEAKING)),
        SpokenProgress("shot0", window.chat.last_answer().id, speaking=True),
        TalkTimings(Timings(0.12, 0.34, 0.81, 1.16, 1.38)),
    )
    window.voice.pane.show_answer("spoken", said[2])
    studio.emit(SpokenProgress("shot0", "spoken", speaking=True))
    studio.take("voice-speaking")
    studio.emit(
        SpokenProgress("shot0", "spoken", speaking=False),
        TalkChanged(Talk(code="only-zeros", sentence=said[4])),
    )
    studio.take("voice-problem")
    studio.emit(TranscriptFinal(said[3], "en", 9.0, TalkTarget.CONVERSATION))
    studio.emit(TalkChanged(Talk(TalkState.REVIEW)))
    studio.take("voice-review-long")
    window.resize(700, 760)
    studio.take("voice-narrow-review")
    listen(latched=True)
    studio.emit(TranscriptPartial(said[0]))
    studio.take("voice-narrow-listening")
    window.resize(480, 760)
    studio.take("voice-narrowest")
    studio.emit(TalkChanged(Talk()))
    window.resize(1060, 720)
    window.voice.hide_pane()
    window.composer.edit.setPlainText(said[2])
    studio.emit(TalkChanged(Talk(TalkState.LISTENING, TalkTarget.COMPOSER)), TranscriptPartial(said[0]))
    studio.take("voice-dictation")
    studio.emit(TalkChanged(Talk()))
    window.composer.edit.setPlainText("")
    window.logic.new_conversation()
    del window.voice.talker.ask


STATES: tuple[Callable[[Studio], None], ...] = (
    first_run,
    fill,
    empty,
    conversation,
    phases,
    tools,
    long_text,
    search,
    notices,
    reminders,
    voice,
    pages,
    asked,
    small,
)

if __name__ == "__main__":
    sys.exit(main())
