"""The trash: what was deleted, restore it or erase it for good."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QMessageBox,
    QTreeWidget,
    QTreeWidgetItem,
    QWidget,
)

from assistant_app.core.views import TrashRow
from assistant_app.i18n import _, ngettext
from assistant_app.ui.page_opener import PageOpener
from assistant_app.ui.pages.page import Page
from assistant_app.ui.wording import day_and_time


class TrashPage(Page):
    """One row per deletion, newest first."""

    def __init__(self, opener: PageOpener, parent: QWidget) -> None:
        super().__init__(
            opener, parent, "trash", _("Trash"), _("Deleted things stay here for 30 days."), (640, 480)
        )
        self._list = QTreeWidget(self)
        self._list.setObjectName("trash_list")
        self._list.setAccessibleName(_("Trash"))
        self._list.setToolTip(_("Enter restores the marked row"))
        self._list.setHeaderLabels([_("What"), _("Messages"), _("Deleted")])
        self._list.setRootIsDecorated(False)
        self._list.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self._list.header().setStretchLastSection(False)
        self._list.header().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        self._list.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.body.addWidget(self._list, 1)
        self._empty = self.label(_("The trash is empty."), role="muted")
        self.body.addWidget(self._empty)
        self._restore_button = self.button(
            "restore",
            _("Restore"),
            _("Bring what is marked back to where it was"),
            self._restore,
            kind="primary",
        )
        self._erase_button = self.button(
            "erase", _("Erase…"), _("Erase what is marked for good"), lambda: self._ask_erase(self._marked())
        )
        self._empty_button = self.button(
            "erase_all",
            _("Empty the trash…"),
            _("Erase everything in the trash for good"),
            lambda: self._ask_erase(None),
            kind="danger",
        )
        self.close_button()
        self._list.itemSelectionChanged.connect(self._enable)
        self._list.itemActivated.connect(lambda *_item: self._restore())
        self._load()

    def _load(self) -> None:
        self.bridge.ask(lambda api: api.trash(), self._show, self.show_error, self)

    def _show(self, rows: list[TrashRow]) -> None:
        self._list.clear()
        for row in sorted(rows, key=lambda row: -row.deleted_at):
            title = " ".join((row.title or _("Untitled")).split())
            if row.kind != "conversation":
                title = _("Messages of “{title}”").format(title=title)
            item = QTreeWidgetItem([title, str(row.message_count), day_and_time(row.deleted_at)])
            item.setToolTip(0, title)
            item.setData(0, Qt.ItemDataRole.UserRole, row.id)
            item.setTextAlignment(1, Qt.AlignmentFlag.AlignRight)
            self._list.addTopLevelItem(item)
        self._empty.setVisible(not rows)
        first = self._list.topLevelItem(0)
        if first is not None:
            self._list.setCurrentItem(first)
        self._enable()

    def _marked(self) -> list[str]:
        return [str(item.data(0, Qt.ItemDataRole.UserRole)) for item in self._list.selectedItems()]

    def _enable(self) -> None:
        marked = bool(self._list.selectedItems())
        self._restore_button.setEnabled(marked)
        self._erase_button.setEnabled(marked)
        self._empty_button.setEnabled(self._list.topLevelItemCount() > 0)

    def _restore(self) -> None:
        self.clear_error()
        for trash_id in self._marked():
            self.bridge.ask(
                lambda api, found=trash_id: api.restore_trash(found),  # type: ignore[misc]
                lambda _none: self._load(),
                self.show_error,
                self,
            )

    def _ask_erase(self, ids: list[str] | None) -> None:
        count = self._list.topLevelItemCount() if ids is None else len(ids)
        box = QMessageBox(self)
        box.setObjectName("erase_box")
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        box.setIcon(QMessageBox.Icon.Warning)
        box.setWindowTitle(_("Erase"))
        box.setText(
            ngettext(
                "Erase {count} deleted item for good?", "Erase {count} deleted items for good?", count
            ).format(count=count)
        )
        box.setInformativeText(_("They cannot be restored from the trash afterwards."))
        erase = box.addButton(_("Erase"), QMessageBox.ButtonRole.DestructiveRole)
        keep = box.addButton(_("Keep"), QMessageBox.ButtonRole.RejectRole)
        erase.setToolTip(_("Erase for good"))
        keep.setToolTip(_("Leave everything as it is"))
        box.setDefaultButton(keep)
        box.setEscapeButton(keep)
        box.buttonClicked.connect(lambda clicked: self._erase(ids) if clicked is erase else None)
        box.open()

    def _erase(self, ids: list[str] | None) -> None:
        self.clear_error()
        for trash_id in [None] if ids is None else ids:
            self.bridge.ask(
                lambda api, found=trash_id: api.purge_trash(found),  # type: ignore[misc]
                lambda _none: self._load(),
                self.show_error,
                self,
            )
