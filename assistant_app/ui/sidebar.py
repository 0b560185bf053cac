"""The left side: new conversation, search, and the list of conversations."""

from PySide6.QtCore import QItemSelectionModel, QModelIndex, QPoint, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QListView, QMenu, QVBoxLayout, QWidget

from assistant_app.core.views import ConversationRow
from assistant_app.i18n import _
from assistant_app.ui.actions import ActionSet
from assistant_app.ui.bridge import Bridge
from assistant_app.ui.conversation_delegate import ConversationDelegate
from assistant_app.ui.conversation_model import ConversationModel
from assistant_app.ui.icons import icon
from assistant_app.ui.theme import Theme

_SEARCH_DELAY_MS = 120
_REFRESH_DELAY_MS = 60


class SearchField(QLineEdit):
    """Search words; Down goes to the list, Esc empties it.

    Signals:
        down_pressed: the user wants to go on in the list.
        left: Esc was pressed in the empty field.
    """

    down_pressed = Signal()
    left = Signal()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Down, Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.down_pressed.emit()
        elif event.key() == Qt.Key.Key_Escape:
            if self.text():
                self.clear()
            else:
                self.left.emit()
        else:
            super().keyPressEvent(event)


class Sidebar(QWidget):
    """Search field and virtualised list.

    Signals:
        open_wanted: identifier of a conversation and of the message that was found ("" for none).
        left: the user pressed Esc here and wants to type a message.
    """

    open_wanted = Signal(str, str)
    left = Signal()

    def __init__(
        self, bridge: Bridge, actions: ActionSet, theme: Theme, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._bridge = bridge
        self._actions = actions
        self._theme = theme
        self._current = ""
        self.setObjectName("sidebar")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)

        self.search = SearchField(self)
        self.search.setObjectName("search_field")
        self.search.setAccessibleName(_("Search conversations"))
        self.search.setToolTip(_("Find words in titles and in all messages (Ctrl+F)"))
        self.search.setPlaceholderText(_("Search"))
        self.search.setClearButtonEnabled(True)
        self.search.setMaxLength(500)
        self._search_icon = self.search.addAction(
            icon("search", theme.colors.muted), QLineEdit.ActionPosition.LeadingPosition
        )
        for child in self.search.findChildren(QWidget):
            child.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._search_timer = QTimer(self, singleShot=True, interval=_SEARCH_DELAY_MS)
        self._search_timer.timeout.connect(self._search_now)
        self._refresh_timer = QTimer(self, singleShot=True, interval=_REFRESH_DELAY_MS)
        self._refresh_timer.timeout.connect(self._refresh_now)

        self.model = ConversationModel(bridge, self)
        self.list = QListView(self)
        self.list.setObjectName("conversation_list")
        self.list.setAccessibleName(_("Conversations"))
        self.list.setToolTip(_("Your conversations; Enter opens one, F2 renames it, Del deletes it"))
        self.list.setModel(self.model)
        self.list.setItemDelegate(ConversationDelegate(theme, self.list))
        self.list.setMouseTracking(True)
        self.list.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setLayoutMode(QListView.LayoutMode.Batched)
        self.list.setBatchSize(100)
        self.list.setEditTriggers(QListView.EditTrigger.NoEditTriggers)
        self.list.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.list.addAction(actions["delete"])

        self._empty = QLabel(self)
        self._empty.setObjectName("list_empty")
        self._empty.setProperty("role", "muted")
        self._empty.setWordWrap(True)
        self._empty.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignHCenter)
        self._empty.setContentsMargins(16, 24, 16, 8)
        self._empty.hide()

        top = QHBoxLayout()
        top.setContentsMargins(10, 10, 8, 4)
        top.setSpacing(6)
        top.addWidget(self.search)
        new = actions.button("new", self)
        new.setIconSize(QSize(20, 20))
        top.addWidget(new)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 4)
        layout.setSpacing(2)
        layout.addLayout(top)
        layout.addWidget(self._empty)
        layout.addWidget(self.list, 1)
        self._connect()

    def _connect(self) -> None:
        self.search.textChanged.connect(lambda: self._search_timer.start())
        self.search.down_pressed.connect(self._enter_list)
        self.search.left.connect(self.left)
        self.list.clicked.connect(self._open)
        self.list.activated.connect(self._open)
        self.list.customContextMenuRequested.connect(self._show_menu)
        self.model.loaded.connect(self._on_loaded)
        self.model.rowsInserted.connect(lambda: self._select_current())
        self.model.rename_wanted.connect(
            lambda conversation_id, title: self._bridge.ask(lambda api: api.rename(conversation_id, title))
        )
        self._theme.changed.connect(self._on_theme)

    # --- for the window
    def refresh(self) -> None:
        """Ask for the list again soon; several calls in a row are one."""
        self._refresh_timer.start()

    def show_current(self, conversation_id: str) -> None:
        """Mark the conversation that is open; "" marks none."""
        self._current = conversation_id
        self._select_current()

    def focus_search(self) -> None:
        """Put the cursor into the search field."""
        self.search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.search.selectAll()

    def rename_current(self) -> None:
        """Open the line to rename the conversation that is marked."""
        index = self.list.currentIndex()
        if self.model.row_at(index) is None:
            index = self.model.index_of(self._current)
        if index.isValid():
            self.list.setFocus(Qt.FocusReason.ShortcutFocusReason)
            self.list.setCurrentIndex(index)
            self.list.scrollTo(index)
            self.list.edit(index)

    def marked(self) -> ConversationRow | None:
        """Return the conversation that the keyboard stands on."""
        return self.model.row_at(self.list.currentIndex())

    # --- inside
    def _search_now(self) -> None:
        self.model.refresh(self.search.text())

    def _refresh_now(self) -> None:
        if self.list.findChild(QLineEdit, "rename_edit") is not None:
            # A new list would close the line in which somebody types a title.
            self._refresh_timer.start()
        else:
            self.model.refresh()

    def _open(self, index: QModelIndex) -> None:
        row = self.model.row_at(index)
        if row is not None:
            self.open_wanted.emit(row.id, row.message_id or "")

    def _enter_list(self) -> None:
        if self._search_timer.isActive():
            self._search_timer.stop()
            self.model.refresh(self.search.text())
        for position in range(self.model.rowCount()):
            index = self.model.index(position)
            if self.model.row_at(index) is not None:
                self.list.setFocus(Qt.FocusReason.TabFocusReason)
                self.list.setCurrentIndex(index)
                return

    def _on_loaded(self) -> None:
        self._select_current()
        nothing = self.model.rowCount() == 0
        self._empty.setText(
            _("Nothing found for “{words}”.").format(words=self.model.query)
            if self.model.query
            else _("Your conversations will appear here.")
        )
        self._empty.setVisible(nothing)

    def _select_current(self) -> None:
        index = self.model.index_of(self._current)
        selection = self.list.selectionModel()
        if index.isValid():
            selection.setCurrentIndex(index, QItemSelectionModel.SelectionFlag.ClearAndSelect)
        elif not self._current:
            selection.clear()

    def _show_menu(self, position: QPoint) -> None:
        index = self.list.indexAt(position)
        row = self.model.row_at(index)
        if row is None:
            return
        if row.id != self._current:
            self._open(index)
        menu = QMenu(self)
        for action_id in ("rename", "pin", "conversation-settings", "delete"):
            menu.addAction(self._actions[action_id])
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(self.list.viewport().mapToGlobal(position))

    def _on_theme(self) -> None:
        self._search_icon.setIcon(icon("search", self._theme.colors.muted))
        self.list.scheduleDelayedItemsLayout()
