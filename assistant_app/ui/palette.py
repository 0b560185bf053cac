"""The command palette: type part of a name, press Enter."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QDialog, QLineEdit, QListWidget, QListWidgetItem, QVBoxLayout

from assistant_app.core.views import ConversationRow
from assistant_app.i18n import _
from assistant_app.ui.actions import ACTIONS, shown_keys

if TYPE_CHECKING:
    from assistant_app.ui.main_window import MainWindow

_CONVERSATIONS = 6


class CommandPalette(QDialog):
    """Every action by name, and the conversations whose words match."""

    def __init__(self, window: "MainWindow") -> None:
        super().__init__(window, Qt.WindowType.Popup)
        self._window = window
        self._generation = 0
        self.setObjectName("palette")
        self.setAccessibleName(_("Find an action"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._field = QLineEdit(self)
        self._field.setObjectName("palette_field")
        self._field.setAccessibleName(_("Find an action"))
        self._field.setToolTip(_("Type part of a name; Up and Down choose, Enter runs"))
        self._field.setPlaceholderText(_("Type what you want to do, or words of a conversation"))
        self._list = QListWidget(self)
        self._list.setObjectName("palette_list")
        self._list.setAccessibleName(_("Actions"))
        self._list.setToolTip(_("Enter runs the marked action"))
        self._list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(10, 10, 10, 10)
        layout.addWidget(self._field)
        layout.addWidget(self._list)
        self._field.textChanged.connect(self._fill)
        self._field.installEventFilter(self)
        self._list.itemClicked.connect(self._run)
        self._fill("")

    def open_palette(self) -> None:
        """Show it over the upper part of the window."""
        window = self._window
        self.resize(min(560, window.width() - 40), min(400, window.height() - 80))
        corner = window.mapToGlobal(window.rect().topLeft())
        self.move(corner.x() + (window.width() - self.width()) // 2, corner.y() + 60)
        self.show()
        self._field.setFocus()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            step = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1}.get(Qt.Key(event.key()))
            if step is not None and self._list.count():
                self._list.setCurrentRow((self._list.currentRow() + step) % self._list.count())
                return True
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                item = self._list.currentItem()
                if item is not None:
                    self._run(item)
                return True
        return False

    def _fill(self, text: str) -> None:
        self._list.clear()
        words = text.casefold().split()
        for spec in ACTIONS:
            action = self._window.actions_[spec.id]
            if spec.id == "palette" or not action.isEnabled():
                continue
            name = _(spec.text).rstrip("…")
            if all(word in f"{name} {_(spec.tooltip)}".casefold() for word in words):
                keys = shown_keys(spec)
                item = QListWidgetItem(action.icon(), f"{name}    {keys[0]}" if keys else name, self._list)
                item.setToolTip(_(spec.tooltip))
                item.setData(Qt.ItemDataRole.UserRole, ("action", spec.id))
        self._list.setCurrentRow(0)
        self._generation += 1
        if text.strip():
            generation = self._generation
            self._window.bridge.ask(
                lambda api: api.conversations(text, _CONVERSATIONS),
                lambda rows: self._on_found(generation, rows),
                lambda _error: None,
                self,
            )

    def _on_found(self, generation: int, rows: list[ConversationRow]) -> None:
        if generation != self._generation:
            return
        for row in rows:
            item = QListWidgetItem(row.title or _("Untitled"), self._list)
            item.setToolTip(_("Open this conversation"))
            item.setData(Qt.ItemDataRole.UserRole, ("conversation", row.id))
        if self._list.currentRow() < 0:
            self._list.setCurrentRow(0)

    def _run(self, item: QListWidgetItem) -> None:
        kind, found = item.data(Qt.ItemDataRole.UserRole)
        window = self._window
        self.close()
        if kind == "action":
            window.actions_[found].trigger()
        else:
            window.logic.open_conversation(found)
