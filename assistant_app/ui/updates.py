"""News of a newer version: a banner in the window that leads to its page and is closed once per version."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtGui import QDesktopServices

from assistant_app import __version__
from assistant_app.core.updates import Release
from assistant_app.i18n import _
from assistant_app.ui.links import safe_url
from assistant_app.ui.notices import Button
from assistant_app.ui.wording import language

if TYPE_CHECKING:
    from assistant_app.ui.main_window import MainWindow

CODE = "update"


class Updates(QObject):
    """Says in one window that there is a newer version."""

    def __init__(self, window: "MainWindow") -> None:
        super().__init__(window)
        self._window = window

    def say(self, release: Release) -> None:
        """Show the banner; closing it is remembered for this version."""
        self._window.banners.show_banner(
            CODE,
            update_sentence(release),
            button=Button(_("Open the page"), lambda: open_page(release)),
            on_close=lambda: self._window.bridge.ask(lambda api: api.updates.dismiss(release.version)),
        )


def update_sentence(release: Release) -> str:
    """Return what is new, in the language of the window where the makers wrote it in that."""
    sentence = _("Assistant {version} is out; you have {running}.").format(
        version=release.version, running=__version__
    )
    notes = release.notes.get(language()) or release.notes.get("en", "")
    return f"{sentence} {' '.join(notes.split())}".strip()


def open_page(release: Release) -> None:
    """Open the page of a release in the browser; its host was checked with its signature."""
    target = safe_url(release.page)
    if target is not None:
        QDesktopServices.openUrl(target)
