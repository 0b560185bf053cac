"""Version, licence and what the application stands on."""

import platform

from PySide6.QtCore import QSize, qVersion
from PySide6.QtWidgets import QLabel, QWidget

from assistant_app import __version__
from assistant_app.i18n import _
from assistant_app.ui.icons import app_icon
from assistant_app.ui.page_opener import PageOpener
from assistant_app.ui.pages.page import Page


class AboutPage(Page):
    """A few lines of text."""

    def __init__(self, opener: PageOpener, parent: QWidget) -> None:
        super().__init__(opener, parent, "about", _("About Assistant"), "", (460, 380))
        mark = QLabel(self)
        mark.setPixmap(app_icon().pixmap(QSize(64, 64)))
        self.body.addWidget(mark)
        self.body.addWidget(self.label(f"Assistant {__version__}", heading=True))
        self.body.addWidget(self.label(_("A private assistant that runs on this computer.")))
        self.body.addWidget(self.label(_("Free software under the MIT licence.")))
        self.body.addWidget(
            self.label(
                _("It stands on llama.cpp, Qt, SQLite and Python; their licences come with them."),
                role="muted",
            )
        )
        self.body.addWidget(self.label(f"Python {platform.python_version()} · Qt {qVersion()}", role="muted"))
        self.body.addWidget(
            self.label(_("Your data lies in {folder}.").format(folder=opener.paths.data), role="muted")
        )
        self.body.addStretch(1)
        self.close_button()
