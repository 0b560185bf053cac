"""The doctor of voice: microphones, speech recognition, voices, and ways to have a key everywhere."""

import asyncio
import contextlib
import json
import logging
import os
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from importlib import metadata

from assistant_app.core.errors import AssistantError
from assistant_app.core.hotkeys import TALK_COMMAND, HotkeyError
from assistant_app.core.voice import SpeechMissing, VoiceMissing, VoiceRow
from assistant_app.findings import Finding, ProbeFailed, run_probe
from assistant_app.i18n import _, ngettext, translate
from assistant_app.own_program import how_to_get_speech, is_frozen, speech_installed, speech_program
from assistant_app.paths import Paths
from assistant_app.settings import Settings
from assistant_app.speech.hotkeys import pynput_keys
from assistant_app.worker.voice.own_model import own_plan
from assistant_app.worker.voice.speaker import VoiceSpeaker

log = logging.getLogger(__name__)

RECOGNITION = ("openai-whisper", "torch", "silero-vad", "faster-whisper")
"""Distributions that turn speech into text, the last one if it is wanted."""
PORTAL_ANSWERS_WITHIN_S = 3.0

_ENGINES = {"qt": "Qt, speech-dispatcher" if sys.platform == "linux" else "Qt", "espeak": "espeak-ng"}

VoicesProbe = Callable[[], Sequence[VoiceRow]]
"""Starts a voice process and returns what can speak. Raises AssistantError."""


def list_voices() -> Sequence[VoiceRow]:
    """Ask a voice process what can speak here; takes seconds. Raises VoiceMissing, EngineStopped."""

    async def ask() -> Sequence[VoiceRow]:
        speaker = VoiceSpeaker(lambda _event: None)
        try:
            return await speaker.voices()
        finally:
            await speaker.stop()

    return asyncio.run(ask())


def diagnose_voice(paths: Paths, settings: Settings, voices: VoicesProbe) -> Iterator[Finding]:
    """Look at everything that voice needs. Call it in a thread without an event loop. Raises nothing."""
    yield from _sound()
    yield _recognition(paths, settings)
    yield _voices(voices)
    yield _hotkeys(settings)


def _sound() -> Iterator[Finding]:
    """List microphones and speakers; PortAudio runs in its own process, for it prints and may hang."""
    try:
        devices: dict[str, list[str]] = json.loads(run_probe("sound"))
    except ProbeFailed as error:
        log.info("no sound: %s", error)
        absent = _("Sound is not available here (PortAudio did not start).")
        yield Finding(_("Microphones"), absent, True, "microphones")
        yield Finding(_("Speakers"), absent, True, "speakers")
        return
    yield Finding(_("Microphones"), ", ".join(devices["input"]) or _("none"), True, "microphones")
    yield Finding(_("Speakers"), ", ".join(devices["output"]) or _("none"), True, "speakers")


def _recognition(paths: Paths, settings: Settings) -> Finding:
    """Tell which Whisper there is and whether the chosen model lies where it should."""
    title, code = _("Speech recognition"), "recognition"
    if not speech_installed():
        return Finding(title, _(how_to_get_speech()), True, code)
    # A frozen one has its libraries for itself.
    installed = str(speech_program()) if is_frozen() else ", ".join(_versions())
    if not settings.speech_model:
        sentence = _("{libraries}; there is no speech model yet: get one under Models → Speech.")
        return Finding(title, sentence.format(libraries=installed), True, code)
    try:
        plan = own_plan(settings.speech_model, paths.speech_models)
    except SpeechMissing as error:
        return Finding(title, error.sentence(translate), False, code)
    return Finding(title, f"{installed}; {plan.name}, {plan.path}", True, code)


def _versions() -> Iterator[str]:
    """Name the installed distributions with their versions."""
    for name in RECOGNITION:
        with contextlib.suppress(metadata.PackageNotFoundError):
            yield f"{name} {metadata.version(name)}"


def _voices(probe: VoicesProbe) -> Finding:
    title, code = _("Voices"), "voices"
    try:
        rows = probe()
    except VoiceMissing as error:
        return Finding(title, error.sentence(translate), True, code)
    except AssistantError as error:
        return Finding(title, error.sentence(translate), False, code)
    told = [
        ngettext("{engine}: {count} voice", "{engine}: {count} voices", count).format(
            engine=_ENGINES.get(engine, engine), count=count
        )
        for engine, count in Counter(row.engine for row in rows).items()
    ]
    return Finding(title, "; ".join(told), True, code)


def _hotkeys(settings: Settings) -> Finding:
    """Say of each way whether it is open; broken is only a key that was chosen and that nobody hears."""
    portal_open, portal = _portal()
    closed = pynput_keys.closed()
    keyboard = _("pynput can watch the keyboard.") if closed is None else closed.sentence(translate)
    command = _("Every desktop can give the command “{command}” a shortcut.").format(command=TALK_COMMAND)
    told = [_("Session: {name}.").format(name=_session()), portal, keyboard, command]
    fine = not settings.global_hotkey or portal_open or closed is None
    return Finding(_("Key everywhere"), " ".join(told), fine, "hotkeys")


def _session() -> str:
    if sys.platform != "linux":
        return sys.platform
    kind = os.environ.get("XDG_SESSION_TYPE") or ""
    if kind not in ("wayland", "x11"):
        kind = "wayland" if os.environ.get("WAYLAND_DISPLAY") else "x11" if os.environ.get("DISPLAY") else ""
    names = {"wayland": "Wayland", "x11": "X11", "": _("no display")}
    return " ".join(part for part in (names[kind], os.environ.get("XDG_CURRENT_DESKTOP", "")) if part)


def _portal() -> tuple[bool, str]:
    """Return whether the desktop's portal hands out keys, and what there is to say about it."""
    if sys.platform != "linux":
        return False, _("This system has no portal.")
    from assistant_app.speech.hotkeys.portal import shortcuts_version

    try:
        version = asyncio.run(shortcuts_version(PORTAL_ANSWERS_WITHIN_S))
    except HotkeyError as error:
        return False, error.sentence(translate)
    return True, _("The desktop's portal offers global shortcuts, version {version}.").format(version=version)
