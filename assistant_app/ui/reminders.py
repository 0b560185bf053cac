"""Reminders that are due: a banner in the window that stays until it is read, and a desktop notification."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QApplication

from assistant_app.core.events import ReminderDue
from assistant_app.core.reminders import ReminderKind
from assistant_app.i18n import _, ngettext
from assistant_app.reminder_wording import reminder_sentence
from assistant_app.ui.desktop_notifier import DesktopNotifier

if TYPE_CHECKING:
    from assistant_app.ui.main_window import MainWindow

CODE = "reminders"
_MOST_SHOWN = 8


class Reminders(QObject):
    """Says reminders in one window; those that have not been read stand together in one banner."""

    def __init__(self, window: "MainWindow") -> None:
        super().__init__(window)
        self._window = window
        self._unread: list[str] = []
        self._notifier = DesktopNotifier(self)
        self._notifier.clicked.connect(window.come_forward)

    def say(self, event: ReminderDue) -> None:
        """Show a reminder so that it is not missed."""
        sentence = reminder_sentence(event)
        self._unread.append(sentence)
        shown = self._unread[-_MOST_SHOWN:]
        earlier = len(self._unread) - len(shown)
        if earlier:
            more = ngettext("{count} earlier reminder", "{count} earlier reminders", earlier)
            shown.insert(0, more.format(count=earlier))
        self._window.banners.show_banner(
            CODE, "\n".join(shown), level="info", on_close=self._unread.clear, lasting=True
        )
        timer = event.reminder.kind is ReminderKind.TIMER
        self._notifier.notify(_("Timer") if timer else _("Reminder"), sentence)
        QApplication.alert(self._window)
        if not event.late:
            QApplication.beep()
