"""Parts, receipts and plain columns come back as they went in, whatever text they hold."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

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
from assistant_app.store import codec

# Everything a str can hold, lone surrogates and NUL among it.
any_text = st.text(st.characters(exclude_categories=())) | st.sampled_from(
    ["\ud800", "a\udfffb", "\x00", "🙂👩‍👩‍👧", "你好\u2028", '"\\', "\ufffe"]
)
seconds = st.floats(min_value=0, allow_nan=False, allow_infinity=False)
json_value: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | any_text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(any_text, inner, max_size=3),
    max_leaves=6,
)
parts: st.SearchStrategy[Part] = st.one_of(
    st.builds(TextPart, any_text),
    st.builds(ReasoningPart, any_text),
    st.builds(ImagePart, any_text, any_text, any_text),
    st.builds(ToolCallPart, any_text, any_text, st.dictionaries(any_text, json_value, max_size=4)),
    st.builds(ToolResultPart, any_text, any_text, any_text, st.booleans(), seconds),
    st.builds(AudioTranscriptPart, any_text, any_text, seconds),
)


def joined(value: Any) -> Any:
    """Two surrogates side by side that form a pair are the same text as the character they encode."""
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")
    if isinstance(value, dict):
        return {joined(k): joined(v) for k, v in value.items()}
    return [joined(v) for v in value] if isinstance(value, list) else value


def joined_part(part: Part) -> Part:
    names = part.__dataclass_fields__
    return replace(part, **{name: joined(getattr(part, name)) for name in names})


@settings(max_examples=300, deadline=None)
@given(st.lists(parts, max_size=5))
def test_all_parts_round_trip(written: list[Part]) -> None:
    stored = codec.encode_parts(tuple(written))
    stored.encode("utf-8")  # what SQLite takes
    assert codec.decode_parts(stored) == tuple(joined_part(part) for part in written)


@settings(max_examples=200, deadline=None)
@given(any_text)
def test_plain_columns_take_any_text(text: str) -> None:
    cleaned = codec.clean(text)
    cleaned.encode("utf-8")
    assert "\ufffd" in cleaned or cleaned == joined(text)


def test_an_unknown_field_of_a_newer_version_is_ignored() -> None:
    assert codec.decode_parts('[{"type":"text","text":"hi","colour":"red"}]') == (TextPart("hi"),)


@pytest.mark.parametrize("stored", ["", "{", "{}", "[1]", '[{"type":"video"}]', '[{"type":"text"}]', "null"])
def test_damaged_parts_are_shown_not_hidden(stored: str) -> None:
    with pytest.raises(ValueError):
        codec.decode_parts(stored)
    assert codec.readable_parts(stored) == (TextPart(stored),)


def test_receipt_round_trips() -> None:
    receipt = Receipt(
        message_id="m",
        model_name="Pocket",
        model_sha256="ab" * 32,
        model_path="/models/模型.gguf",
        chat_template="{{ x }}",
        library="llama.cpp",
        sampling=Sampling(seed=3, stop=("\n\n", "用户")),
        seed=3,
        n_ctx_tokens=4096,
        n_threads=1,
        prompt="<|user|>\ud800" * 100,
        answer="好",
        usage=UsageSummary(prompt_tokens=12, reused_tokens=3, generated_tokens=4, generation_s=0.5),
        created_at=1.5,
        request={"messages": [{"role": "user", "content": "hi"}], "tools": []},
    )
    stored = codec.encode_receipt(receipt)
    assert codec.decode_receipt(stored) == receipt
    assert len(stored) < 600
    with pytest.raises(ValueError):
        codec.decode_receipt(stored[:-4])


def test_damaged_usage_and_sampling_are_left_out() -> None:
    assert codec.decode_usage("{") is None
    assert codec.decode_sampling('{"top_k": 3, "new": 1}') == Sampling(top_k=3)
    assert codec.decode_sampling("[]") is None
