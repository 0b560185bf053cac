"""Links that the system hands to the running program as an event, as macOS does; elsewhere none comes."""

from PySide6.QtCore import QEvent, QUrl, Signal
from PySide6.QtGui import QFileOpenEvent
from PySide6.QtWidgets import QApplication

from assistant_app.core.app_links import SCHEME


class LinkApplication(QApplication):
    """Passes such links on; one that opened the program waits until somebody listens.

    Signals:
        link_wanted: a link, not read yet: anything may stand in it.
    """

    link_wanted = Signal(str)

    def __init__(self, argv: list[str]) -> None:
        super().__init__(argv)
        self._waiting: list[str] | None = []

    def event(self, event: QEvent) -> bool:
        if not isinstance(event, QFileOpenEvent) or event.url().scheme() != SCHEME:
            return super().event(event)
        link = event.url().toString(QUrl.ComponentFormattingOption.FullyEncoded)
        if self._waiting is None:
            self.link_wanted.emit(link)
        else:
            self._waiting.append(link)
        return True

    def hand_over_links(self) -> None:
        """Emit what waits, and from now on what comes, at once."""
        waiting, self._waiting = self._waiting or [], None
        for link in waiting:
            self.link_wanted.emit(link)
