"""One piece of speech to text: window, decoding, doubts, one more try over the whole window."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from assistant_app.core.voice import SAMPLE_RATE, ListenOptions, NoText, Segment
from assistant_app.engines.whisper import sanity
from assistant_app.engines.whisper.gate import made_up
from assistant_app.engines.whisper.listener import MOST_TOKENS, Decoded, Listener, Wish, token_limit
from assistant_app.engines.whisper.window import FULL, Sound, positions_of

_SECONDS_OF_A_STEP = 0.02
"""Of Whisper's timestamps."""


@dataclass(frozen=True, slots=True)
class Piece:
    """What one window brought."""

    decoded: Decoded
    no_text: NoText | None
    positions: int
    passes: int = 1
    """Of the encoder."""
    segments: tuple[Segment, ...] = ()
    consumed_s: float = 0.0

    @property
    def text(self) -> str:
        """What was said; empty when that is not known."""
        return "" if self.no_text else self.decoded.text.strip()


def recognise(
    model: Listener,
    sound: Sound,
    speech_s: float,
    options: ListenOptions,
    *,
    hint: Sequence[int] = (),
    again: bool = True,
    heard: list[int] | None = None,
) -> Piece:
    """Recognise one piece of at most 30 s.

    Args:
        model: What to recognise it with.
        sound: float32 samples at 16 kHz.
        speech_s: Seconds of speech in the whole utterance.
        options: Language, task, prompt, window.
        hint: Tokens that were heard earlier of the same piece.
        again: Encode the whole 30 s when the text cannot be right.
        heard: Filled with the tokens as they are found.
    """
    seconds = len(sound) / SAMPLE_RATE
    whole = options.full_window or model.full_window_only
    positions = FULL if whole else positions_of(seconds)
    wish = Wish(options.language, options.translate, options.prompt)
    limit = token_limit(seconds, options.language if model.multilingual else "en")
    first = model.decode(model.encode(sound, positions), wish, limit, hint, heard)
    verdict = _judge(first, speech_s)
    if verdict is not NoText.UNCLEAR or positions == FULL or not again:
        return Piece(first, verdict, positions)
    second = model.decode(model.encode(sound, FULL), wish, limit)
    verdict = _judge(second, speech_s)
    agreed = second.text == first.text and second.ended
    if (
        verdict is NoText.UNCLEAR
        and agreed
        and sanity.compression_ratio(second.text) <= sanity.MOST_COMPRESSION
    ):
        verdict = None  # heard twice alike through different windows: that is what was said
    return Piece(second, verdict, FULL, passes=2)


def _judge(decoded: Decoded, speech_s: float) -> NoText | None:
    text = decoded.text.strip()
    if decoded.no_speech_prob > sanity.NO_SPEECH and decoded.avg_logprob < sanity.LEAST_LOGPROB:
        return NoText.SILENCE
    if not text or made_up(text, speech_s):
        return NoText.SILENCE
    if sanity.runs_away(text, decoded.tokens, decoded.ended) or decoded.avg_logprob < sanity.LEAST_LOGPROB:
        return NoText.UNCLEAR
    return None


def recognise_with_times(model: Listener, sound: Sound, options: ListenOptions) -> Piece:
    """Recognise the first 30 s of a longer sound, with segments, and say where the next window begins."""
    sound = sound[: FULL * 320]
    duration = len(sound) / SAMPLE_RATE
    wish = Wish(options.language, options.translate, options.prompt, timestamps=True)
    features = model.encode(sound, FULL)
    decoded = model.decode(features, wish, MOST_TOKENS)
    if sanity.compression_ratio(decoded.text) > sanity.MOST_COMPRESSION:
        return _without_times(model, features, replace(wish, language=decoded.language), duration)
    if decoded.no_speech_prob > sanity.NO_SPEECH and decoded.avg_logprob < sanity.LEAST_LOGPROB:
        return Piece(decoded, NoText.SILENCE, FULL, consumed_s=duration)
    segments, consumed_s = _segments(model, decoded, duration)
    text = "".join(segment.text for segment in segments).strip()
    return Piece(decoded, None if text else NoText.SILENCE, FULL, segments=segments, consumed_s=consumed_s)


def _without_times(model: Listener, features: Any, wish: Wish, duration: float) -> Piece:
    """Decode once more from the same features: without its timestamps a loop is often left."""
    limit = token_limit(duration, wish.language)
    decoded = model.decode(features, replace(wish, timestamps=False), limit)
    if sanity.runs_away(decoded.text, decoded.tokens, decoded.ended):
        return Piece(decoded, NoText.UNCLEAR, FULL, consumed_s=duration)
    segments = (Segment(0.0, duration, decoded.text),)
    return Piece(decoded, None, FULL, segments=segments, consumed_s=duration)


def _segments(model: Listener, decoded: Decoded, duration: float) -> tuple[tuple[Segment, ...], float]:
    """Cut tokens at their timestamps, as openai-whisper's transcribe() does; also how much was consumed."""
    tokenizer = model.tokenizer(decoded.language)
    zero, tokens = tokenizer.timestamp_begin, decoded.tokens

    def seconds(token: int) -> float:
        return float(min((token - zero) * _SECONDS_OF_A_STEP, duration))

    def segment(begin_s: float, end_s: float, part: Sequence[int]) -> Segment:
        words = tokenizer.decode([token for token in part if token < tokenizer.eot])
        return Segment(begin_s, end_s, words)

    is_time = [token >= zero for token in tokens]
    cuts = [place for place in range(1, len(tokens)) if is_time[place - 1] and is_time[place]]
    ends_with_one = is_time[-2:] == [False, True]
    if not cuts:
        end_s = seconds(tokens[-1]) if ends_with_one and tokens[-1] != zero else duration
        return (segment(0.0, end_s, tokens),), duration
    made, since = [], 0
    for cut in [*cuts, len(tokens)] if ends_with_one else cuts:
        part = tokens[since:cut]
        made.append(segment(seconds(part[0]), seconds(part[-1]), part))
        since = cut
    kept = tuple(one for one in made if one.text.strip() and one.end_s > one.start_s)
    return kept, duration if ends_with_one else max(seconds(tokens[cuts[-1] - 1]), 0.0)
