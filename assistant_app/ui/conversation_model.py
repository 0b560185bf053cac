"""The conversation list as data: groups, rows, paging, search; knows nothing of how it is drawn."""

from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, Qt, Signal

from assistant_app.core.views import ConversationRow
from assistant_app.i18n import _
from assistant_app.ui.bridge import Bridge
from assistant_app.ui.wording import group_of

PAGE = 200
_Index = QModelIndex | QPersistentModelIndex


class ItemRole(IntEnum):
    """What views ask of an item beside Qt's own roles."""

    ROW = Qt.ItemDataRole.UserRole + 1
    """The ConversationRow, or None for a group heading."""
    ANSWERING = Qt.ItemDataRole.UserRole + 2


@dataclass(frozen=True, slots=True)
class _Heading:
    text: str


class ConversationModel(QAbstractListModel):
    """Rows from the worker, a page at a time, with a heading before each group.

    Signals:
        loaded: the list was filled anew.
        rename_wanted: identifier and new title, after an edit in place.
    """

    loaded = Signal()
    rename_wanted = Signal(str, str)

    def __init__(self, bridge: Bridge, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._bridge = bridge
        self._rows: list[ConversationRow] = []
        self._items: list[ConversationRow | _Heading] = []
        self._positions: dict[str, int] = {}
        self._answering: set[str] = set()
        self._query = ""
        self._complete = True
        self._fetching = False
        self._generation = 0

    # --- what the window asks
    @property
    def query(self) -> str:
        """The words searched for; empty when everything is listed."""
        return self._query

    def refresh(self, query: str | None = None) -> None:
        """Ask for the list again; with another query, for its results."""
        if query is not None:
            self._query = query.strip()
        self._generation += 1
        generation, words = self._generation, self._query
        limit = max(PAGE, -(-len(self._rows) // PAGE) * PAGE) if not words else PAGE
        self._bridge.ask(
            lambda api: api.conversations(words, limit),
            lambda rows: self._on_rows(generation, rows, limit),
            owner=self,
        )

    def set_answering(self, conversation_id: str, answering: bool) -> None:
        """Show or hide that an answer is being written there."""
        if answering:
            self._answering.add(conversation_id)
        else:
            self._answering.discard(conversation_id)
        index = self.index_of(conversation_id)
        if index.isValid():
            self.dataChanged.emit(index, index, [ItemRole.ANSWERING])

    def index_of(self, conversation_id: str) -> QModelIndex:
        """Return where a conversation stands, or an invalid index."""
        position = self._positions.get(conversation_id)
        return QModelIndex() if position is None else self.index(position)

    def row_at(self, index: _Index) -> ConversationRow | None:
        """Return the conversation at an index; None for headings."""
        item = self._items[index.row()] if index.isValid() and index.row() < len(self._items) else None
        return item if isinstance(item, ConversationRow) else None

    def neighbour(self, conversation_id: str, step: int) -> ConversationRow | None:
        """Return the conversation `step` places below (negative: above) another one."""
        ids = [row.id for row in self._rows]
        if not ids:
            return None
        if conversation_id not in ids:
            return self._rows[0]
        position = ids.index(conversation_id) + step
        return self._rows[position] if 0 <= position < len(ids) else None

    # --- what Qt asks
    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self._items)

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid() or index.row() >= len(self._items):
            return None
        item = self._items[index.row()]
        if isinstance(item, _Heading):
            return (
                item.text
                if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole)
                else None
            )
        if role == ItemRole.ROW:
            return item
        if role == ItemRole.ANSWERING:
            return item.id in self._answering
        if role == Qt.ItemDataRole.EditRole:
            return item.title
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            return item.title or _("Untitled")
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return self._spoken(item)
        return None

    def setData(self, index: _Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        row = self.row_at(index)
        title = str(value).strip()
        if row is None or role != Qt.ItemDataRole.EditRole or not title or title == row.title:
            return False
        self.rename_wanted.emit(row.id, title)
        return True

    def flags(self, index: _Index) -> Qt.ItemFlag:
        if self.row_at(index) is None:
            return Qt.ItemFlag.NoItemFlags
        return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsEditable

    def canFetchMore(self, parent: _Index) -> bool:
        return not (parent.isValid() or self._complete or self._fetching or self._query)

    def fetchMore(self, parent: _Index) -> None:
        self._fetching = True
        generation, offset = self._generation, len(self._rows)
        self._bridge.ask(
            lambda api: api.conversations("", PAGE, offset),
            lambda rows: self._on_more(generation, rows),
            owner=self,
        )

    # --- filling
    def _on_rows(self, generation: int, rows: list[ConversationRow], limit: int) -> None:
        if generation != self._generation:
            return
        self.beginResetModel()
        self._rows = list(rows)
        self._complete = bool(self._query) or len(rows) < limit
        self._fetching = False
        self._items = []
        self._append_items(self._rows)
        self.endResetModel()
        self.loaded.emit()

    def _on_more(self, generation: int, rows: list[ConversationRow]) -> None:
        self._fetching = False
        if generation != self._generation:
            return
        self._complete = len(rows) < PAGE
        known = {row.id for row in self._rows}
        fresh = [row for row in rows if row.id not in known]
        if not fresh:
            return
        before = len(self._items)
        added = self._with_headings(fresh)
        self.beginInsertRows(QModelIndex(), before, before + len(added) - 1)
        self._rows += fresh
        self._append_items(fresh)
        self.endInsertRows()

    def _append_items(self, rows: list[ConversationRow]) -> None:
        start = len(self._items)
        self._items += self._with_headings(rows)
        if start == 0:
            self._positions = {}
        for position in range(start, len(self._items)):
            item = self._items[position]
            if isinstance(item, ConversationRow):
                self._positions[item.id] = position

    def _with_headings(self, rows: list[ConversationRow]) -> list[ConversationRow | _Heading]:
        result: list[ConversationRow | _Heading] = []
        last = next((item for item in reversed(self._items) if isinstance(item, ConversationRow)), None)
        group = self._group(last) if last is not None else None
        for row in rows:
            if (own := self._group(row)) != group:
                group = own
                result.append(_Heading(own))
            result.append(row)
        return result

    def _group(self, row: ConversationRow) -> str:
        if self._query:
            return _("Found")
        return _("Pinned") if row.pinned else group_of(row.updated_at)

    def _spoken(self, row: ConversationRow) -> str:
        words = [row.title or _("Untitled")]
        if row.pinned:
            words.append(_("pinned"))
        if row.id in self._answering:
            words.append(_("answering"))
        if row.snippet:
            words.append(row.snippet.replace("\x02", "").replace("\x03", ""))
        return ", ".join(words)
