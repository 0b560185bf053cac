"""A transcript in the forms that other programs read: plain text, SubRip, WebVTT, JSON. Pure."""

import json
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from assistant_app.core.voice import Segment, Transcript

LINE_COLUMNS = 42
"""Longest line of a subtitle; a Chinese character takes two columns."""
LINES = 2
"""Most lines that are shown at once."""


@dataclass(frozen=True, slots=True)
class Cue:
    """What is shown at one time; milliseconds."""

    start_ms: int
    end_ms: int
    lines: tuple[str, ...]


def to_text(transcript: Transcript) -> str:
    """Return one line per segment."""
    return "".join(f"{text}\n" for text in (_words(one.text) for one in transcript.segments) if text)


def to_srt(transcript: Transcript) -> str:
    """Return SubRip."""
    return "\n".join(
        f"{number}\n{_time(cue.start_ms, ',')} --> {_time(cue.end_ms, ',')}\n{_lines(cue)}\n"
        for number, cue in enumerate(cues(transcript.segments), 1)
    )


def to_vtt(transcript: Transcript) -> str:
    """Return WebVTT."""
    blocks = [
        f"{_time(cue.start_ms, '.')} --> {_time(cue.end_ms, '.')}\n{_escaped(_lines(cue))}\n"
        for cue in cues(transcript.segments)
    ]
    return "\n".join(["WEBVTT\n", *blocks])


def to_json(transcript: Transcript) -> str:
    """Return an object with text, language, duration and segments; times are seconds."""
    return (
        json.dumps(
            {
                "file": transcript.path,
                "language": transcript.language,
                "duration": round(transcript.duration_s, 3),
                "text": transcript.text,
                "segments": [
                    {
                        "id": number,
                        "start": round(one.start_s, 3),
                        "end": round(one.end_s, 3),
                        "text": one.text.strip(),
                    }
                    for number, one in enumerate(_in_order(transcript.segments))
                ],
            },
            ensure_ascii=False,
            indent=1,
        )
        + "\n"
    )


FORMS: Mapping[str, Callable[[Transcript], str]] = {
    "txt": to_text,
    "srt": to_srt,
    "vtt": to_vtt,
    "json": to_json,
}
"""By the ending of their files."""


def cues(segments: Sequence[Segment]) -> Iterator[Cue]:
    """Yield what is shown, in order: at most two lines at once, no time negative or overlapping another."""
    spans = [(_ms(one.start_s), _ms(one.end_s), wrapped(one.text)) for one in _in_order(segments)]
    free_ms = 0
    for index, (start_ms, end_ms, lines) in enumerate(spans):
        start_ms = max(start_ms, free_ms)
        if index + 1 < len(spans) and spans[index + 1][0] > start_ms:
            end_ms = min(end_ms, spans[index + 1][0])
        end_ms = max(end_ms, start_ms + 1)
        for cue in _shared_out(start_ms, end_ms, lines):
            free_ms = cue.end_ms
            yield cue


def wrapped(text: str) -> tuple[str, ...]:
    """Return a text in lines of at most 42 columns; only a longer word is broken."""
    lines: list[str] = []
    line, width = "", 0
    for piece in _pieces(_words(text)):
        columns = _columns(piece)
        if line and width + _columns(piece.rstrip()) > LINE_COLUMNS:
            lines.append(line.rstrip())
            line, width = "", 0
        line += piece
        width += columns
    if line.strip():
        lines.append(line.rstrip())
    return tuple(lines)


def _shared_out(start_ms: int, end_ms: int, lines: Sequence[str]) -> Iterator[Cue]:
    """Give each pair of lines its part of the time, by its length."""
    parts = [tuple(lines[at : at + LINES]) for at in range(0, len(lines), LINES)]
    if end_ms - start_ms < len(parts):
        parts = [tuple(lines)]
    weights = [sum(map(_columns, part)) for part in parts]
    since, done = start_ms, 0
    for index, part in enumerate(parts):
        done += weights[index]
        left = len(parts) - index - 1
        until = start_ms + (end_ms - start_ms) * done // max(1, sum(weights))
        until = min(max(until, since + 1), end_ms - left)
        yield Cue(since, until, part)
        since = until


def _in_order(segments: Sequence[Segment]) -> list[Segment]:
    return sorted((one for one in segments if _words(one.text)), key=lambda one: one.start_s)


def _words(text: str) -> str:
    """Return a text on one line; it must not look like the line of times either."""
    return " ".join(text.replace("-->", "→").split())


def _pieces(text: str) -> Iterator[str]:
    """Yield what must not be broken: a word with the spaces after it, or a wide character with its marks."""
    piece = ""
    for character in text:
        wide = _columns(character) == 2
        opens_new = (piece[-1:] == " " and character != " ") or (
            wide and piece and not _clings(character) and _columns(piece[0]) >= 1
        )
        after_wide = piece and _columns(piece[-1]) == 2 and not wide and not _clings(character)
        if piece and (opens_new or (after_wide and character != " ") or _columns(piece) >= LINE_COLUMNS):
            yield piece
            piece = ""
        piece += character
    if piece:
        yield piece


def _clings(character: str) -> bool:
    """Whether a character must not begin a line: closing marks, and what combines with the one before."""
    return unicodedata.category(character) in ("Pe", "Pf", "Po", "Mn", "Me", "Mc")


def _columns(text: str) -> int:
    return sum(
        0 if unicodedata.combining(one) else 2 if unicodedata.east_asian_width(one) in "WF" else 1
        for one in text
    )


def _ms(seconds: float) -> int:
    return max(0, round(seconds * 1000))


def _time(milliseconds: int, point: str) -> str:
    seconds, rest = divmod(milliseconds, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{seconds:02}{point}{rest:03}"


def _lines(cue: Cue) -> str:
    return "\n".join(cue.lines)


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
