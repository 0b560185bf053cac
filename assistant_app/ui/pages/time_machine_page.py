"""The time machine: saved copies by day, what was in them, and bringing it back."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QLabel,
    QListWidget,
    QListWidgetItem,
    QMessageBox,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from assistant_app.core.text import N_
from assistant_app.core.views import ConversationRow, Snapshot
from assistant_app.i18n import _
from assistant_app.ui.page_opener import PageOpener
from assistant_app.ui.pages.page import Page
from assistant_app.ui.wording import day_and_time, long_day, size

_REASONS = {
    "daily": N_("daily copy"),
    "migration": N_("before an update"),
    "before-restore": N_("before something was restored"),
}


class TimeMachinePage(Page):
    """Days at the left, the conversations of the chosen day at the right."""

    def __init__(self, opener: PageOpener, parent: QWidget) -> None:
        super().__init__(
            opener,
            parent,
            "time_machine",
            _("Time machine"),
            _("A copy of everything is kept each day and before each update. Choose one to look inside."),
            (760, 540),
        )
        self._snapshots = self._list("snapshot_list", _("Saved copies"), _("One copy per line, newest first"))
        self._rows = self._list(
            "snapshot_conversations", _("Conversations of that day"), _("What the copy holds")
        )
        splitter = QSplitter(Qt.Orientation.Horizontal, self)
        for title, widget in (
            (_("Saved copies"), self._snapshots),
            (_("Conversations of that day"), self._rows),
        ):
            side = QWidget(splitter)
            layout = QVBoxLayout(side)
            layout.setContentsMargins(0, 0, 4, 0)
            heading = QLabel(title, side)
            heading.setProperty("role", "muted")
            layout.addWidget(heading)
            layout.addWidget(widget)
            splitter.addWidget(side)
        splitter.setSizes([300, 420])
        splitter.setChildrenCollapsible(False)
        self.body.addWidget(splitter, 1)
        self._empty = self.label(_("No copy has been made yet; the first one is made today."), role="muted")
        self._empty.hide()
        self.body.addWidget(self._empty)
        self._one = self.button(
            "restore_one",
            _("Restore this conversation"),
            _("Bring it back as a copy, beside what you have now"),
            self._restore_one,
            kind="primary",
        )
        self._all = self.button(
            "restore_all",
            _("Restore everything…"),
            _("Put everything back as it was then; today is saved first"),
            self._ask_all,
            kind="danger",
        )
        self.close_button()
        self._snapshots.currentItemChanged.connect(lambda *_items: self._on_day())
        self._rows.currentItemChanged.connect(lambda *_items: self._enable())
        self._rows.itemActivated.connect(lambda _item: self._restore_one())
        self._enable()
        self._load()

    def _list(self, name: str, title: str, tip: str) -> QListWidget:
        result = QListWidget(self)
        result.setObjectName(name)
        result.setAccessibleName(title)
        result.setToolTip(tip)
        result.setUniformItemSizes(True)
        return result

    def _load(self) -> None:
        self.bridge.ask(lambda api: api.snapshots(), self._show, self.show_error, self)

    def _show(self, snapshots: list[Snapshot]) -> None:
        self._snapshots.clear()
        for snapshot in sorted(snapshots, key=lambda s: -s.created_at):
            clock = day_and_time(snapshot.created_at).split(" ", 1)[-1]
            reason = _(_REASONS.get(snapshot.reason, snapshot.reason))
            words = f"{long_day(snapshot.created_at)}, {clock}"
            if snapshot.reason != "daily":
                words = f"{words} · {reason}"
            item = QListWidgetItem(words, self._snapshots)
            item.setToolTip(f"{reason}, {size(snapshot.size_bytes)}")
            item.setData(Qt.ItemDataRole.UserRole, snapshot.id)
        self._empty.setVisible(not snapshots)
        if snapshots:
            self._snapshots.setCurrentRow(0)
        self._enable()

    def _on_day(self) -> None:
        self._rows.clear()
        snapshot_id = _marked(self._snapshots)
        if snapshot_id:
            self.bridge.ask(
                lambda api: api.snapshot_conversations(snapshot_id),
                lambda rows: self._show_rows(snapshot_id, rows),
                self.show_error,
                self,
            )
        self._enable()

    def _show_rows(self, snapshot_id: str, rows: list[ConversationRow]) -> None:
        if snapshot_id != _marked(self._snapshots):
            return
        for row in rows:
            title = " ".join((row.title or _("Untitled")).split())
            item = QListWidgetItem(title, self._rows)
            item.setToolTip(
                _("{count} messages, last changed {when}").format(
                    count=row.message_count, when=day_and_time(row.updated_at)
                )
            )
            item.setData(Qt.ItemDataRole.UserRole, row.id)
        self._enable()

    def _enable(self) -> None:
        self._one.setEnabled(bool(_marked(self._rows)))
        self._all.setEnabled(bool(_marked(self._snapshots)))

    def _restore_one(self) -> None:
        snapshot_id, conversation_id = _marked(self._snapshots), _marked(self._rows)
        if not (snapshot_id and conversation_id):
            return
        self.clear_error()
        self.bridge.ask(
            lambda api: api.restore_snapshot(snapshot_id, conversation_id),
            lambda _none: self.opener.confirmed.emit(_("The conversation is back, at the top of the list.")),
            self.show_error,
            self,
        )

    def _ask_all(self) -> None:
        item = self._snapshots.currentItem()
        snapshot_id = _marked(self._snapshots)
        if item is None or not snapshot_id:
            return
        box = QMessageBox(self)
        box.setObjectName("restore_box")
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        box.setIcon(QMessageBox.Icon.Question)
        box.setWindowTitle(_("Restore everything"))
        box.setText(_("Put everything back as it was: {when}?").format(when=item.text()))
        box.setInformativeText(_("What you have now is saved as a copy first, so this can be undone here."))
        restore = box.addButton(_("Restore"), QMessageBox.ButtonRole.AcceptRole)
        keep = box.addButton(_("Cancel"), QMessageBox.ButtonRole.RejectRole)
        restore.setToolTip(_("Put everything back as it was then; today is saved first"))
        keep.setToolTip(_("Leave everything as it is"))
        box.setDefaultButton(keep)
        box.setEscapeButton(keep)
        box.buttonClicked.connect(
            lambda clicked: self._restore_all(snapshot_id) if clicked is restore else None
        )
        box.open()

    def _restore_all(self, snapshot_id: str) -> None:
        self.clear_error()
        self.bridge.ask(
            lambda api: api.restore_snapshot(snapshot_id), lambda _none: self._on_all(), self.show_error, self
        )

    def _on_all(self) -> None:
        self.opener.confirmed.emit(_("Everything is as it was then."))
        self._load()


def _marked(widget: QListWidget) -> str:
    item = widget.currentItem()
    return str(item.data(Qt.ItemDataRole.UserRole)) if item is not None else ""
