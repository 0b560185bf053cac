"""The fast path: one encoder pass over a short window, and the very text that stock whisper writes there."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import whisper

from assistant_app.core.voice import ListenOptions
from assistant_app.engines.stop import StopByte
from assistant_app.engines.whisper.listener import Wish, token_limit
from assistant_app.engines.whisper.model import SpeechModel
from assistant_app.engines.whisper.quantise import eight_bits, plain
from assistant_app.engines.whisper.session import Session
from assistant_app.engines.whisper.window import FULL, positions_of, spectrogram
from tests.fixtures.random_whisper import make_random_whisper
from tests.fixtures.spoken import pcm, word_errors
from tests.integration.recognising.conftest import Say, always, counted_passes


def noise(seed: int, seconds: float) -> Any:
    return (np.random.default_rng(seed).normal(size=int(16000 * seconds)) * 0.1).astype(np.float32)


def stock(path: Path, sound: Any, positions: int, limit: int) -> list[int]:
    """Return the tokens of whisper's own decode() in the same window."""
    model = whisper.load_model(str(path), device="cpu")
    model.encoder.positional_embedding = model.encoder.positional_embedding[:positions]
    model.dims.n_audio_ctx = positions
    options = whisper.DecodingOptions(
        language="en", without_timestamps=True, fp16=False, sample_len=limit, temperature=0.0
    )
    return list(whisper.decode(model, spectrogram(sound, positions, 80)[0], options).tokens)


@pytest.mark.parametrize(
    ("seconds", "positions"),
    [(0.3, 512), (3, 512), (5, 512), (8, 576), (10, 640), (20, 1152), (27, 1500), (60, 1500)],
)
def test_the_window_has_a_floor_spare_room_and_an_end(seconds: float, positions: int) -> None:
    assert positions_of(seconds) == positions


@pytest.mark.parametrize("size", ["tiny", "base"])
def test_one_pass_and_the_text_of_stock_whisper_at_true_sizes(size: str, speech_models: Path) -> None:
    path = make_random_whisper(speech_models / f"{size}.pt", size)
    model = SpeechModel(path, StopByte(), n_threads=1, quantised=False)
    for seconds in (3.0, 10.0):
        sound, positions = noise(int(seconds), seconds), positions_of(seconds)
        with counted_passes(model) as passes:
            decoded = model.decode(model.encode(sound, positions), Wish("en"), 10)
        assert passes == [positions]
        assert list(decoded.tokens) == stock(path, sound, positions, 10)
        assert len(decoded.tokens) == 10


def test_it_is_the_text_of_stock_whisper_for_many_sounds(speech_models: Path) -> None:
    for seed in range(6):
        path = make_random_whisper(speech_models / f"many {seed}.pt", "toy", seed=20 + seed)
        model, sound = SpeechModel(path, StopByte(), n_threads=1, quantised=False), noise(seed, 2.0)
        decoded = model.decode(model.encode(sound, 512), Wish("en"), token_limit(2.0))
        assert list(decoded.tokens) == stock(path, sound, 512, token_limit(2.0))


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


def test_a_model_that_gains_nothing_stays_as_it_is(speech_models: Path) -> None:
    path = make_random_whisper(speech_models / "no gain.pt", "toy", seed=9)
    model = SpeechModel(path, StopByte(), n_threads=1, gains=lambda *_: False)
    assert model.quantised_parts == ()
    assert "not faster" in model.note


def test_without_torch_quantisation_it_works_in_32_bits_and_says_so(
    speech_models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = make_random_whisper(speech_models / "guard.pt", "toy", seed=7)
    plain = SpeechModel(path, StopByte(), n_threads=1, quantised=False)
    monkeypatch.delattr(torch, "quantize_per_channel")
    guarded = SpeechModel(path, StopByte(), n_threads=1, gains=always)
    assert guarded.quantised_parts == ()
    assert "no products in eight bits" in guarded.note
    sound = noise(1, 2.0)
    texts = [model.decode(model.encode(sound, 512), Wish("en"), 20).tokens for model in (guarded, plain)]
    assert texts[0] == texts[1]


@pytest.mark.filterwarnings("error")
def test_deprecations_of_torch_reach_nobody(speech_models: Path) -> None:
    path = make_random_whisper(speech_models / "loud.pt", "toy", seed=8)
    model = SpeechModel(path, StopByte(), n_threads=1, gains=always)
    assert model.quantised_parts == ("encoder", "decoder", "vocabulary")


def test_eight_bits_are_close_to_thirty_two() -> None:
    matrix, added = torch.randn(300, 64), torch.randn(300)
    x = torch.randn(1, 5, 64)
    exact, rough = plain(matrix, added)(x), eight_bits(matrix, added)(x)
    assert (exact - rough).abs().max() < 0.03 * exact.abs().max()
