"""The doctor: looks at everything that the application needs and says in one sentence each what it found."""

import asyncio
import json
import logging
import os
import platform
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from datetime import datetime
from importlib import metadata
from pathlib import Path
from urllib.parse import urlsplit

import psutil

from assistant_app import __version__
from assistant_app.core.errors import AssistantError, EngineStopped
from assistant_app.core.text import N_
from assistant_app.core.updates import NO_KEY
from assistant_app.doctor_voice import VoicesProbe, diagnose_voice, list_voices
from assistant_app.engines.machine import available_bytes, thread_count
from assistant_app.engines.protocol import Hello
from assistant_app.findings import PROBE_TIMEOUT_S, Finding, ProbeFailed, run_probe
from assistant_app.i18n import _, translate
from assistant_app.models import fit
from assistant_app.models.catalogue import ModelCatalogue
from assistant_app.paths import Paths
from assistant_app.settings import Settings
from assistant_app.updates import pinned
from assistant_app.updates.memory import recall
from assistant_app.worker.supervisor import EngineSupervisor

log = logging.getLogger(__name__)

LIBRARIES = ("PySide6-Essentials", "llama-cpp-python", "pydantic", "markdown-it-py", "keyring", "sounddevice")
LEAST_FREE_BYTES = 500_000_000
LEAST_MEMORY_BYTES = 1_000_000_000

CPU_FEATURES = (
    "sse4_2",
    "avx",
    "avx2",
    "fma",
    "f16c",
    "avx512f",
    "avx512_vnni",
    "avx_vnni",
    "amx_int8",
    "asimd",
)
"""Instruction sets that llama.cpp uses, as Linux names them."""

EngineProbe = Callable[[], Hello]
"""Starts an engine process, waits for its greeting and ends it. Raises AssistantError."""


def start_engine() -> Hello:
    """Start an engine process, return its greeting, end it. Raises EngineStopped."""

    async def greeting() -> Hello:
        engine = EngineSupervisor(lambda _event: None)
        try:
            await engine.start()
            if engine.hello is None:
                raise EngineStopped(reason=N_("it did not answer"))
            return engine.hello
        finally:
            await engine.stop()

    return asyncio.run(greeting())


def diagnose(
    paths: Paths,
    settings: Settings,
    *,
    engine: EngineProbe = start_engine,
    voices: VoicesProbe = list_voices,
) -> list[Finding]:
    """Look at everything; takes seconds, so call it in a thread without an event loop. Raises nothing."""
    findings = [*_versions(), *_folders(paths), _disk(paths), _database(paths), _memory(), _cpu()]
    findings += [_threads(settings), _model(paths, settings), *_engine(engine)]
    return [*findings, *diagnose_voice(paths, settings, voices), _keyring(), _updates(paths, settings)]


def _versions() -> Iterator[Finding]:
    yield Finding(_("Version"), f"assistant-app {__version__}", True, "version")
    yield Finding(
        _("System"),
        f"{_system_name()}, Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}",
        True,
        "system",
    )
    found: list[str] = []
    missing: list[str] = []
    for name in LIBRARIES:
        try:
            found.append(f"{name} {metadata.version(name)}")
        except metadata.PackageNotFoundError:
            missing.append(name)
    if missing:
        sentence = _("These libraries are missing, so parts of the application do not work: {names}.")
        yield Finding(_("Libraries"), sentence.format(names=", ".join(missing)), False, "libraries")
    else:
        yield Finding(_("Libraries"), ", ".join(found), True, "libraries")


def _system_name() -> str:
    try:
        return platform.freedesktop_os_release()["PRETTY_NAME"]
    except (OSError, KeyError):
        return platform.platform(terse=True)


def _folders(paths: Paths) -> Iterator[Finding]:
    for code, title, folder in (
        ("data", _("Data folder"), paths.data),
        ("config", _("Settings folder"), paths.config),
        ("cache", _("Cache folder"), paths.cache),
        ("logs", _("Log folder"), paths.logs),
    ):
        existing = _nearest_existing(folder)
        if os.access(existing, os.W_OK | os.X_OK) and existing.is_dir():
            yield Finding(title, str(folder), True, f"folder-{code}")
        else:
            sentence = _("{folder} cannot be written, so nothing can be kept there; check who owns it.")
            yield Finding(title, sentence.format(folder=folder), False, f"folder-{code}")


def _nearest_existing(folder: Path) -> Path:
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    return folder


def _disk(paths: Paths) -> Finding:
    free_bytes = shutil.disk_usage(_nearest_existing(paths.data)).free
    if free_bytes >= LEAST_FREE_BYTES:
        return Finding(_("Free disk space"), _gigabytes(free_bytes), True, "disk")
    sentence = _("Only {size} are free where your conversations are kept; make room so that nothing is lost.")
    return Finding(_("Free disk space"), sentence.format(size=_gigabytes(free_bytes)), False, "disk")


