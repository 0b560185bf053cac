"""How a reminder that is due is said, in the window and in the terminal."""

from datetime import datetime

from assistant_app.core.events import ReminderDue
from assistant_app.core.reminders import ReminderKind
from assistant_app.i18n import _


def reminder_sentence(event: ReminderDue) -> str:
    """Return the finished sentence in the user's language; a late one says when it was due."""
    reminder = event.reminder
    when = f"{datetime.fromtimestamp(reminder.due_at):%Y-%m-%d %H:%M}"
    if reminder.kind is ReminderKind.TIMER:
        if event.late:
            return _("Timer ({duration}): time was up on {when}.").format(duration=reminder.text, when=when)
        return _("Timer ({duration}): time is up.").format(duration=reminder.text)
    if event.late:
        return _("Reminder of {when}: {text}").format(when=when, text=reminder.text)
    return _("Reminder: {text}").format(text=reminder.text)
