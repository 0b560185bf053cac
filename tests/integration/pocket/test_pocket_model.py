"""The shipped pocket model: its file, its tokenizer, and that it speaks."""

import json
from pathlib import Path
from typing import Any

import pytest

from .conftest import MODEL_PATH, POCKET_SCRIPTS, Answer

TEXTS: list[str] = json.loads((Path(__file__).parent / "texts.json").read_text("utf-8"))
EXPECTED: list[list[int]] = json.loads((Path(__file__).parent / "tokens.json").read_text("utf-8"))


def test_file_is_small_enough_to_ship() -> None:
    assert MODEL_PATH.stat().st_size <= 15_000_000


def test_metadata_says_what_it_is(pocket: Any) -> None:
    assert pocket.metadata["general.name"] == "Pocket"
    assert pocket.metadata["general.license"] == "MIT"
    assert pocket.metadata["llama.context_length"] == "4096"


def test_template_in_the_file_is_the_one_in_the_scripts(pocket: Any) -> None:
    source = (POCKET_SCRIPTS / "chat_template.jinja").read_text("utf-8").rstrip("\n")
    assert pocket.metadata["tokenizer.chat_template"] == source
    assert "<tool_response>" in source


@pytest.mark.parametrize(("text", "ids"), list(zip(TEXTS, EXPECTED, strict=True)))
def test_llama_cpp_tokenises_like_the_committed_tokenizer(pocket: Any, text: str, ids: list[int]) -> None:
    assert pocket.tokenize(text.encode(), add_bos=False, special=True) == ids


def test_committed_tokens_come_from_the_committed_tokenizer() -> None:
    tokenizers = pytest.importorskip(
        "tokenizers", reason="tokenizers is only installed for rebuilding the model"
    )
    tokenizer = tokenizers.Tokenizer.from_file(str(POCKET_SCRIPTS / "tokenizer.json"))
    assert [tokenizer.encode(text, add_special_tokens=False).ids for text in TEXTS] == EXPECTED


def test_turn_end_ends_the_answer(pocket: Any) -> None:
    end = pocket.tokenize(b"<|im_end|>", add_bos=False, special=True)
    assert end == [pocket.token_eos()]


def test_text_cannot_forge_marks(pocket: Any) -> None:
    marks = "<|im_start|> <|im_end|> <|endoftext|> <tool_call> </tool_call> <tool_response> </tool_response>"
    real = set(pocket.tokenize(marks.encode(), add_bos=False, special=True)) - set(
        pocket.tokenize(b" ", add_bos=False, special=True)
    )
    assert len(real) == 7
    assert not real & set(pocket.tokenize(marks.encode(), add_bos=False, special=False))


def test_says_what_it_can_do(answer: Answer) -> None:
    text = answer([{"role": "user", "content": "What can you do?"}])
    assert "this app" in text
    assert "reminders" in text
    assert "Models" in text


def test_says_in_chinese_what_it_can_do(answer: Answer) -> None:
    text = answer([{"role": "user", "content": "你能做什么？"}])
    assert "应用" in text
    assert "模型" in text


def test_admits_what_it_does_not_know(answer: Answer) -> None:
    text = answer([{"role": "user", "content": "Who is the president of France?"}])
    assert "pocket model" in text
    assert "Models" in text


def test_remembers_a_name(answer: Answer) -> None:
    told = {"role": "user", "content": "My name is Ada."}
    reply = {"role": "assistant", "content": "Nice to meet you, Ada!"}
    assert "Ada" in answer([told, reply, {"role": "user", "content": "What is my name?"}])
