"""What of an answer in Markdown is read aloud, while it is still being written.

Code becomes "code block", formulas become words, addresses their host; emoji, markup, reasoning and
tool calls are left out. Every line break in what is said ends a paragraph, an item or a row.
"""

import re

from assistant_app.core.speakable_inline import HELD_MOST, Inline, Spoken, formula
from assistant_app.core.spoken_words import language_of, words

MOST_ROWS = 10
"""Rows of a table that are read; more cannot be followed by ear."""
_NEAR = 400
"""How many characters tell the language of an answer."""

_HIDDEN = {
    "<think>": "</think>",
    "<thinking>": "</thinking>",
    "<tool_call>": "</tool_call>",
    "<tool_response>": "</tool_response>",
    "<!--": "-->",
}
_FORMULAS = {"$$": "$$", "\\[": "\\]"}
_SPANNING = re.compile("|".join(re.escape(opening) for opening in (*_HIDDEN, *_FORMULAS)))
_FENCE = re.compile(
    r"[ \t]*(?:>[ \t]?)*(?:(?:[-*+]|\d{1,9}[.)])[ \t]+)?(?P<marks>`{3,}|~{3,})(?P<info>[^`\n]*)$"
)
_RULE = re.compile(r"[ \t]*(?:([-*_])(?:[ \t]*\1){2,}|=+|-{2,})[ \t]*$")
_ROW = re.compile(r"[ \t]*(?:>[ \t]?)*\|")
_DIVIDER = re.compile(r"[ \t]*(?:>[ \t]?)*\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-*:?[ \t]*)*$")
_HEADING = re.compile(r"#{1,6}(?:[ \t]+|$)")
_BULLET = re.compile(r"[-*+][ \t]+(?:\[[ xX]\][ \t]+)?")
_NUMBER = re.compile(r"(\d{1,9})[.)][ \t]+")
_QUOTE = re.compile(r"(?:>[ \t]?)+")
_INDENT = re.compile(r"[ \t]*")
_DEFINITION = re.compile(r"[ \t]*\[(?:\^[^\]\s]+|[^\]\n]+)\]:[ \t]")
_UNDECIDED = re.compile(r"[ \t]*(?:[>#*+\-=_~`$\\<\[ \t]|\d{1,9}[.)]?)*(?:\[[ xX]?\]?[ \t]*)?")
_ENDS_SENTENCE = re.compile(r"[.?!:。！？：][*_~\"'”’」』)）\]]*\s*$")


