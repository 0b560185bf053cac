"""An utterance as it grows: gaps, long ones in pieces, languages, prompts, times."""

import itertools
from typing import Any

import numpy as np
import pytest

from assistant_app.core.errors import RequestInvalid
from assistant_app.core.voice import ListenOptions, NoText, SpeechGap
from assistant_app.engines.whisper.decoding import _Rules
from assistant_app.engines.whisper.gate import LONGEST_PIECE_S
from assistant_app.engines.whisper.listener import PROMPT_TOKENS, Decoded, Wish
from assistant_app.engines.whisper.model import SpeechModel
from assistant_app.engines.whisper.session import Session
from tests.fixtures.spoken import pcm
from tests.integration.recognising.conftest import Say, counted_passes
from tests.integration.recognising.test_fast_path import noise

SAID = ["Set a timer for 5 minutes.", "What time is it in Tokyo?", "Open the settings page."]


def test_sound_may_come_in_crumbs_and_twice(pocket_fp32: SpeechModel, session: Session, say: Say) -> None:
    sound = pcm(say(SAID[1]))
    at = 0
    while at < len(sound):
        session.take("a", max(0, at // 2 - 100), sound[max(0, at - 200) : at + 778])
        at += 778
    heard = session.recognise(pocket_fp32, ListenOptions(), final=True)
    assert heard.text == SAID[1]
    assert heard.audio_s == pytest.approx(len(sound) / 32000)


def test_a_gap_is_refused_and_the_whole_sound_helps(
    pocket_fp32: SpeechModel, session: Session, say: Say
) -> None:
    sound = pcm(say(SAID[0]))
    with pytest.raises(SpeechGap):
        session.take("a", 1600, sound[3200:])
    session.take("a", 0, sound)
    assert session.recognise(pocket_fp32, ListenOptions(), final=True).text == SAID[0]


def test_it_says_how_much_was_spoken_and_how_long_it_has_been_quiet(session: Session, say: Say) -> None:
    sound = say(SAID[0], before_s=1.0, after_s=1.5)
    session.take("a", 0, pcm(sound))
    heard = session.heard()
    spoken = len(sound) / 16000 - 2.5
    assert heard.audio_s == pytest.approx(spoken + 2.5)
    assert heard.speech_s == pytest.approx(spoken, abs=0.5)
    # espeak-ng ends each sentence with a little silence of its own.
    assert 1.4 <= heard.trailing_silence_s <= 2.0


def test_a_minute_is_heard_in_pieces_and_each_only_once(
    pocket_fp32: SpeechModel, session: Session, say: Say
) -> None:
    said = [SAID[n % 3] for n in range(18)]
    whole = np.concatenate([say(text, 0.1, 0.5) for text in said])
    assert len(whole) / 16000 > LONGEST_PIECE_S + 5
    sound = pcm(whole)
    passes = []
    for end in range(0, len(sound), 16000 * 2 * 8):
        session.take("long", 0, sound[:end])
        if end:
            passes.append(session.recognise(pocket_fp32, ListenOptions(), final=False).encoder_passes)
    session.take("long", 0, sound)
    with counted_passes(pocket_fp32) as windows:
        heard = session.recognise(pocket_fp32, ListenOptions(), final=True)
    # The pocket model hears one sentence where there are many, so its last piece may be tried twice.
    assert len(windows) == heard.encoder_passes <= 2
    assert max(passes) <= 2
    # That none is lost is told by where the pieces end.
    pieces = session._finder.pieces()
    assert len(pieces) >= 2 and all(piece.seconds <= LONGEST_PIECE_S for piece in pieces)
    assert all(one.end == other.begin for one, other in itertools.pairwise(pieces))
    assert pieces[-1].end >= len(whole) - 16000


def test_a_long_text_that_was_not_understood_leaves_a_mark(
    pocket_fp32: SpeechModel, session: Session, say: Say
) -> None:
    from assistant_app.engines.whisper import session as module
    from assistant_app.engines.whisper.recognising import Piece

    clear = pocket_fp32.decode(pocket_fp32.encode(say(SAID[0]), 512), Wish(), 40)
    pieces = [Piece(clear, None, 512), Piece(clear, NoText.UNCLEAR, 1500, passes=2)]
    assert module._report(session.heard(), pieces, ListenOptions(), 3, 0).text == f"{SAID[0]} …"
    lost = module._report(session.heard(), pieces[1:], ListenOptions(), 2, 0)
    assert lost.text == "" and lost.no_text is NoText.UNCLEAR


def test_the_language_is_found_in_the_same_pass(toys: list[SpeechModel]) -> None:
    for number, model in enumerate(toys):
        sound = noise(number, 2.0)
        with counted_passes(model) as passes:
            features = model.encode(sound, 512)
            found = model.decode(features, Wish(""), 12)
        assert passes == [512]
        assert found.language in model.languages
        assert found.tokens == model.decode(features, Wish(found.language), 12).tokens


def test_languages_and_translation_of_a_multilingual_model(toys: list[SpeechModel]) -> None:
    model = toys[0]
    assert len(model.languages) == 99 and "zh" in model.languages
    tokenizer = model.tokenizer("zh-CN", translate=True)
    start = _Rules(model, Wish("zh", translate=True), "zh").start
    assert start == [
        tokenizer.sot,
        tokenizer.to_language_token("zh"),
        tokenizer.translate,
        tokenizer.no_timestamps,
    ]
    with pytest.raises(RequestInvalid):
        model.tokenizer("xx")


def test_an_english_model_ignores_languages_with_grace(
    pocket_fp32: SpeechModel, session: Session, say: Say
) -> None:
    session.take("a", 0, pcm(say(SAID[2])))
    for options in (ListenOptions("zh"), ListenOptions(""), ListenOptions("xx", translate=True)):
        heard = session.recognise(pocket_fp32, options, final=True)
        assert (heard.text, heard.language) == (SAID[2], "en")


def test_words_are_given_as_a_short_prompt(toys: list[SpeechModel]) -> None:
    rules = _Rules(toys[0], Wish("en", prompt="Ada, Milo, " * 200), "en")
    assert rules.start[0] == rules.tokenizer.sot_prev
    assert rules.sot_index == PROMPT_TOKENS + 1
    features = toys[0].encode(noise(3, 1.0), 512)
    plain = toys[0].decode(features, Wish("en", prompt="Ada"), 12)
    assert toys[0].decode(features, Wish("en", prompt="Ada"), 12, plain.tokens).tokens == plain.tokens


def test_times_for_files(pocket: SpeechModel, session: Session, say: Say) -> None:
    sound = say(SAID[0], before_s=0.0, after_s=0.0)
    session.take("window 1", 0, pcm(sound))
    heard = session.recognise(pocket, ListenOptions(timestamps=True), final=True)
    assert heard.window_positions == 1500 and heard.encoder_passes == 1
    (segment,) = heard.segments
    assert segment.text.strip() == SAID[0] == heard.text
    assert segment.start_s == 0.0
    assert segment.end_s == pytest.approx(len(sound) / 16000, abs=0.6)
    assert heard.consumed_s == pytest.approx(len(sound) / 16000, abs=0.01)


def test_a_window_of_a_file_without_speech_is_consumed(pocket_fp32: SpeechModel, session: Session) -> None:
    session.take("window 1", 0, bytes(2 * 16000 * 30))
    heard = session.recognise(pocket_fp32, ListenOptions(timestamps=True), final=True)
    assert heard.segments == () and heard.no_text is NoText.SILENCE
    assert heard.consumed_s == 30.0


def test_segments_are_cut_as_stock_whisper_cuts_them(toys: list[SpeechModel]) -> None:
    from assistant_app.engines.whisper.recognising import _segments

    model = toys[0]
    zero = model.tokenizer("en").timestamp_begin
    words = list(model.tokenizer("en").encode(" one")), list(model.tokenizer("en").encode(" two"))

    def segments(*tokens: int) -> Any:
        return _segments(model, Decoded(tokens, "", "en", 0.0, 0.0, True, 0), 30.0)

    two, consumed = segments(zero, *words[0], zero + 100, zero + 100, *words[1], zero + 250)
    assert [(s.start_s, s.end_s, s.text) for s in two] == [(0.0, 2.0, " one"), (2.0, 5.0, " two")]
    assert consumed == 30.0
    cut, consumed = segments(zero, *words[0], zero + 100, zero + 100, *words[1])
    assert [(s.start_s, s.end_s, s.text) for s in cut] == [(0.0, 2.0, " one")]
    assert consumed == 2.0
    one, consumed = segments(zero, *words[0], zero + 400)
    assert [(s.start_s, s.end_s) for s in one] == [(0.0, 8.0)] and consumed == 30.0
    none, consumed = segments(zero, *words[0])
    assert [(s.start_s, s.end_s) for s in none] == [(0.0, 30.0)] and consumed == 30.0


def test_feeding_looks_at_new_samples_only(
    session: Session, say: Say, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[int] = []
    chance = session._finder._chance

    def counting(frame: Any) -> float:
        calls.append(len(frame))
        return chance(frame)

    monkeypatch.setattr(session._finder, "_chance", counting)
    sound = pcm(say(SAID[0]))
    for at in range(0, len(sound), 3200):
        session.take("a", at // 2, sound[at : at + 3200])
    assert len(calls) == len(sound) // 2 // 512
