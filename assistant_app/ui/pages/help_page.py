"""Help: the pages of resources/help in the user's language."""

import re
from pathlib import Path

from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QHBoxLayout, QListWidget, QListWidgetItem, QTextBrowser, QWidget

from assistant_app.i18n import _
from assistant_app.paths import resources
from assistant_app.ui.links import safe_url
from assistant_app.ui.page_opener import PageOpener
from assistant_app.ui.pages.page import Page
from assistant_app.ui.wording import language

_COMMENT = re.compile(r"\s*<!--.*?-->")
"""Words for the search, not for readers."""


class HelpPage(Page):
    """Titles at the left, the page at the right."""

    def __init__(self, opener: PageOpener, parent: QWidget, topic: str = "") -> None:
        super().__init__(opener, parent, "help", _("Help"), "", (820, 620))
        self._list = QListWidget(self)
        self._list.setObjectName("help_topics")
        self._list.setAccessibleName(_("Topics"))
        self._list.setToolTip(_("What the help is about"))
        self._list.setMinimumWidth(150)
        self._list.setMaximumWidth(230)
        self._text = QTextBrowser(self)
        self._text.setObjectName("help_text")
        self._text.setAccessibleName(_("Help"))
        self._text.setToolTip(_("The page that is chosen at the left"))
        self._text.setOpenLinks(False)
        self._text.document().setDocumentMargin(14)
        self._text.anchorClicked.connect(self._on_link)
        row = QHBoxLayout()
        row.setSpacing(10)
        row.addWidget(self._list, 2)
        row.addWidget(self._text, 5)
        self.body.addLayout(row)
        self.close_button()
        for path in help_files():
            title = path.read_text("utf-8").partition("\n")[0].lstrip("# ").strip()
            item = QListWidgetItem(title, self._list)
            item.setToolTip(title)
            item.setData(Qt.ItemDataRole.UserRole, str(path))
        self._list.currentItemChanged.connect(lambda *_items: self._show())
        self.show_topic(topic)

    def show_topic(self, topic: str) -> None:
        """Show the page whose file name ends in `topic`, or the first."""
        for i in range(self._list.count()):
            if topic and Path(self._list.item(i).data(Qt.ItemDataRole.UserRole)).stem.endswith(topic):
                self._list.setCurrentRow(i)
                return
        self._list.setCurrentRow(0)

    def _show(self) -> None:
        item = self._list.currentItem()
        if item is not None:
            text = Path(item.data(Qt.ItemDataRole.UserRole)).read_text("utf-8")
            self._text.setMarkdown(_COMMENT.sub("", text))

    def _on_link(self, url: QUrl) -> None:
        if url.toString().endswith(".md"):
            self.show_topic(Path(url.toString()).stem)
        elif (target := safe_url(url.toString())) is not None:
            QDesktopServices.openUrl(target)


def help_files() -> list[Path]:
    """Return the help pages in the user's language, in their order; English where there is none."""
    return sorted((resources() / "help" / language()).glob("*.md"))