def _database(paths: Paths) -> Finding:
    """Check the structure of the database without changing it."""
    title = _("Conversations")
    if not paths.database.exists():
        return Finding(title, _("There are none yet."), True, "database")
    try:
        connection = sqlite3.connect(
            f"{paths.database.resolve().as_uri()}?mode=ro", uri=True, timeout=PROBE_TIMEOUT_S
        )
        try:
            problem = str(connection.execute("PRAGMA quick_check(1)").fetchone()[0])
        finally:
            connection.close()
    except sqlite3.Error as error:
        problem = str(error)
    if problem == "ok":
        return Finding(title, _("The database is intact."), True, "database")
    sentence = _(
        "The database is damaged ({reason}); start the window:"
        " it restores the newest backup and keeps the damaged file."
    )
    return Finding(title, sentence.format(reason=problem), False, "database")


def _memory() -> Finding:
    free_bytes = available_bytes()
    text = _("{available} of {total} available").format(
        available=_gigabytes(free_bytes), total=_gigabytes(psutil.virtual_memory().total)
    )
    if free_bytes >= LEAST_MEMORY_BYTES:
        return Finding(_("Memory"), text, True, "memory")
    sentence = _("Memory is short ({text}); close other programs, or choose a smaller model.")
    return Finding(_("Memory"), sentence.format(text=text), False, "memory")


def _cpu() -> Finding:
    physical, logical = psutil.cpu_count(logical=False) or 1, psutil.cpu_count() or 1
    text = _("{name}, {physical} cores, {logical} threads").format(
        name=_cpu_field("model name") or platform.machine(), physical=physical, logical=logical
    )
    flags = (_cpu_field("flags") or _cpu_field("Features")).split()
    features = " ".join(name for name in CPU_FEATURES if name in flags)
    return Finding(_("Processor"), f"{text}, {features}" if features else text, True, "cpu")


def _cpu_field(name: str) -> str:
    """Return a field of the first processor in /proc/cpuinfo, or the empty string where there is none."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as lines:
            for line in lines:
                key, _colon, value = line.partition(":")
                if key.strip() == name:
                    return value.strip()
    except OSError:
        pass
    return ""


def _threads(settings: Settings) -> Finding:
    template = _("{count}, as set") if settings.n_threads else _("{count}, chosen automatically")
    text = template.format(count=thread_count(settings.n_threads))
    return Finding(_("Threads"), text, True, "threads")


def _model(paths: Paths, settings: Settings) -> Finding:
    """Judge the header, the length and the memory needs of the chosen model's file."""
    try:
        catalogue = ModelCatalogue(paths, lambda: settings)
        model = catalogue.resolve(settings.model)
        header = catalogue.header(model.path)
    except AssistantError as error:
        return Finding(_("Model"), error.sentence(translate), False, "model")
    fitting = fit.check(header, settings.n_ctx)
    if not fitting.fits:
        return Finding(_("Model"), _(fitting.template).format(**fitting.params), False, "model")
    text = f"{model.name}, {header.architecture}, {header.size_bytes / 1e6:.0f} MB, {model.path}"
    return Finding(_("Model"), text, True, "model")


def _engine(probe: EngineProbe) -> Iterator[Finding]:
    try:
        hello = probe()
    except AssistantError as error:
        yield Finding(_("Engine"), error.sentence(translate), False, "engine")
        return
    yield Finding(_("Engine"), f"{hello.library}; {' '.join(hello.system_info.split())}", True, "engine")
    if hello.isolated:
        text = _("The model's process is cut off from the network.")
    else:
        text = _("This system does not let the model's process be cut off from the network.")
    yield Finding(_("Isolation"), text, True, "isolation")


def _keyring() -> Finding:
    """Name the place where keys would be kept; only asks which it is, so nothing needs unlocking."""
    try:
        backend = json.loads(run_probe("keyring"))
    except ProbeFailed as error:
        log.warning("the keyring cannot be asked: %s", error)
        backend = {"name": "", "priority": 0.0}
    if backend["priority"] <= 0:
        text = _("none, so keys for online services can only be kept until you quit")
        return Finding(_("Keyring"), text, True, "keyring")
    return Finding(_("Keyring"), backend["name"], True, "keyring")


def _updates(paths: Paths, settings: Settings) -> Finding:
    """Say whether anybody is asked about updates, and who; never asks."""
    source = pinned.PINNED
    if not source.possible:
        text = _(NO_KEY)
    elif not settings.look_for_updates:
        text = _("Nobody is asked about them; that can be switched on in Settings, General.")
    else:
        at = recall(paths.updates_file).checked_at
        last = f"{datetime.fromtimestamp(at):%Y-%m-%d}" if at else _("never")
        text = _("{host} is asked once a day; it last answered: {date}.").format(
            host=urlsplit(source.url).hostname, date=last
        )
    return Finding(_("Updates"), text, True, "updates")


def _gigabytes(size_bytes: int) -> str:
    return f"{size_bytes / 1e9:.1f} GB"
