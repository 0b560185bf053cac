"""What a service works with, opened together on the worker thread."""

from dataclasses import dataclass

from assistant_app.core.generation import ChatBackend
from assistant_app.core.tools import Toolbox
from assistant_app.models.catalogue import ModelCatalogue
from assistant_app.settings import SettingsFile
from assistant_app.store.store import Store
from assistant_app.worker.reminder_clock import ReminderClock
from assistant_app.worker.supervisor import EngineSupervisor


@dataclass(slots=True)
class Parts:
    """The opened database, the models, the engine, the tools."""

    store: Store
    settings: SettingsFile
    catalogue: ModelCatalogue
    engine: EngineSupervisor
    backend: ChatBackend
    toolbox: Toolbox
    clock: ReminderClock | None = None
    """None where nobody stays to hear reminders."""
