"""The voice package: without it voice says how to get it, with it a spoken question is answered aloud."""

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from clean_system import HOME, UID, CleanSystem
from core_steps import TREE, check_libraries, check_selftest
from findings import Broken
from installed import InstalledApplication, window_of
from pictures import picture, still_picture

from tests.e2e.driver import Screen, wait_for
from tests.e2e.test_spoken_conversation import parts, speak_while_held
from tests.fixtures import POCKET_WHISPER
from tests.fixtures.spoken import RATE, write_wav
from tests.fixtures.virtual_sound import VirtualSound, virtual_sound_server

if TYPE_CHECKING:
    from story import Story

VOICE_TREE = f"{TREE}/voice"
SPOKEN, RESULT = "What is 12 plus 7?", "19"
PACKAGE = "assistant-app-voice"
RECORDING = f"{HOME}/second-of-silence.wav"
MODEL = f"{HOME}/{POCKET_WHISPER.name}"


def without_voice(story: "Story", screen: Screen) -> None:
    """The core package alone says how to get voice; its pane, also in Chinese, is for people to look at."""
    application = InstalledApplication(story.system)
    with story.report.check("without the voice package it says how to get it") as check:
        sound = story.system.path(RECORDING)
        write_wav(sound, bytes(2 * RATE))
        done = application.command("transcribe", RECORDING, check=False)
        check.detail = f"“{done.stderr.strip()}”"
        if done.returncode == 0 or PACKAGE not in done.stderr:
            raise Broken(f"`transcribe` ended with {done.returncode} and said {check.detail}.")
    with story.report.check("the voice pane opens without the voice package"):
        closed, opened = story.picture("without-voice-closed"), story.picture("without-voice")
        with window_of(application, screen, story.picture("broken-without-voice")) as shown:
            still_picture(screen, closed)
            screen.xdotool("windowactivate", "--sync", shown)
            screen.press("ctrl+shift+v")
            screen.xdotool("keydown", "F8")
            screen.xdotool("keyup", "F8")
            still_picture(screen, opened, unlike=closed)
            closed.unlink()
        application.configure(language="zh_CN")
        with window_of(application, screen, story.picture("broken-without-voice-zh")):
            # The pane is open, as it was left.
            still_picture(screen, story.picture("without-voice-zh"))


def installation(story: "Story", _screen: Screen) -> None:
    """Install it beside the core, as a person would."""
    package = story.packages.voice
    with story.report.check("the voice package installs and voice appears") as check:
        if package is None:
            raise Broken("There is no voice package to test; `make package` makes it.")
        story.system.install(package, recommends=True)
        shutil.copyfile(POCKET_WHISPER, story.system.path(MODEL))
        os.chown(story.system.path(MODEL), UID, UID)
        format_ = "${Installed-Size}\n"
        names = ("assistant-app", PACKAGE)
        sizes = story.system.root_runs("dpkg-query", "-W", "-f", format_, *names).stdout.split()
        both = story.packages.core.stat().st_size + package.stat().st_size
        story.report.figure("both .debs", both / 1e6, "MB", most=180)
        story.report.figure("both installed", sum(map(int, sizes)) * 1024 / 1e6, "MB", most=720)
        application = InstalledApplication(story.system)
        check.detail = check_selftest(application, "--with-voice", "--speech-model", MODEL)
    if package is not None:
        with story.report.check("no library of voice is missing") as check:
            check.detail = f"{check_libraries(story.system, VOICE_TREE)} files looked at"


def conversation(story: "Story", screen: Screen) -> None:
    """Hold F8, speak into the microphone, let go: the question is understood, calculated, read aloud."""
    if story.packages.voice is None:
        return
    application = InstalledApplication(story.system)
    with story.report.check("a spoken question is understood and answered") as check:
        application.configure(language="en", speech_model=MODEL, speech_model_paths=[MODEL])
        before = {role: len(parts(application, role)) for role in ("user", "assistant")}
        with (
            _sound(story.system) as sound,
            window_of(application, screen, story.picture("broken-voice")) as shown,
            sound.recorder() as loudspeaker,
        ):
            still_picture(screen, story.picture("voice"))
            screen.xdotool("windowactivate", "--sync", shown)
            ended = speak_while_held(screen, sound, "F8", SPOKEN)
            wait_for("the answer", lambda: parts(application, "assistant")[before["assistant"] :])
            picture(screen, story.picture("voice"))
            loudspeaker.wait_for_sound(since=ended)
        asked = parts(application, "user")[before["user"] :]
        if [part["text"] for part in asked] != [SPOKEN]:
            raise Broken(f"“{SPOKEN}” was said, and the database holds {json.dumps(asked)}.")
        answer = parts(application, "assistant")[before["assistant"] :]
        if "calculator" not in [part.get("name") for part in answer if part["type"] == "tool_call"]:
            raise Broken(f"The calculator was not called; the answer is {json.dumps(answer)}.")
        text = "".join(str(part["text"]) for part in answer if part["type"] == "text")
        if RESULT not in text:
            raise Broken(f"The answer should say {RESULT}, and is “{text}”.")
        check.detail = f"“{text.strip()}”, and it was heard"


@contextmanager
def _sound(system: CleanSystem) -> Iterator[VirtualSound]:
    """Give the user the virtual microphone and loudspeaker of the tests; their server runs outside."""
    with virtual_sound_server() as sound:
        runtime = sound.folder / "run"
        # The server made them for its own user only; nobody else is on this side of the namespaces.
        for folder in (sound.folder, runtime, runtime / "pulse"):
            folder.chmod(0o755)
        system.share(sound.folder)
        kept = dict(system.environment)
        system.environment.update(
            {name: sound.pulse[name] for name in ("PULSE_SERVER", "ALSA_CONFIG_PATH")}
        )
        try:
            yield sound
        finally:
            system.environment.clear()
            system.environment.update(kept)
            system.unshare(sound.folder)
