"""Every key that does something, from the declarations of the actions."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHeaderView, QTreeWidget, QTreeWidgetItem, QWidget

from assistant_app.core.text import N_
from assistant_app.i18n import _
from assistant_app.ui.actions import MENUS, shown_keys, specs_of
from assistant_app.ui.page_opener import PageOpener
from assistant_app.ui.pages.page import Page

_WHILE_TYPING = (
    ("Enter", N_("Send the message; while an answer is written, let it wait")),
    ("Shift+Enter", N_("Start a new line")),
    ("↑", N_("In the empty box: bring back the last message")),
    ("Alt+M", N_("Choose the model")),
)


class ShortcutsPage(Page):
    """A table of keys by menu."""

    def __init__(self, opener: PageOpener, parent: QWidget) -> None:
        super().__init__(opener, parent, "shortcuts", _("Keyboard shortcuts"), "", (600, 640))
        table = QTreeWidget(self)
        table.setObjectName("shortcut_list")
        table.setAccessibleName(_("Keyboard shortcuts"))
        table.setToolTip(_("Every key that does something"))
        table.setHeaderLabels([_("What it does"), _("Keys")])
        table.setRootIsDecorated(False)
        table.setIndentation(0)
        table.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        table.header().setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        table.header().setStretchLastSection(False)
        self._group(table, _("While typing"), [(_(text), key, "") for key, text in _WHILE_TYPING])
        for menu_id, title in MENUS:
            self._group(
                table,
                _(title).replace("&", "").split("(")[0],
                [
                    (_(spec.text).rstrip("…"), "  ".join(shown_keys(spec)), _(spec.tooltip))
                    for spec in specs_of(menu_id)
                    if spec.keys
                ],
            )
        self.body.addWidget(table)
        self.close_button()

    def _group(self, table: QTreeWidget, title: str, rows: list[tuple[str, str, str]]) -> None:
        heading = QTreeWidgetItem([title])
        font = heading.font(0)
        font.setBold(True)
        heading.setFont(0, font)
        heading.setFlags(Qt.ItemFlag.ItemIsEnabled)
        table.addTopLevelItem(heading)
        heading.setFirstColumnSpanned(True)
        for text, keys, tip in rows:
            item = QTreeWidgetItem(["    " + text, keys])
            item.setToolTip(0, tip or text)
            table.addTopLevelItem(item)
