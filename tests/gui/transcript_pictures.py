"""Draws the transcript in all its states: `python -m tests.gui.transcript_pictures FOLDER`."""

import os
import sys
import time
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QImage, QPainter
from PySide6.QtWidgets import QApplication, QToolButton, QWidget

from assistant_app.core.events import TurnPhase, TurnProgress
from assistant_app.core.views import ConversationView
from assistant_app.ui.theme import Theme
from assistant_app.ui.transcript.view import TranscriptView
from tests.gui import transcript_samples as samples

_SETTLE_S = 1.2


def settle(app: QApplication, view: TranscriptView, seconds: float = _SETTLE_S) -> None:
    """Let layout and formulas come to rest."""
    end = time.monotonic() + seconds
    while time.monotonic() < end or view.rendering:
        app.processEvents()
        time.sleep(0.005)


def picture(view: QWidget, path: Path, ratio: float = 1.0) -> None:
    """Draw a widget into a file for a screen with `ratio` device pixels per pixel."""
    image = QImage(
        round(view.width() * ratio), round(view.height() * ratio), QImage.Format.Format_ARGB32_Premultiplied
    )
    image.setDevicePixelRatio(ratio)
    painter = QPainter(image)
    view.render(painter, QPointF(0, 0).toPoint())
    painter.end()
    image.save(str(path))


def main() -> int:
    """Write one picture per state and theme."""
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    app = QApplication([])
    theme = Theme(app, "light")
    reading = TurnProgress(samples.CONVERSATION, "a7", TurnPhase.READING, 0.45, 900, 100)
    cases: list[tuple[str, ConversationView, tuple[int, int]]] = [
        ("markdown", samples.chat(), (900, 1900)),
        ("chinese", samples.chat(samples.CHINESE, "鸡蛋要煮多久？"), (900, 1000)),
        ("states", samples.states(), (900, 1500)),
        ("narrow", samples.chat(), (420, 1000)),
        ("long", samples.long_chat(), (900, 800)),
    ]
    for mode in ("light", "dark"):
        theme.choose(mode, 0)
        for name, conversation, size in cases:
            view = TranscriptView()
            view.resize(*size)
            view.show()
            view.set_view(conversation)
            view.apply(reading)
            settle(app, view)
            if name == "states":
                for fold in view.findChildren(QToolButton):
                    if fold.objectName().startswith(("toolButton", "reasoningButton")):
                        fold.click()
                settle(app, view, 0.4)
            if name == "long":
                view._canvas.area.verticalScrollBar().setValue(400)
                settle(app, view, 0.4)
            picture(view, folder / f"{name}-{mode}.png")
            if name == "markdown":
                picture(view, folder / f"{name}-{mode}-2x.png", 2.0)
            view.deleteLater()
        view = TranscriptView()
        view.resize(900, 600)
        view.show()
        view.set_view(samples.chat("Six minutes.", "How long?"))
        settle(app, view, 0.3)
        widget = view.message_widget("q1")
        assert widget is not None
        widget.triggered.emit("edit")
        answer = view.message_widget("a1")
        assert answer is not None
        answer.setFocus(Qt.FocusReason.TabFocusReason)
        settle(app, view, 0.3)
        picture(view, folder / f"edit-{mode}.png")
        answer.menu_wanted.emit(view.mapToGlobal(QPoint(100, 100)))
        settle(app, view, 0.2)
        menu = app.activePopupWidget()
        if menu is not None:
            picture(menu, folder / f"menu-{mode}.png")
            menu.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
