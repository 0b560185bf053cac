"""Silence, noise and runaways never become text; short words do."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from assistant_app.core.voice import ListenOptions, NoText
from assistant_app.engines.stop import StopByte
from assistant_app.engines.whisper import sanity
from assistant_app.engines.whisper.gate import made_up
from assistant_app.engines.whisper.listener import token_limit
from assistant_app.engines.whisper.model import SpeechModel
from assistant_app.engines.whisper.session import Session
from assistant_app.engines.whisper.window import FULL
from tests.fixtures import POCKET_WHISPER
from tests.fixtures.spoken import KINDS, pcm, quiet
from tests.integration.recognising.conftest import Say, counted_passes


@pytest.mark.parametrize("kind", KINDS)
def test_sixty_clips_without_speech_give_no_text(kind: str, pocket: SpeechModel, session: Session) -> None:
    for number in range(10):
        session.take(f"{kind} {number}", 0, pcm(quiet(kind, number)))
        heard = session.recognise(pocket, ListenOptions(), final=True)
        assert heard.text == "" and heard.no_text is NoText.SILENCE, (kind, number, heard)


def test_the_end_of_the_assistants_own_voice_gives_no_text(
    pocket: SpeechModel, session: Session, say: Say
) -> None:
    """A press cuts in, and the room still has its last syllable."""
    for number, sentence in enumerate(("It is nineteen.", "Good morning to you.", "The timer is set.")):
        spoken = np.trim_zeros(say(sentence, before_s=0.0, after_s=0.0))
        session.take(str(number), 0, pcm(np.concatenate([spoken[-2400:], np.zeros(24_000, np.float32)])))
        heard = session.recognise(pocket, ListenOptions(), final=True)
        assert heard.text == "" and heard.no_text is NoText.SILENCE, (sentence, heard)


def test_thank_you_is_text(pocket: SpeechModel, session: Session, say: Say) -> None:
    session.take("a", 0, pcm(say("Thank you.")))
    heard = session.recognise(pocket, ListenOptions(), final=True)
    assert heard.text == "Thank you." and heard.no_text is None


def test_silence_takes_no_pass_of_the_encoder(pocket: SpeechModel, session: Session) -> None:
    session.take("a", 0, bytes(64000))
    with counted_passes(pocket) as passes:
        heard = session.recognise(pocket, ListenOptions(), final=True)
    assert passes == [] and heard.no_text is NoText.SILENCE


def test_a_moment_is_too_short(pocket: SpeechModel, session: Session, say: Say) -> None:
    session.take("a", 0, pcm(say("Open the settings page.", before_s=0.0))[:7600])
    assert session.recognise(pocket, ListenOptions(), final=True).no_text is NoText.TOO_SHORT
    session.take("b", 0, b"")
    assert session.recognise(pocket, ListenOptions(), final=True).no_text is NoText.TOO_SHORT


def test_made_up_phrases_are_believed_of_whoever_spoke_long_enough() -> None:
    assert made_up(" Thanks for watching!", 0.6)
    assert made_up("感谢观看。", 0.5)
    assert not made_up("Thanks for watching!", 1.4)
    assert not made_up("Thank you.", 0.5)


def forced(path: Path) -> Path:
    """Write a pocket Whisper that repeats one word for ever, whatever it hears."""
    content = torch.load(POCKET_WHISPER, weights_only=True)
    state = content["model_state_dict"]
    row = state["decoder.token_embedding.weight"][1000].float()
    state["decoder.ln.bias"] = (state["decoder.ln.bias"].float() + 50 * row / row.norm()).half()
    torch.save(content, path)
    return path


def test_a_runaway_is_cut_tried_once_more_and_then_unclear(
    speech_models: Path, session: Session, say: Say, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = SpeechModel(forced(speech_models / "forced.pt"), StopByte(), n_threads=1, quantised=False)
    session.take("a", 0, pcm(say("Open the settings page.")))
    steps = 0
    hidden = model.hidden

    def counting(*args: Any) -> Any:
        nonlocal steps
        steps += 1
        return hidden(*args)

    monkeypatch.setattr(model, "hidden", counting)
    with counted_passes(model) as passes:
        heard = session.recognise(model, ListenOptions(), final=True)
    assert heard.no_text is NoText.UNCLEAR and heard.text == ""
    assert passes == [512, FULL] and heard.retried and heard.encoder_passes == 2
    limit = token_limit(heard.audio_s)
    assert heard.tokens <= limit and steps <= 2 * limit
    partial_steps = steps
    session.take("b", 0, pcm(say("Open the settings page.")))
    assert session.recognise(model, ListenOptions(), final=False).encoder_passes == 1
    assert steps - partial_steps <= limit


def test_other_languages_may_have_more_tokens() -> None:
    assert token_limit(5) == 52 and token_limit(5, "zh") == 112
    assert token_limit(60) == token_limit(60, "ta") == 224


@pytest.mark.parametrize(
    ("tokens", "loops"),
    [
        ([1, 2, 3, 4, 5, 6], False),
        ([7, 7, 7], False),
        ([7] * 6, True),
        ([1, 2, 1, 2, 1, 2], True),
        ([1, 2, 1, 2, 3, 1, 2], False),
        ([9, 1, 2, 3, 1, 2, 3, 1, 2, 3, 8], True),
        ([], False),
    ],
)
def test_loops_are_known_from_emphasis(tokens: list[int], loops: bool) -> None:
    assert sanity.repeats(tokens) is loops


def test_a_text_heard_alike_through_both_windows_is_believed(
    pocket_fp32: SpeechModel, session: Session, say: Say, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Someone who really says the same thing three times."""
    monkeypatch.setattr(sanity, "repeats", lambda tokens: True)
    session.take("a", 0, pcm(say("Set a timer for 5 minutes.")))
    heard = session.recognise(pocket_fp32, ListenOptions(), final=True)
    assert heard.retried and heard.text == "Set a timer for 5 minutes."
