"""Banners above the message box, and the toast that offers to undo."""

import platform
from collections.abc import Callable
from typing import NamedTuple

from PySide6.QtCore import QEvent, QObject, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QGuiApplication, QResizeEvent
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from assistant_app import __version__
from assistant_app.i18n import _
from assistant_app.ui.icons import icon, pixmap
from assistant_app.ui.theme import Theme

_TOAST_MS = 9000
_MOST = 3
_BESIDE_PX = 220
"""Of a banner beside its buttons: a readable width of text, and mark, cross and spaces."""


class Button(NamedTuple):
    """A way on: what it is called and what it does."""

    text: str
    run: Callable[[], object]


class Banner(QFrame):
    """One sentence, at most one button, and "Copy report" for errors.

    Signals:
        closed: the user has read it.
    """

    closed = Signal()

    def __init__(
        self, theme: Theme, level: str, sentence: str, button: Button | None, report: str, parent: QWidget
    ) -> None:
        super().__init__(parent)
        self.setObjectName("banner")
        self.setProperty("level", level)
        colors = theme.colors
        color = {"error": colors.danger, "warning": colors.warn}.get(level, colors.link)
        mark = QLabel(self)
        mark.setPixmap(pixmap("info" if level == "info" else "warning", color, 18, self.devicePixelRatio()))
        mark.setFixedSize(QSize(18, 18))
        text = QLabel(sentence, self)
        text.setObjectName("banner_text")
        text.setWordWrap(True)
        text.setTextFormat(Qt.TextFormat.PlainText)
        text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        text.setSizePolicy(policy)
        text.setMinimumWidth(120)
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(12, 7, 6, 7)
        self._grid.setHorizontalSpacing(10)
        self._grid.setVerticalSpacing(6)
        self._grid.setColumnStretch(1, 1)
        self._grid.addWidget(mark, 0, 0)
        self._grid.addWidget(text, 0, 1)
        self._ways = QWidget(self)
        row = QHBoxLayout(self._ways)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(10)
        if button is not None:
            way_on = QPushButton(button.text, self._ways)
            way_on.setObjectName("banner_button")
            way_on.setAccessibleName(button.text)
            way_on.setToolTip(button.text)
            way_on.clicked.connect(lambda: button.run())
            row.addWidget(way_on)
        if report:
            copy = QPushButton(_("Copy report"), self._ways)
            copy.setObjectName("banner_copy")
            copy.setAccessibleName(_("Copy report"))
            copy.setToolTip(_("Copy what a developer needs to know; it holds no messages of yours"))
            copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(report))
            row.addWidget(copy)
        close = QToolButton(self)
        close.setObjectName("banner_close")
        close.setIcon(icon("close", colors.muted))
        close.setIconSize(QSize(14, 14))
        close.setAccessibleName(_("Close"))
        close.setToolTip(_("Close"))
        close.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        close.clicked.connect(self.closed)
        self._grid.addWidget(close, 0, 3)
        self._ways.setVisible(row.count() > 0)
        self._below: bool | None = None
        self._place_ways()
        self.setAccessibleName(sentence)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place_ways()

    def _place_ways(self) -> None:
        """Put the buttons beside the sentence, or below it where that would be too narrow."""
        below = self.width() < self._ways.sizeHint().width() + _BESIDE_PX
        if below is not self._below:
            self._below = below
            self._grid.removeWidget(self._ways)
            place = (1, 1, 1, 3) if below else (0, 2, 1, 1)
            self._grid.addWidget(self._ways, *place, Qt.AlignmentFlag.AlignLeft)


class Banners(QWidget):
    """The banners that are shown, newest last; the same code is shown once."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._shown: dict[str, Banner] = {}
        self._lasting: set[str] = set()
        self.setObjectName("banners")
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(6)
        self.hide()

    def show_banner(
        self,
        code: str,
        sentence: str,
        *,
        level: str = "info",
        button: Button | None = None,
        detail: str | None = None,
        on_close: Callable[[], object] | None = None,
        lasting: bool = False,
    ) -> Banner:
        """Show a sentence and return it; `detail` (technical, may be empty) adds "Copy report".

        A `lasting` one makes no room for others: it stays until the user closes it.
        """
        self.hide_banner(code)
        passing = [other for other in self._shown if other not in self._lasting]
        for other in passing[: max(0, len(self._shown) - _MOST + 1)]:
            self.hide_banner(other)
        if lasting:
            self._lasting.add(code)
        text = report(code, sentence, detail) if detail is not None else ""
        banner = Banner(self._theme, level, sentence, button, text, self)

        def closed() -> None:
            self.hide_banner(code)
            if on_close is not None:
                on_close()

        banner.closed.connect(closed)
        self._shown[code] = banner
        self._layout.addWidget(banner)
        self.show()
        return banner

    def hide_banner(self, code: str) -> None:
        """Take a banner away if it is shown."""
        banner = self._shown.pop(code, None)
        self._lasting.discard(code)
        if banner is not None:
            self._layout.removeWidget(banner)
            banner.hide()
            banner.deleteLater()
        self.setVisible(bool(self._shown))

    def codes(self) -> list[str]:
        """Return which banners are shown."""
        return list(self._shown)


class Toast(QFrame):
    """A sentence over the bottom of its parent that goes by itself, with a way to undo what was done."""

    def __init__(self, parent: QWidget, above: QWidget) -> None:
        """Float over `parent`, above its child `above`."""
        super().__init__(parent)
        self._over = parent
        self._above = above
        self.setObjectName("toast")
        self._text = QLabel(self)
        self._text.setTextFormat(Qt.TextFormat.PlainText)
        self._button = QPushButton(self)
        self._button.setObjectName("toast_button")
        self._button.setAccessibleName(_("Undo"))
        self._button.setToolTip(_("Undo"))
        self._run: Callable[[], object] | None = None
        self._button.clicked.connect(self._on_clicked)
        row = QHBoxLayout(self)
        row.setContentsMargins(14, 8, 8, 8)
        row.addWidget(self._text)
        row.addWidget(self._button)
        self._timer = QTimer(self, singleShot=True, interval=_TOAST_MS)
        self._timer.timeout.connect(self.hide)
        parent.installEventFilter(self)
        above.installEventFilter(self)
        self.hide()

    def show_text(self, sentence: str, button: Button | None = None) -> None:
        """Show a sentence for some seconds."""
        width = max(160, self._over.width() - 240)
        self._text.setText(self._text.fontMetrics().elidedText(sentence, Qt.TextElideMode.ElideMiddle, width))
        self._text.setToolTip(sentence)
        self._run = button.run if button is not None else None
        self._button.setVisible(button is not None)
        if button is not None:
            self._button.setText(button.text)
            self._button.setAccessibleName(button.text)
            self._button.setToolTip(button.text)
        self.adjustSize()
        self._place()
        self.show()
        self.raise_()
        self._timer.start()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.Resize, QEvent.Type.Move):
            self._place()
        return False

    def _place(self) -> None:
        self.move((self._over.width() - self.width()) // 2, self._above.y() - self.height() - 8)

    def _on_clicked(self) -> None:
        self.hide()
        if self._run is not None:
            self._run()


def report(code: str, sentence: str, detail: str) -> str:
    """Return what a developer needs to know about an error: no message, no file of the user."""
    from PySide6.QtCore import qVersion

    return "\n".join(
        (
            f"Assistant {__version__}",
            f"{platform.platform()} · Python {platform.python_version()} · Qt {qVersion()}",
            f"code: {code}",
            sentence,
            detail,
        )
    ).strip()
