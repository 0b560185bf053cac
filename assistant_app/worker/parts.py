"""What a service works with, opened together on the worker thread."""

from dataclasses import dataclass

from assistant_app.backends.local import LocalBackend
from assistant_app.models.catalogue import ModelCatalogue
from assistant_app.settings import SettingsFile
from assistant_app.store.store import Store
from assistant_app.worker.supervisor import EngineSupervisor


@dataclass(slots=True)
class Parts:
    """The opened database, the models, the engine."""

    store: Store
    settings: SettingsFile
    catalogue: ModelCatalogue
    engine: EngineSupervisor
    backend: LocalBackend
