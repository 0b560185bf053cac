"""The fast path: one encoder pass over a short window, and the very text that stock whisper writes there."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import whisper

from assistant_app.core.voice import ListenOptions
from assistant_app.engines.stop import StopByte
from assistant_app.engines.whisper.decoding import decode
from assistant_app.engines.whisper.listener import Wish, token_limit
from assistant_app.engines.whisper.model import SpeechModel
from assistant_app.engines.whisper.session import Session
from assistant_app.engines.whisper.window import FULL, cut, positions_of
from tests.fixtures.random_whisper import make_random_whisper
from tests.fixtures.spoken import pcm, word_errors
from tests.integration.recognising.conftest import Say, counted_passes, in_eight_bits


def noise(seed: int, seconds: float) -> Any:
    return (np.random.default_rng(seed).normal(size=int(16000 * seconds)) * 0.1).astype(np.float32)


def stock(model: SpeechModel, sound: Any, positions: int, limit: int) -> list[int]:
    """Return the tokens of whisper's own decode() in the same window."""
    mel = whisper.log_mel_spectrogram(whisper.pad_or_trim(sound, positions * 320))
    options = whisper.DecodingOptions(
        language="en", without_timestamps=True, fp16=False, sample_len=limit, temperature=0.0
    )
    with cut(model.whisper, positions):
        return list(whisper.decode(model.whisper, mel, options).tokens)


@pytest.mark.parametrize(
    ("seconds", "positions"),
    [(0.3, 512), (3, 512), (5, 512), (8, 576), (10, 640), (20, 1152), (27, 1500), (60, 1500)],
)
def test_the_window_has_a_floor_spare_room_and_an_end(seconds: float, positions: int) -> None:
    assert positions_of(seconds) == positions


@pytest.mark.parametrize("size", ["tiny", "base"])
def test_one_pass_and_the_text_of_stock_whisper_at_true_sizes(size: str, speech_models: Path) -> None:
    model = SpeechModel(
        make_random_whisper(speech_models / f"{size}.pt", size), StopByte(), n_threads=1, quantised=False
    )
    for seconds in (3.0, 10.0):
        sound, positions = noise(int(seconds), seconds), positions_of(seconds)
        with counted_passes(model) as passes:
            decoded = decode(model, model.encode(sound, positions), Wish("en"), 10)
        assert passes == [positions]
        assert list(decoded.tokens) == stock(model, sound, positions, 10)
        assert len(decoded.tokens) == 10


def test_it_is_the_text_of_stock_whisper_for_many_sounds(toys: list[SpeechModel]) -> None:
    for seed in range(12):
        model, sound = toys[seed % 3], noise(seed, 2.0)
        decoded = decode(model, model.encode(sound, 512), Wish("en"), token_limit(2.0))
        assert list(decoded.tokens) == stock(model, sound, 512, token_limit(2.0))


def test_a_final_takes_one_pass_of_the_short_window(pocket: SpeechModel, session: Session, say: Say) -> None:
    session.take("a", 0, pcm(say("Set a timer for 5 minutes.")))
    with counted_passes(pocket) as passes:
        heard = session.recognise(pocket, ListenOptions(), final=True)
    assert heard.text == "Set a timer for 5 minutes."
    assert passes == [512]
    assert (heard.encoder_passes, heard.window_positions, heard.retried) == (1, 512, False)


def test_the_full_window_can_be_asked_for(pocket: SpeechModel, session: Session, say: Say) -> None:
    session.take("a", 0, pcm(say("Set a timer for 5 minutes.")))
    heard = session.recognise(pocket, ListenOptions(full_window=True), final=True)
    assert heard.text == "Set a timer for 5 minutes."
    assert (heard.encoder_passes, heard.window_positions) == (1, FULL)


def test_fast_and_full_make_the_same_mistakes(pocket: SpeechModel, session: Session, listening: Any) -> None:
    """Word errors of the fast path against the 30 s window; the benchmark does it with 200 clips."""
    fast = full = words = 0
    for number, (sound, text) in enumerate(listening.clips(16, seed=77)):
        session.take(f"clip {number}", 0, pcm(sound))
        wanted = text.split()
        words += len(wanted)
        fast += word_errors(session.recognise(pocket, ListenOptions(), final=True).text.split(), wanted)
        full += word_errors(
            session.recognise(pocket, ListenOptions(full_window=True), final=True).text.split(), wanted
        )
    assert fast <= full + 0.01 * words + 1, (fast, full, words)


def test_eight_bits_are_in_every_part_that_gains(pocket_int8: SpeechModel) -> None:
    assert pocket_int8.quantised_parts == ("encoder", "decoder", "vocabulary")
    assert pocket_int8.note == ""


def test_a_model_that_gains_nothing_stays_as_it_is(toys: list[SpeechModel]) -> None:
    from assistant_app.engines.whisper.quantise import quantise

    done = quantise(toys[0].whisper, lambda before, after, example: False)
    assert done.parts == ()
    assert "not faster" in done.note


def test_without_torch_quantisation_it_works_in_32_bits_and_says_so(
    speech_models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "torch.ao.quantization", None)
    path = make_random_whisper(speech_models / "guard.pt", "toy", seed=7)
    guarded = SpeechModel(path, StopByte(), n_threads=1)
    plain = SpeechModel(path, StopByte(), n_threads=1, quantised=False)
    assert guarded.quantised_parts == ()
    assert "no eight-bit layers" in guarded.note
    sound = noise(1, 2.0)
    texts = [decode(m, m.encode(sound, 512), Wish("en"), 20).tokens for m in (guarded, plain)]
    assert texts[0] == texts[1]


@pytest.mark.filterwarnings("error::DeprecationWarning")
def test_deprecations_of_torch_reach_nobody(speech_models: Path) -> None:
    path = make_random_whisper(speech_models / "loud.pt", "toy", seed=8)
    model = SpeechModel(path, StopByte(), n_threads=1, quantised=False)
    assert in_eight_bits(model).parts == ("encoder", "decoder", "vocabulary")
