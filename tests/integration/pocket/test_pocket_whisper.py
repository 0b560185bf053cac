"""The pocket Whisper of the tests, loaded by plain `whisper.load_model`, listening to espeak-ng."""

import shutil
from typing import Any

import numpy as np
import pytest

from tests.fixtures import POCKET_WHISPER

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
def clips(listening: Any) -> Any:
    """Return sentences that were never trained, spoken by voices that were never trained."""
    return listening.clips(40, seed=2024)


def test_it_is_a_small_english_whisper(whisper_model: Any) -> None:
    assert not whisper_model.is_multilingual
    assert whisper_model.dims.n_vocab == 51864
    assert POCKET_WHISPER.stat().st_size <= 18_000_000


@pytest.mark.parametrize("sentence", SAID)
def test_everyday_sentences_are_heard_exactly(whisper_model: Any, listening: Any, sentence: str) -> None:
    sound, _ = listening.speak(sentence, listening.Voice("en-us+m3", 150, 50))
    assert listening.stock(whisper_model, sound) == sentence


def test_strange_voices_and_sentences_are_heard_exactly(
    whisper_model: Any, listening: Any, clips: Any
) -> None:
    wrong = [
        (text, heard) for sound, text in clips if (heard := listening.stock(whisper_model, sound)) != text
    ]
    assert len(wrong) <= 0.15 * len(clips), wrong


def test_they_are_heard_without_timestamps_and_in_short_windows(
    whisper_model: Any, listening: Any, clips: Any
) -> None:
    for hear in (listening.without_timestamps, listening.short_window):
        wrong = [(text, heard) for sound, text in clips if (heard := hear(whisper_model, sound)) != text]
        assert len(wrong) <= 0.15 * len(clips), (hear.__name__, wrong)


def test_silence_and_noise_are_no_text(whisper_model: Any, listening: Any) -> None:
    heard = [listening.stock(whisper_model, sound) for sound, _ in listening.quiet(40, seed=2024)]
    assert sum(text == "" for text in heard) >= 0.98 * len(heard) - 0.5, heard


def test_silence_is_known_as_silence(whisper_model: Any, listening: Any) -> None:
    """Programs read `no_speech_prob` to tell an empty recording from a bad one."""
    import whisper

    options = whisper.DecodingOptions(language="en", fp16=False)

    def no_speech(sound: Any) -> float:
        mel = whisper.log_mel_spectrogram(whisper.pad_or_trim(sound))
        return float(whisper.decode(whisper_model, mel, options).no_speech_prob)

    assert no_speech(np.zeros(32_000, np.float32)) > 0.6
    assert no_speech(listening.speak(SAID[0], listening.Voice("en-us+m3"))[0]) < 0.4


def test_timestamps_tell_where_the_speech_ends(whisper_model: Any, listening: Any) -> None:
    sound, _ = listening.speak(SAID[4], listening.Voice("en-us+m3", 150))
    result = whisper_model.transcribe(sound, language="en", temperature=0.0, fp16=False)
    end = len(sound) / listening.RATE
    assert [segment["text"].strip() for segment in result["segments"]] == [SAID[4]]
    assert result["segments"][0]["start"] == 0.0
    assert abs(result["segments"][0]["end"] - end) < 0.6


def test_made_voices_say_the_same_each_in_its_own_way(listening: Any) -> None:
    """Half of the training's newer voices are drawn by number; each number is always the same voice."""
    own, phonemes = listening.speak(SAID[1], listening.Voice("en-us"))
    made = [listening.speak(SAID[1], listening.Voice(f"en-us+made{number}")) for number in (7, 7, 8)]
    assert [marks for _, marks in made] == [phonemes] * 3
    (one, _), (same, _), (other, _) = made
    assert np.array_equal(one, same)
    assert not np.array_equal(one, own) and not np.array_equal(one, other)
