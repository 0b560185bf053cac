"""A verified hint changes how long decoding takes, never what is written."""

import random
from typing import Any

import pytest

from assistant_app.core.errors import Cancelled
from assistant_app.core.voice import ListenOptions
from assistant_app.engines.whisper.listener import Decoded, Wish
from assistant_app.engines.whisper.model import SpeechModel
from assistant_app.engines.whisper.session import Session
from tests.fixtures.spoken import pcm
from tests.integration.recognising.conftest import Say, counted_passes
from tests.integration.recognising.test_fast_path import noise

LIMIT = 24


def wrong_at(tokens: tuple[int, ...], place: int) -> list[int]:
    return [*tokens[:place], (tokens[place] + 1) % 50000, *tokens[place + 1 :]]


def hints_for(tokens: tuple[int, ...], seed: int) -> list[list[int]]:
    """Return right, short, long and wrong hints for a text."""
    last = len(tokens) - 1
    other = random.Random(seed).choices(range(50000), k=len(tokens))
    return [
        list(tokens),
        list(tokens[: last // 2]),
        wrong_at(tokens, 0),
        wrong_at(tokens, last // 2),
        wrong_at(tokens, last),
        [*tokens, *other],
        other,
    ]


@pytest.mark.parametrize("case", range(30))
def test_a_hint_changes_nothing_with_random_weights(case: int, toys: list[SpeechModel]) -> None:
    model = toys[case % 3]
    features = model.encode(noise(case, 1.0 + case / 10), 512)
    plain = model.decode(features, Wish("en"), LIMIT)
    assert len(plain.tokens) > 4
    hint = hints_for(plain.tokens, case)[case % 7]
    hinted = model.decode(features, Wish("en"), LIMIT, hint)
    assert hinted.tokens == plain.tokens
    assert hinted.avg_logprob == pytest.approx(plain.avg_logprob, abs=1e-3)
    assert hinted.no_speech_prob == pytest.approx(plain.no_speech_prob, abs=1e-4)


def test_a_hint_changes_nothing_with_a_trained_model(pocket: SpeechModel, listening: Any) -> None:
    """In eight bits inputs are rounded by the largest of a pass: of two likely texts the other may win."""
    differ = 0
    for number, (sound, _) in enumerate(listening.clips(12, seed=31)):
        features = pocket.encode(sound, 512)
        plain = pocket.decode(features, Wish(), 60)
        hints = hints_for(plain.tokens, number)
        differ += not all(same(pocket.decode(features, Wish(), 60, hint), plain) for hint in hints)
    assert differ <= (2 if pocket.quantised_parts else 0)


def same(one: Decoded, other: Decoded) -> bool:
    return (one.tokens, one.text, one.ended) == (other.tokens, other.text, other.ended)


def test_a_right_hint_needs_one_pass_of_the_decoder(
    toys: list[SpeechModel], monkeypatch: pytest.MonkeyPatch
) -> None:
    model = toys[0]
    features = model.encode(noise(0, 2.0), 512)
    tokens = model.decode(features, Wish("en"), LIMIT).tokens
    steps: list[int] = []
    hidden = model.hidden

    def counting(tokens: list[int], *rest: Any) -> Any:
        steps.append(len(tokens))
        return hidden(tokens, *rest)

    monkeypatch.setattr(model, "hidden", counting)
    hinted = model.decode(features, Wish("en"), LIMIT, tokens)
    assert hinted.hint_tokens == len(tokens) == LIMIT
    assert steps == [4 + LIMIT]


def test_what_was_heard_while_the_key_was_held_is_not_decoded_again(
    pocket: SpeechModel, session: Session, say: Say
) -> None:
    sound = pcm(say("Add milk and bread to my shopping list."))
    session.take("a", 0, sound[: len(sound) * 7 // 10 // 2 * 2])
    partial = session.recognise(pocket, ListenOptions(), final=False)
    assert partial.text and partial.encoder_passes == 1
    session.take("a", len(sound) * 7 // 10 // 2, sound[len(sound) * 7 // 10 // 2 * 2 :])
    final = session.recognise(pocket, ListenOptions(), final=True)
    assert final.text == "Add milk and bread to my shopping list."
    assert final.hint_tokens >= 3
    assert final.encoder_passes == 1


def test_silence_after_the_last_word_costs_nothing(pocket: SpeechModel, session: Session, say: Say) -> None:
    """A partial that has heard everything is the final text."""
    sound = pcm(say("What time is it in Tokyo?", after_s=0.5))
    session.take("a", 0, sound)
    partial = session.recognise(pocket, ListenOptions(), final=False)
    session.take("a", len(sound) // 2, bytes(16000))
    with counted_passes(pocket) as passes:
        final = session.recognise(pocket, ListenOptions(), final=True)
    assert final.text == partial.text == "What time is it in Tokyo?"
    assert passes == [] and final.encoder_passes == 0
    assert final.hint_tokens == final.tokens


def test_another_language_or_window_is_heard_anew(pocket: SpeechModel, session: Session, say: Say) -> None:
    session.take("a", 0, pcm(say("What time is it in Tokyo?")))
    session.recognise(pocket, ListenOptions(), final=False)
    assert session.recognise(pocket, ListenOptions(full_window=True), final=True).encoder_passes == 1


def test_a_stopped_partial_leaves_its_tokens_as_a_hint(
    pocket: SpeechModel, session: Session, say: Say, monkeypatch: pytest.MonkeyPatch
) -> None:
    session.take("a", 0, pcm(say("Convert 12 kilometres to miles.")))
    steps = 0
    hidden = pocket.hidden

    def stopping(tokens: list[int], *rest: Any) -> Any:
        nonlocal steps
        steps += 1
        if steps == 6:
            pocket.stop.set()
        return hidden(tokens, *rest)

    monkeypatch.setattr(pocket, "hidden", stopping)
    with pytest.raises(Cancelled):
        session.recognise(pocket, ListenOptions(), final=False)
    pocket.stop.clear()
    final = session.recognise(pocket, ListenOptions(), final=True)
    assert final.text == "Convert 12 kilometres to miles."
    assert final.hint_tokens >= 4


def test_a_stop_ends_the_encoder_between_its_layers(pocket: SpeechModel) -> None:
    pocket.stop.set()
    try:
        with pytest.raises(Cancelled):
            pocket.encode(noise(0, 2.0), 512)
    finally:
        pocket.stop.clear()
