"""The real window on a screen, with a voice that only tells what it was asked: one line per call.

`python -m tests.e2e.talk_probe [pane] [talk]` prints "ready" once keys can be pressed, with "pane" only when
the voice pane has the keyboard. With "talk" the window is opened by `--talk start`.
"""

import sys
from typing import Any

from PySide6.QtCore import QTimer

from assistant_app.core.voice import Talk, TalkState
from assistant_app.ui.main_window import MainWindow
from assistant_app.worker.service import AssistantService
from tests.fixtures.scripted_voice import ScriptedVoice

LOOK_MS = 20


class TellingVoice(ScriptedVoice):
    """Prints names, and listens from the first press to a release so that Esc has something to cancel."""

    def __init__(self) -> None:
        super().__init__()
        self.on_call = self._tell

    def _tell(self, name: str) -> None:
        if name in ("press", "release", "lost", "cancel", "toggle", "start", "finish"):
            print(name, flush=True)
        if name in ("press", "cancel"):
            self.show(Talk(TalkState.LISTENING if name == "press" else TalkState.IDLE))


def main() -> None:
    """Open the window and tell."""
    arguments = sys.argv[1:]
    del sys.argv[1:]
    voice = TellingVoice()
    AssistantService.voice = property(lambda _service: voice)  # type: ignore[assignment, method-assign]
    start = MainWindow.complete

    def complete(window: MainWindow) -> None:
        start(window)
        voice.emit = window.bridge._post
        if "pane" in arguments:
            window.voice.show_pane(focus=True)
        look(window)

    def look(window: MainWindow) -> None:
        focus: Any = window.focusWidget()
        ready = window.isActiveWindow() and window.chat.ready
        if ready and ("pane" not in arguments or (window.voice.pane and focus is window.voice.pane.button)):
            print("ready", flush=True)
        else:
            QTimer.singleShot(LOOK_MS, window, lambda: look(window))

    MainWindow.complete = complete  # type: ignore[method-assign]
    from assistant_app.__main__ import main as run

    run(["--talk", "start"] if "talk" in arguments else [])


if __name__ == "__main__":
    main()
