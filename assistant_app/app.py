"""Composition root: the one place where parts are built and joined."""

import contextlib
import logging
import os
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from assistant_app import i18n
from assistant_app.paths import Paths

if TYPE_CHECKING:
    from assistant_app.findings import Finding
    from assistant_app.settings import SettingsFile
    from assistant_app.worker.api import EventSink
    from assistant_app.worker.parts import Parts
    from assistant_app.worker.service import AssistantService
    from assistant_app.worker.thread import WorkerThread
    from assistant_app.worker.update_watch import UpdateWatch
    from assistant_app.worker.voice.service import VoiceService

log = logging.getLogger(__name__)


def prepare(paths: Paths) -> "SettingsFile":
    """Create the folders, start the log, read the settings, choose the language."""
    from assistant_app.logs import start_logging
    from assistant_app.settings import SettingsFile

    try:
        paths.ensure()
        start_logging(paths.logs)
    except OSError as error:
        # A read-only home is no reason not to start; the store says that nothing can be kept.
        logging.getLogger().addHandler(logging.NullHandler())
        log.warning("data folders cannot be written: %s", error)
    settings = SettingsFile(paths.settings_file)
    settings.load()
    i18n.set_language(settings.current.language)
    return settings


def build_service(
    paths: Paths,
    settings: "SettingsFile",
    translate: Callable[[str], str] = i18n.translate,
    overrides: dict[str, Any] | None = None,
    *,
    has_window: bool = False,
    rings: bool = True,
    voice: "Callable[[AssistantService], VoiceService] | None" = None,
) -> "AssistantService":
    """Return the service, not yet started. Nothing heavy is imported until it is.

    Args:
        paths: folders of the profile.
        settings: what the user chose.
        translate: turns an English sentence into the user's language.
        overrides: sampling fields that beat every setting.
        has_window: Whether tools can open pages, and somebody can be told of updates.
        rings: Whether somebody stays to hear reminders.
        voice: Makes the voice of the service; None for that of this computer.
    """
    from assistant_app.app_voice import build_voice
    from assistant_app.worker.service import AssistantService

    service: AssistantService

    def open_parts(sink: "EventSink") -> "Parts":
        from assistant_app.backends import backend_class
        from assistant_app.models.catalogue import ModelCatalogue
        from assistant_app.store.store import Store
        from assistant_app.tools.registry import SwitchedToolbox
        from assistant_app.tools.services import Services
        from assistant_app.worker.parts import Parts
        from assistant_app.worker.reminder_clock import ReminderClock
        from assistant_app.worker.supervisor import EngineSupervisor

        store = Store.open(paths)
        catalogue = ModelCatalogue(paths, lambda: settings.current)
        engine = EngineSupervisor(sink)
        backend = backend_class("local")(engine, catalogue, service.load_progress)
        clock = ReminderClock(store, sink) if rings else None
        services = Services(notes=store, reminders=clock or store, emit=sink, has_window=has_window)
        toolbox = SwitchedToolbox(services, lambda: settings.current.tools_off)
        return Parts(store, settings, catalogue, engine, backend, toolbox, clock)

    def diagnose(parts: "Parts") -> Sequence[tuple[str, str, bool]]:
        from assistant_app.doctor import diagnose

        return [(f.title, f.finding, f.fine) for f in diagnose(paths, settings.current)]

    def watch_updates(of: "AssistantService") -> "UpdateWatch":
        from assistant_app.updates import pinned
        from assistant_app.worker.update_watch import UpdateWatch

        return UpdateWatch(pinned.PINNED, paths.updates_file, settings, of.emit, automatic=has_window)

    service = AssistantService(
        open_parts,
        translate=translate,
        overrides=overrides,
        diagnose=diagnose,
        voice=voice or (lambda service: build_voice(service, paths, settings, translate)),
        updates=watch_updates,
    )
    return service


def build_worker(
    paths: Paths,
    settings: "SettingsFile",
    overrides: dict[str, Any] | None = None,
    *,
    has_window: bool = False,
    rings: bool = True,
) -> "WorkerThread":
    """Return the background thread around a new service, not yet started; see `build_service`."""
    from assistant_app.worker.thread import WorkerThread

    return WorkerThread(
        build_service(paths, settings, overrides=overrides, has_window=has_window, rings=rings)
    )


def run_window(talk: str = "", link: str = "") -> int:
    """Open the window; return the exit code. Says so in one sentence where there is no display.

    Args:
        talk: "start" to listen as soon as it is open; another window that is open already does so.
        link: A link to follow as soon as it is open, as it came.
    """
    if sys.platform == "linux" and not (
        os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY") or os.environ.get("QT_QPA_PLATFORM")
    ):
        i18n.set_language()
        print(
            i18n._("There is no display, so no window can be opened; use: assistant-app chat"),
            file=sys.stderr,
        )
        return 1
    paths = Paths.default()
    with contextlib.suppress(OSError):  # `prepare` tells, once the window is up
        paths.ensure()

    from assistant_app.ui.application import run

    return run(lambda: build_worker(paths, prepare(paths), has_window=True), paths, sys.argv, talk, link)


def diagnose_all() -> "list[Finding]":
    """Check everything that the program needs, without opening its window."""
    from assistant_app.doctor import diagnose

    paths = Paths.default()
    settings = prepare(paths)
    return diagnose(paths, settings.current)
