"""Sound files become text window by window; stopped, damaged or silent ones give what there is."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from assistant_app import own_program
from assistant_app.app_voice import DeviceVoiceParts
from assistant_app.core.errors import Busy, Cancelled, EngineStopped, ModelError
from assistant_app.core.events import Event, FileProgress
from assistant_app.core.voice import (
    Heard,
    ListenOptions,
    NoText,
    Segment,
    SpeechMissing,
    SpeechModelInfo,
    SpeechNotInstalled,
    SpeechPlan,
    TranscriptIncomplete,
)
from assistant_app.paths import Paths
from assistant_app.settings import SettingsFile
from assistant_app.speech.files import SoundFileError
from assistant_app.worker.voice.transcribing import FileTranscriber
from tests.fixtures.espeak import say
from tests.fixtures.spoken import write_wav

RATE = 16_000


class Windows:
    """A recogniser that understands each window as the test says; what it was asked is kept."""

    def __init__(self, *heard: Heard | Exception) -> None:
        self.heard = list(heard)
        self.asked: list[tuple[float, ListenOptions]] = []
        """Seconds of sound and wishes of each window."""
        self.alive = True
        self.gate: asyncio.Event | None = None
        self.began = asyncio.Event()
        self._cancelled = asyncio.Event()

    async def load(self, plan: SpeechPlan) -> SpeechModelInfo:
        return SpeechModelInfo(plan.name, plan.path, True, ("en",), 1, False)

    async def feed(self, utterance: str, samples: bytes) -> Heard:
        raise NotImplementedError

    partial = feed  # type: ignore[assignment]

    async def final(self, utterance: str, samples: bytes, options: ListenOptions) -> Heard:
        self.asked.append((len(samples) / 2 / RATE, options))
        self.began.set()
        if self.gate is not None:
            waits = {asyncio.ensure_future(one.wait()) for one in (self.gate, self._cancelled)}
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
            for one in waits:
                one.cancel()
            if self._cancelled.is_set():
                raise Cancelled()
        answer = self.heard.pop(0) if self.heard else Heard(no_text=NoText.SILENCE, consumed_s=30.0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def cancel(self) -> None:
        self._cancelled.set()

    async def stop(self) -> None:
        self.alive = False


def understood(text: str, start_s: float, end_s: float, consumed_s: float, language: str = "en") -> Heard:
    return Heard(
        text=text, language=language, segments=(Segment(start_s, end_s, text),), consumed_s=consumed_s
    )


@pytest.fixture
def minute(tmp_path: Path) -> Path:
    """Seventy seconds."""
    return write_wav(tmp_path / "talk.wav", bytes(70 * RATE * 2))


@pytest.fixture
def events() -> list[Event]:
    return []


Make = Callable[[Windows], FileTranscriber]


@pytest.fixture
def make(events: list[Event]) -> Make:
    def transcriber(engine: Windows) -> FileTranscriber:
        return FileTranscriber(
            lambda model: SpeechPlan(model or "chosen.pt", "chosen"),
            lambda: engine,
            lambda: ListenOptions(language=""),
            events.append,
        )

    return transcriber


async def test_the_next_window_begins_where_the_last_one_was_understood(make: Make, minute: Path) -> None:
    engine = Windows(
        understood("one", 1.0, 20.0, 22.0), understood("two", 0.5, 27.0, 28.0), understood("three", 0, 19, 20)
    )
    transcript = await make(engine).transcribe_file(minute)
    assert [round(seconds) for seconds, _options in engine.asked] == [30, 30, 20]
    assert [(one.start_s, one.end_s, one.text) for one in transcript.segments] == [
        (1.0, 20.0, "one"),
        (22.5, 49.0, "two"),
        (50.0, 69.0, "three"),
    ]
    assert transcript.duration_s == pytest.approx(70.0, abs=0.01)
    assert transcript.text == "one two three"
    assert not engine.alive


async def test_every_window_has_times_and_the_whole_window(make: Make, minute: Path) -> None:
    engine = Windows()
    await make(engine).transcribe_file(minute, ListenOptions(language="en", prompt="Ada"))
    assert all(wish.timestamps and wish.full_window and wish.prompt == "Ada" for _s, wish in engine.asked)


async def test_a_language_that_was_found_out_is_kept(make: Make, minute: Path) -> None:
    silence = Heard(no_text=NoText.SILENCE, consumed_s=30.0, language="ja")
    engine = Windows(silence, understood("你好", 0, 2, 30, "zh"), understood("世界", 0, 2, 10, "zh"))
    transcript = await make(engine).transcribe_file(minute)
    assert [wish.language for _seconds, wish in engine.asked] == ["", "", "zh"]
    assert (transcript.language, transcript.text) == ("zh", "你好世界")


async def test_a_translation_is_english(make: Make, minute: Path) -> None:
    engine = Windows(understood("hello", 0, 2, 30, "zh"))
    transcript = await make(engine).transcribe_file(minute, ListenOptions("zh", translate=True))
    assert transcript.language == "en"


async def test_progress_brings_the_text_so_far_and_ends_at_one(
    make: Make, minute: Path, events: list[Event]
) -> None:
    engine = Windows(understood("one", 1, 2, 30), understood("two", 1, 2, 30))
    await make(engine).transcribe_file(minute)
    told = [event for event in events if isinstance(event, FileProgress)]
    assert [event.fraction for event in told] == sorted(event.fraction for event in told)
    assert (told[0].fraction, told[-1].fraction) == (0.0, 1.0)
    assert [event.text for event in told] == ["", "one", "one two", "one two", "one two"]
    assert told[-1].segments[1].start_s == 31.0


async def test_a_window_that_makes_no_headway_does_not_go_on_for_ever(make: Make, minute: Path) -> None:
    engine = Windows(*[understood("x", 0, 0.02, 0.02) for _window in range(200)])
    await make(engine).transcribe_file(minute)
    assert len(engine.asked) <= 71


async def test_silence_is_an_empty_transcript(make: Make, minute: Path) -> None:
    transcript = await make(Windows()).transcribe_file(minute)
    assert transcript.segments == () and transcript.text == ""


async def test_stop_within_a_window_keeps_what_was_understood(make: Make, minute: Path) -> None:
    engine = Windows(understood("one", 1, 2, 30))
    transcriber = make(engine)
    work = asyncio.create_task(transcriber.transcribe_file(minute))
    while len(engine.asked) < 2:
        engine.gate = asyncio.Event() if engine.asked else None
        await asyncio.sleep(0)
    await transcriber.cancel_transcription()
    with pytest.raises(TranscriptIncomplete) as caught:
        await work
    assert caught.value.stopped
    assert caught.value.transcript.text == "one"
    assert not engine.alive


async def test_stop_before_any_text_is_just_a_stop(make: Make, minute: Path) -> None:
    engine = Windows()
    engine.gate = asyncio.Event()
    transcriber = make(engine)
    work = asyncio.create_task(transcriber.transcribe_file(minute))
    await engine.began.wait()
    await transcriber.cancel_transcription()
    with pytest.raises(Cancelled):
        await work


async def test_one_file_at_a_time_but_after_a_stop_the_next_may_begin_at_once(
    make: Make, minute: Path
) -> None:
    engine = Windows()
    engine.gate = asyncio.Event()
    transcriber = make(engine)
    first = asyncio.create_task(transcriber.transcribe_file(minute))
    await engine.began.wait()
    with pytest.raises(Busy):
        await transcriber.transcribe_file(minute)
    await transcriber.cancel_transcription()
    engine.gate = None
    transcript = await transcriber.transcribe_file(minute)
    assert transcript.segments == ()
    with pytest.raises(Cancelled):
        await first


async def test_an_engine_that_dies_leaves_what_was_understood(make: Make, minute: Path) -> None:
    engine = Windows(understood("one", 1, 2, 30), EngineStopped(reason="killed"))
    with pytest.raises(TranscriptIncomplete) as caught:
        await make(engine).transcribe_file(minute)
    assert caught.value.transcript.text == "one"
    assert not caught.value.stopped


async def test_an_engine_that_dies_at_once_says_why(make: Make, minute: Path) -> None:
    with pytest.raises(EngineStopped):
        await make(Windows(EngineStopped(reason="killed"))).transcribe_file(minute)


async def test_a_file_that_cannot_be_read_starts_no_engine(make: Make, tmp_path: Path) -> None:
    engine = Windows()
    with pytest.raises(SoundFileError):
        await make(engine).transcribe_file(tmp_path / "nothing.wav")
    assert engine.alive and not engine.asked


@pytest.fixture
def parts(paths: Paths, events: list[Event]) -> DeviceVoiceParts:
    return DeviceVoiceParts(paths, SettingsFile(paths.settings_file), events.append)


async def test_without_a_model_the_sentence_says_where_to_get_one(
    parts: DeviceVoiceParts, minute: Path
) -> None:
    with pytest.raises(SpeechMissing, match="Models → Speech"):
        await parts.transcribing.transcribe_file(minute)
    with pytest.raises(SpeechMissing, match="no-such-model"):
        await parts.transcribing.transcribe_file(minute, model="no-such-model")


async def test_without_an_engine_files_and_models_say_how_to_get_it(
    parts: DeviceVoiceParts, minute: Path, pocket_whisper: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(own_program, "SPEECH_MODULES", ("no_such_library",))
    for work in (
        parts.transcribing.transcribe_file(minute, model=pocket_whisper),
        parts.transcribing.transcribe_file(minute),
        parts.models.add_speech_model(Path(pocket_whisper)),
    ):
        with pytest.raises(SpeechNotInstalled, match="make run"):
            await work


async def test_a_real_recording_is_understood_by_the_real_engine(
    parts: DeviceVoiceParts, tmp_path: Path, pocket_whisper: str
) -> None:
    """A sentence, half a minute of a quiet room, and the sentence again."""
    pytest.importorskip("whisper", reason="openai-whisper is not installed")
    sentence = say("What time is it?")
    room = np.random.default_rng(1).normal(0, 3, 31 * RATE).astype("<i2").tobytes()
    path = write_wav(tmp_path / "talk.wav", sentence + room + sentence)
    transcript = await parts.transcribing.transcribe_file(path, model=pocket_whisper)
    await parts.close()
    assert len(transcript.segments) == 2
    assert all("what time is it" in one.text.lower() for one in transcript.segments)
    assert transcript.segments[1].start_s >= 29.0


async def test_a_file_that_is_no_model_is_said(parts: DeviceVoiceParts, minute: Path, tmp_path: Path) -> None:
    pytest.importorskip("whisper", reason="openai-whisper is not installed")
    (tmp_path / "letter.pt").write_bytes(b"Dear reader")
    with pytest.raises(ModelError):
        await parts.transcribing.transcribe_file(minute, model=str(tmp_path / "letter.pt"))
    await parts.close()
