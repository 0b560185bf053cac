"""The Copy button at the head of a code panel."""

from PySide6.QtCore import QPoint, Qt, QTimer, Signal
from PySide6.QtWidgets import QToolButton, QWidget

from assistant_app.i18n import _
from assistant_app.ui.markdown.look import Look

_SAID_MS = 1_500


class CodeButton(QToolButton):
    """Says "Copied" for a moment after it was pressed.

    Signals:
        pressed_for: the index of the panel it belongs to.
    """

    pressed_for = Signal(int)

    def __init__(self, parent: QWidget, look: Look) -> None:
        super().__init__(parent)
        self._index = 0
        self._corner = QPoint()
        self.setObjectName("copyCodeButton")
        self.setToolTip(_("Copy this code"))
        self.setAccessibleName(_("Copy this code"))
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setText(_("Copy"))
        self.set_look(look)
        self.clicked.connect(self._on_clicked)

    def set_look(self, look: Look) -> None:
        """Use these colours."""
        self.setStyleSheet(
            f"QToolButton {{ color: {look.muted.name()}; border: 1px solid transparent; border-radius: 6px;"
            " padding: 2px 8px; background: transparent; }"
            f" QToolButton:hover {{ background: {look.hover.name()}; }}"
            f" QToolButton:focus {{ border-color: {look.accent.name()}; }}"
        )

    def put(self, index: int, corner: QPoint) -> None:
        """Stand left of and below the upper right corner of panel `index`."""
        self._index, self._corner = index, corner
        self.setProperty("codeIndex", index)
        self._place()
        self.show()

    def _place(self) -> None:
        self.adjustSize()
        self.move(self._corner.x() - self.width() - 4, self._corner.y() + 3)

    def _on_clicked(self) -> None:
        self.pressed_for.emit(self._index)
        self._say(_("Copied"))
        QTimer.singleShot(_SAID_MS, self, lambda: self._say(_("Copy")))

    def _say(self, text: str) -> None:
        self.setText(text)
        self._place()
