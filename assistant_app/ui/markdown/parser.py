"""The Markdown dialect: CommonMark, tables, strikethrough, formulas, emphasis that works in Chinese.

Nothing is fetched and no HTML is understood; a block that could take long to parse comes back as None.
"""

import re
import unicodedata
from collections.abc import MutableMapping
from functools import cache
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.rules_inline import StateInline
from markdown_it.rules_inline.state_inline import Delimiter
from markdown_it.token import Token
from mdit_py_plugins.dollarmath import dollarmath_plugin

Env = MutableMapping[str, Any]

_MAX_NESTING = 40
_DEEP_QUOTE = re.compile(r"^(?:[ \t]*>){12,}", re.MULTILINE)
_DEEP_INDENT = re.compile(r"^(?: {40,}|\t{10,})\S", re.MULTILINE)
_DEEP_LIST = re.compile(r"^(?:[ \t]*(?:[-*+]|\d{1,9}[.)])[ \t]){12,}", re.MULTILINE)
_COSTLY = re.compile(r"[\[\]`*_~<$!\\&|]")
_REFERENCE = re.compile(r"^ {0,3}\[[^\]\n]{1,200}\]:[ \t]*\S[^\n]{0,2000}$", re.MULTILINE)
_MAX_REFERENCES = 500


@cache
def _markdown() -> MarkdownIt:
    markdown = MarkdownIt("commonmark", {"html": False, "breaks": True, "maxNesting": _MAX_NESTING})
    markdown.enable(["table", "strikethrough"])
    markdown.disable(["html_block", "html_inline"])
    markdown.use(
        dollarmath_plugin, allow_space=False, allow_digits=False, double_inline=True, allow_labels=False
    )
    markdown.inline.ruler.before("escape", "bracket_math", _bracket_math)
    markdown.inline.ruler.at("emphasis", _emphasis)
    # What a link points to is judged where it is drawn; an unsafe one must show, not vanish.
    setattr(markdown, "validateLink", lambda _url: True)  # noqa: B010
    return markdown


def parse(source: str, env: Env) -> list[Token] | None:
    """Return the tokens of one block; None when it must be shown as plain text.

    `env` carries the link definitions of the message from block to block.
    """
    if _is_costly(source):
        return None
    try:
        return _markdown().parse(source, env)
    except Exception:
        # Any text may come; whatever the parser cannot take is shown as it is.
        return None


def collect_references(source: str, env: Env) -> None:
    """Read the link definitions of a whole message, so that earlier blocks can use later ones."""
    if "]:" not in source:
        return
    found = [match.group() for match in _REFERENCE.finditer(source)][:_MAX_REFERENCES]
    for line in found:
        parse(line, env)


def _is_costly(source: str) -> bool:
    if len(source) < 200:
        return bool(_DEEP_QUOTE.search(source) or _DEEP_LIST.search(source))
    marks = len(_COSTLY.findall(source))
    if marks > 300 and marks > len(source) // 4 and source.count("|") * 2 < marks:
        return True
    return bool(_DEEP_QUOTE.search(source) or _DEEP_INDENT.search(source) or _DEEP_LIST.search(source))


def _bracket_math(state: StateInline, silent: bool) -> bool:
    r"""Read \(…\) and \[…\]."""
    begin = state.src[state.pos : state.pos + 2]
    if begin not in ("\\(", "\\["):
        return False
    end = state.src.find("\\)" if begin == "\\(" else "\\]", state.pos + 2, state.posMax)
    if end < 0 or end - state.pos > 1_000 or not state.src[state.pos + 2 : end].strip():
        return False
    if not silent:
        token = state.push("math_inline" if begin == "\\(" else "math_inline_double", "math", 0)
        token.content = state.src[state.pos + 2 : end]
        token.markup = begin
    state.pos = end + 2
    return True


def _is_wide(character: str) -> bool:
    return unicodedata.east_asian_width(character) in "WF"


def _is_punctuation(character: str) -> bool:
    return unicodedata.category(character)[0] in "PS"


def _emphasis(state: StateInline, silent: bool) -> bool:
    """Tokenise runs of * and _; beside Chinese or Japanese, punctuation counts as a letter.

    CommonMark's flanking rules expect spaces between words, so `**“注意”**这里` would show its marks.
    """
    marker = state.src[state.pos]
    if silent or marker not in "*_":
        return False
    scanned = state.scanDelims(state.pos, marker == "*")
    can_open, can_close = scanned.can_open, scanned.can_close
    if marker == "*":
        end = state.pos + scanned.length
        before = state.src[state.pos - 1] if state.pos > 0 else " "
        after = state.src[end] if end < state.posMax else " "
        if _is_wide(before) or _is_wide(after):
            space_before, space_after = before.isspace(), after.isspace()
            can_open = can_open or (not space_after and not (_is_punctuation(after) and _closes(after)))
            can_close = can_close or (not space_before and not (_is_punctuation(before) and _opens(before)))
    for _index in range(scanned.length):
        token = state.push("text", "", 0)
        token.content = marker
        state.delimiters.append(
            Delimiter(
                marker=ord(marker),
                length=scanned.length,
                token=len(state.tokens) - 1,
                end=-1,
                open=can_open,
                close=can_close,
            )
        )
    state.pos += scanned.length
    return True


def _opens(character: str) -> bool:
    return unicodedata.category(character) in ("Ps", "Pi")


def _closes(character: str) -> bool:
    return unicodedata.category(character) in ("Pe", "Pf") or character in "，。；：！？、"
