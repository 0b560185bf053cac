"""The pocket Whisper of the tests, loaded by plain `whisper.load_model`, listening to espeak-ng."""

import shutil
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from .conftest import POCKET_SCRIPTS

MODEL = Path(__file__).parents[2] / "fixtures" / "pocket-whisper.pt"
SCRIPTS = POCKET_SCRIPTS / "whisper"

pytestmark = pytest.mark.skipif(
    not shutil.which("espeak-ng"), reason="espeak-ng is not installed; scripts/setup.sh test installs it"
)

SAID = [
    "What is 12 plus 7?",
    "What time is it in Tokyo?",
    "Set a timer for 5 minutes.",
    "Remind me to call mum tomorrow at 9.",
    "Add milk and bread to my shopping list.",
    "Convert 12 kilometres to miles.",
    "Open the settings page.",
    "My name is Ada.",
]


@pytest.fixture(scope="module")
def listening() -> Any:
    """Return the evaluation of the training scripts, with its ways to listen and its clips."""
    pytest.importorskip(
        "whisper", reason="openai-whisper is not installed; scripts/setup.sh test installs it"
    )
    sys.path.insert(0, str(SCRIPTS))
    try:
        import evaluate_whisper
    finally:
        sys.path.remove(str(SCRIPTS))
    return evaluate_whisper


@pytest.fixture(scope="module")
def model(listening: Any) -> Any:
    import torch
    import whisper

    torch.set_num_threads(1)
    return whisper.load_model(str(MODEL), device="cpu")


@pytest.fixture(scope="module")
def clips(listening: Any) -> Any:
    """Return sentences that were never trained, spoken by voices that were never trained."""
    return listening.clips(40, seed=2024)


def test_it_is_a_small_english_whisper(model: Any) -> None:
    assert not model.is_multilingual
    assert model.dims.n_vocab == 51864
    assert MODEL.stat().st_size <= 18_000_000


@pytest.mark.parametrize("sentence", SAID)
def test_everyday_sentences_are_heard_exactly(model: Any, listening: Any, sentence: str) -> None:
    sound, _ = listening.speak(sentence, listening.Voice("en-us+m3", 150, 50))
    assert listening.stock(model, sound) == sentence


def test_strange_voices_and_sentences_are_heard_exactly(model: Any, listening: Any, clips: Any) -> None:
    wrong = [(text, heard) for sound, text in clips if (heard := listening.stock(model, sound)) != text]
    assert len(wrong) <= 0.25 * len(clips), wrong


def test_they_are_heard_without_timestamps_and_in_short_windows(
    model: Any, listening: Any, clips: Any
) -> None:
    for hear in (listening.without_timestamps, listening.short_window):
        wrong = [(text, heard) for sound, text in clips if (heard := hear(model, sound)) != text]
        assert len(wrong) <= 0.25 * len(clips), (hear.__name__, wrong)


def test_silence_and_noise_are_no_text(model: Any, listening: Any) -> None:
    heard = [listening.stock(model, sound) for sound, _ in listening.quiet(40, seed=2024)]
    assert sum(text == "" for text in heard) >= 0.98 * len(heard) - 0.5, heard


def test_silence_is_known_as_silence(model: Any, listening: Any) -> None:
    """Programs read `no_speech_prob` to tell an empty recording from a bad one."""
    import whisper

    options = whisper.DecodingOptions(language="en", fp16=False)

    def no_speech(sound: Any) -> float:
        mel = whisper.log_mel_spectrogram(whisper.pad_or_trim(sound))
        return float(whisper.decode(model, mel, options).no_speech_prob)

    assert no_speech(np.zeros(32_000, np.float32)) > 0.6
    assert no_speech(listening.speak(SAID[0], listening.Voice("en-us+m3"))[0]) < 0.4


def test_timestamps_tell_where_the_speech_ends(model: Any, listening: Any) -> None:
    sound, _ = listening.speak(SAID[4], listening.Voice("en-us+m3", 150))
    result = model.transcribe(sound, language="en", temperature=0.0, fp16=False)
    end = len(sound) / listening.RATE
    assert [segment["text"].strip() for segment in result["segments"]] == [SAID[4]]
    assert result["segments"][0]["start"] == 0.0
    assert abs(result["segments"][0]["end"] - end) < 0.6
