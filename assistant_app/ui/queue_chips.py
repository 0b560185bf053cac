"""Messages that wait for the running answer to end: each can be changed or taken out."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QLineEdit, QToolButton, QVBoxLayout, QWidget

from assistant_app.i18n import _
from assistant_app.ui.icons import icon
from assistant_app.ui.theme import Theme

if TYPE_CHECKING:
    from assistant_app.core.views import QueuedMessage

_SHOWN = 4
"""More than these are counted, not shown, so that the box to type in keeps its place."""


class QueueChips(QWidget):
    """One line per waiting message.

    Signals:
        edited: identifier and new text; an empty text takes the message out.
    """

    edited = Signal(str, str)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._shown: tuple[QueuedMessage, ...] = ()
        self.setObjectName("queue")
        self.setAccessibleName(_("Waiting messages"))
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(4)
        self.hide()

    def show_messages(self, messages: Sequence["QueuedMessage"]) -> None:
        """Show these and no others; a chip that is being edited stays as it is."""
        wanted = tuple(messages)
        if wanted == self._shown:
            return
        self._shown = wanted
        while (item := self._layout.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.deleteLater()
        for message in wanted[:_SHOWN]:
            self._layout.addWidget(self._chip(message))
        if len(wanted) > _SHOWN:
            more = QLabel(_("and {count} more").format(count=len(wanted) - _SHOWN), self)
            more.setProperty("role", "muted")
            self._layout.addWidget(more)
        self.setVisible(bool(wanted))

    def _chip(self, message: "QueuedMessage") -> QFrame:
        chip = QFrame(self)
        chip.setObjectName("queue_chip")
        row = QHBoxLayout(chip)
        row.setContentsMargins(8, 2, 2, 2)
        row.setSpacing(6)
        waits = QLabel(_("Next:"), chip)
        waits.setProperty("role", "muted")
        edit = QLineEdit(" ".join(message.text.split()), chip)
        edit.setObjectName("queue_edit")
        edit.setAccessibleName(_("Waiting message"))
        edit.setToolTip(_("Sent when the answer ends; change it here, Enter keeps the change"))
        edit.setCursorPosition(0)
        edit.editingFinished.connect(lambda: self._on_edited(message, edit))
        remove = QToolButton(chip)
        remove.setObjectName("queue_remove")
        remove.setAccessibleName(_("Do not send this message"))
        remove.setToolTip(_("Do not send this message"))
        remove.setIcon(icon("close", self._theme.colors.muted))
        remove.setIconSize(QSize(14, 14))
        remove.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        remove.clicked.connect(lambda: self.edited.emit(message.id, ""))
        row.addWidget(waits)
        row.addWidget(edit, 1)
        row.addWidget(remove)
        return chip

    def _on_edited(self, message: "QueuedMessage", edit: QLineEdit) -> None:
        if edit.isModified() and edit.text().strip():
            edit.setModified(False)
            self.edited.emit(message.id, edit.text())