class Speakable:
    """Follows one answer. Feed it as it comes, `finish` at its end."""

    def __init__(self, language: str = "en") -> None:
        """Begin an answer.

        Args:
            language: What Latin letters are taken for; the words that stand for code and formulas are
                in the language that the answer turns out to be in.
        """
        self._default = language
        self._source = ""
        self._at = 0
        self._out = Spoken()
        self._said = ""
        """The end of what was returned."""
        self._at_line_start = True
        self._fence = ""
        """The marks that opened a code block, while it is open."""
        self._closing = ""
        """What ends the hidden part that has begun."""
        self._paragraph = False
        """The line before was text that may go on."""
        self._newline_at = 0
        self._own_line = False
        """This line is a heading or an item: it ends by itself."""
        self._table: list[str] | None = None
        """Names of the columns; None outside of tables."""
        self._rows = 0
        self._held_row: tuple[int, str] | None = None
        """A first row, until it is known whether it names the columns."""

    @property
    def source(self) -> str:
        """All that was fed."""
        return self._source

    @property
    def position(self) -> int:
        """How much of the source is dealt with."""
        return self._at

    def feed(self, text: str) -> Spoken:
        """Take more of the answer; return what can be said of it now."""
        self._source += text
        return self._run(final=False)

    def finish(self) -> Spoken:
        """Return the rest: nothing more will come."""
        return self._run(final=True)

    def _run(self, final: bool) -> Spoken:
        while self._at < len(self._source):
            if not self._step(final):
                break
        if final:
            self._end_table(self._at)
            self._break(self._at)
        spoken, self._out = self._out, Spoken()
        self._said = (self._said + spoken.text)[-_NEAR:]
        return spoken

    def _language(self, line: str = "") -> str:
        """Return the language of what was said last and of the line at hand."""
        near = self._said + self._out.text[-_NEAR:] + line
        return language_of(near, self._default) if any(map(str.isalpha, near)) else self._default

    def _step(self, final: bool) -> bool:
        if self._closing:
            return self._skip_hidden(final)
        end = self._source.find("\n", self._at)
        complete = final or end >= 0
        end = len(self._source) if end < 0 else end
        if self._at_line_start and not self._begin_line(end, complete):
            return False
        if self._at_line_start:
            return True
        return self._text(end, complete, final)

    def _skip_hidden(self, final: bool) -> bool:
        found = self._source.find(self._closing, self._at)
        if found < 0:
            if final:
                self._at = len(self._source)
            return False
        self._at = found + len(self._closing)
        self._closing = ""
        return True

    # --- blocks
    def _begin_line(self, end: int, complete: bool) -> bool:
        """Find out what kind of line it is and pass its marks; False when that cannot be known yet."""
        line = self._source[self._at : end]
        if self._fence:
            if complete:
                if (
                    (mark := _FENCE.match(line))
                    and mark["marks"].startswith(self._fence)
                    and not mark["info"].strip()
                ):
                    self._fence = ""
                self._pass_line(end)
            return complete
        undecided = _UNDECIDED.fullmatch(line) or _FENCE.match(line)
        if not complete and (_ROW.match(line) or (undecided and len(line) < HELD_MOST)):
            return False
        if _ROW.match(line) and line.count("|") >= 2:
            self._row(line)
            self._pass_line(end)
            return True
        self._end_table(self._at)
        if not line.strip():
            self._break(self._at)
            self._pass_line(end)
        elif fence := _FENCE.match(line):
            self._break(self._at)
            self._out.instead(words(self._language()).code_block, self._at)
            self._paragraph = True
            self._break(self._at)
            self._fence = fence["marks"]
            self._pass_line(end)
        elif _RULE.match(line) or _DEFINITION.match(line):
            self._break(self._at)
            self._pass_line(end)
        else:
            self._pass_marks(line)
        return True

    def _pass_line(self, end: int) -> None:
        self._at = min(end + 1, len(self._source))
        self._at_line_start = True

    def _pass_marks(self, line: str) -> None:
        place = _INDENT.match(line).end()  # type: ignore[union-attr]
        if quote := _QUOTE.match(line, place):
            place = quote.end()
            place = _INDENT.match(line, place).end()  # type: ignore[union-attr]
        self._own_line = False
        number = _NUMBER.match(line, place)
        mark = _HEADING.match(line, place) or _BULLET.match(line, place) or number
        if mark is not None:
            self._break(self._at)
            self._own_line = True
            if number:
                self._out.instead(number[1] + words(self._language(line)).comma, self._at + place)
            place = mark.end()
        elif self._paragraph:
            self._out.instead(" ", self._newline_at)
        self._at += place
        self._at_line_start = False
        self._paragraph = True

    def _break(self, start: int) -> None:
        """End the paragraph, if one is open."""
        if self._paragraph:
            self._out.instead("\n", start)
        self._paragraph = False

    # --- text
    def _text(self, end: int, complete: bool, final: bool) -> bool:
        if spanning := _SPANNING.match(self._source, self._at):
            return self._span(spanning.group(), final)
        walk = Inline(self._source, self._at, end, complete, self._language(self._source[self._at : end]))
        finished = walk.walk(stop_at=_SPANNING)
        self._out.add(walk.spoken)
        self._at = walk.place
        if not finished:
            return False
        if self._at < end:
            return True
        if not complete:
            return False
        self._newline_at = end
        hard = self._source[max(0, end - 2) : end] == "  " or self._source[max(0, end - 1) : end] == "\\"
        if self._own_line or hard or _ENDS_SENTENCE.search(self._source, max(0, end - 20), end):
            self._break(end)
        self._pass_line(end)
        return True

    def _span(self, opening: str, final: bool) -> bool:
        """Deal with something that may go on over several lines."""
        if opening in _HIDDEN:
            self._at += len(opening)
            self._closing = _HIDDEN[opening]
            return True
        begin = self._at + len(opening)
        closing = self._source.find(_FORMULAS[opening], begin)
        if closing < 0 and not final:
            return False
        latex = self._source[begin : closing if closing >= 0 else len(self._source)]
        self._out.instead(formula(latex.strip(), self._language()), self._at)
        self._at = begin + len(latex) + (len(opening) if closing >= 0 else 0)
        return True

    # --- tables
    def _row(self, line: str) -> None:
        said = words(self._language(self._held_row[1] if self._held_row else line))
        if _DIVIDER.match(line) and self._held_row is not None:
            start, names = self._held_row
            self._held_row = None
            self._table = self._cells(names)
            self._say(said.table.format(columns=said.comma.join(filter(None, self._table))), start)
            return
        if self._table is None:
            self._break(self._at)
            self._table, self._rows = [], 0
            self._held_row = (self._at, line)
            return
        self._flush_row()
        self._say_row(self._at, line)

    def _flush_row(self) -> None:
        if self._held_row is not None:
            start, line = self._held_row
            self._held_row = None
            self._say_row(start, line)

    def _say_row(self, start: int, line: str) -> None:
        self._rows += 1
        if self._rows > MOST_ROWS:
            return
        said = words(self._language(line))
        names = self._table or []
        cells = self._cells(line)
        many = len(names) > 2
        parts = [
            f"{names[column]} {cell}" if many and column and column < len(names) and names[column] else cell
            for column, cell in enumerate(cells)
            if cell
        ]
        if parts:
            self._say(said.comma.join(parts) + said.stop, start)

    def _end_table(self, at: int) -> None:
        if self._table is None:
            return
        self._flush_row()
        if self._rows > MOST_ROWS:
            self._say(words(self._language()).more_rows, at)
        self._table = None

    def _say(self, text: str, start: int) -> None:
        self._out.instead(text + "\n", start)
        self._paragraph = False

    def _cells(self, line: str) -> list[str]:
        inner = line.strip().lstrip(">").strip().removeprefix("|").removesuffix("|")
        cells = re.split(r"(?<!\\)\|", inner)
        return [speak_line(cell.replace("\\|", "|"), self._language(line)).rstrip(".。") for cell in cells]


def speak_line(line: str, language: str = "en") -> str:
    """Return what is said for one line without block marks."""
    walk = Inline(line, 0, len(line), True, language)
    walk.walk()
    return " ".join(walk.spoken.text.split())


def speakable(markdown: str, language: str = "en") -> str:
    """Return all that is said of a finished answer; each line is a paragraph, an item or a row."""
    stream = Speakable(language)
    text = stream.feed(markdown).text + stream.finish().text
    lines = (" ".join(line.split()) for line in text.split("\n"))
    return "\n".join(line for line in lines if line)
