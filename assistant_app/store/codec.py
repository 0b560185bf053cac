"""JSON form of parts, usage, sampling and receipts, as it stands in the database."""

import json
import re
import zlib
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, TypeVar

from assistant_app.core.conversation import (
    AudioTranscriptPart,
    ImagePart,
    Part,
    ReasoningPart,
    TextPart,
    ToolCallPart,
    ToolResultPart,
    UsageSummary,
)
from assistant_app.core.sampling import Sampling
from assistant_app.core.views import Receipt

_KINDS: dict[str, type[Part]] = {
    "text": TextPart,
    "reasoning": ReasoningPart,
    "image": ImagePart,
    "tool_call": ToolCallPart,
    "tool_result": ToolResultPart,
    "audio_transcript": AudioTranscriptPart,
}
_NAMES = {kind: name for name, kind in _KINDS.items()}
_Record = TypeVar("_Record")
_SURROGATE = re.compile("[\ud800-\udfff]")


def to_json(value: Any) -> str:
    """Return compact JSON that SQLite can store: readable text, lone surrogates escaped.

    Two surrogates side by side that form a pair come back as the one character that they encode.
    """
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return _SURROGATE.sub(lambda match: f"\\u{ord(match.group()):04x}", text)


def clean(text: str) -> str:
    """Return text that SQLite can store in a plain column: lone surrogates become U+FFFD."""
    if _SURROGATE.search(text) is None:
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def encode_parts(parts: tuple[Part, ...]) -> str:
    """Return the parts as a JSON array of objects with a "type"."""
    return to_json([{"type": _NAMES[type(part)], **_fields(part)} for part in parts])


def _fields(part: Part) -> dict[str, Any]:
    values = {name: getattr(part, name) for name in part.__dataclass_fields__}
    if isinstance(part, ToolCallPart):
        values["arguments"] = dict(part.arguments)
    return values


def decode_parts(text: str) -> tuple[Part, ...]:
    """Return the parts of a stored message. Raises ValueError when it is not what `encode_parts` wrote."""
    values = json.loads(text)
    if not isinstance(values, list):
        raise ValueError("parts are not a list")
    return tuple(_part(value) for value in values)


def _part(value: Any) -> Part:
    if not isinstance(value, dict):
        raise ValueError("a part is not an object")
    kind = _KINDS.get(value.get("type", ""))
    if kind is None:
        raise ValueError(f"unknown part {value.get('type')!r}")
    known = {name: value[name] for name in kind.__dataclass_fields__ if name in value}
    try:
        return kind(**known)
    except TypeError as error:
        raise ValueError(str(error)) from None


def readable_parts(text: str) -> tuple[Part, ...]:
    """Return the parts, or what can still be read of a damaged row as plain text."""
    try:
        return decode_parts(text)
    except ValueError:
        return (TextPart(text),)


def encode_usage(usage: UsageSummary | None) -> str | None:
    """Return the usage as a JSON object."""
    return None if usage is None else to_json(asdict(usage))


def decode_usage(text: str | None) -> UsageSummary | None:
    """Return the stored usage; None when there is none or it is unreadable."""
    return None if text is None else _lenient(UsageSummary, text)


def encode_sampling(sampling: Sampling | None) -> str | None:
    """Return the sampling as a JSON object."""
    return None if sampling is None else to_json(asdict(sampling))


def decode_sampling(text: str | None) -> Sampling | None:
    """Return the stored sampling; None when there is none or it is unreadable."""
    return None if text is None else _lenient(Sampling, text)


def _lenient(kind: type[_Record], text: str) -> _Record | None:
    try:
        return _build(kind, json.loads(text))
    except (ValueError, TypeError, AttributeError):
        return None


def _build(kind: type[_Record], values: Mapping[str, Any]) -> _Record:
    fields: dict[str, Any] = kind.__dataclass_fields__  # type: ignore[attr-defined]
    known = {name: value for name, value in values.items() if name in fields}
    if "stop" in known:
        known["stop"] = tuple(known["stop"])
    return kind(**known)


def encode_receipt(receipt: Receipt) -> bytes:
    """Return the receipt as zlib-compressed JSON; prompts repeat themselves and shrink a lot."""
    return zlib.compress(to_json({**asdict(receipt), "request": dict(receipt.request)}).encode())


def decode_receipt(data: bytes) -> Receipt:
    """Return a stored receipt. Raises ValueError when it is unreadable."""
    try:
        values = json.loads(zlib.decompress(data))
        sampling = _build(Sampling, values.pop("sampling"))
        usage = _build(UsageSummary, values.pop("usage"))
        return _build(Receipt, {**values, "sampling": sampling, "usage": usage})
    except (zlib.error, KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"receipt: {error}") from None
