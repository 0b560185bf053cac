"""Trains the byte-level BPE vocabulary and writes tokenizer.json.

The splitting expression is the one that llama.cpp knows as "qwen2" (one digit at a time), so that both
tokenise alike. Chinese is shown to the trainer character by character: no merge crosses characters, which
keeps copying of names regular.
"""

import argparse
import json
import re
from collections.abc import Iterator
from pathlib import Path

from chat import render
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers, trainers
from words import load

QWEN2_SPLIT = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)
CONTROL = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
MARKS = ["<tool_call>", "</tool_call>", "<tool_response>", "</tool_response>"]
_MARK = re.compile("|".join(map(re.escape, CONTROL + MARKS)))
_CJK = re.compile(r"([\u3000-\u9fff\uff00-\uffef])")
CODE = """def main(argument: str) -> None:\n    for i in range(10):\n        print(f"{i}")\n    return True
if __name__ == "__main__":\nimport os, sys\nfunction (x) { return x + 1; }\nSELECT * FROM users WHERE id = 1;
class Name:\n    self.value = None\nconst let var => && || == != <= >= // /* */ #include <stdio.h>\n"""


def corpus(data: Path, limit: int) -> Iterator[str]:
    """Yield texts for the trainer: turns with their wrapping and calls, word lists, a little code."""
    with data.open(encoding="utf-8") as file:
        for number, line in enumerate(file):
            if number >= limit:
                break
            item = json.loads(line)
            for piece in _MARK.split(render(item["messages"], item["tools"], prompt=False)):
                yield from _CJK.split(piece)
    for slots in load("words").values():
        for text in slots.values():
            yield from (piece for word in text.split(",") for piece in _CJK.split(" " + word.strip()))
    yield from [CODE] * 20


def build(data: Path, size: int, limit: int) -> Tokenizer:
    """Return a trained tokenizer with `size` entries, the special ones first."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(QWEN2_SPLIT), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=size,
        min_frequency=4,
        special_tokens=[AddedToken(text, special=True, normalized=False) for text in CONTROL + MARKS],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(corpus(data, limit), trainer)
    return tokenizer


def main() -> None:
    """Write the tokenizer file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("output", type=Path)
    parser.add_argument("--size", type=int, default=4096)
    parser.add_argument("--limit", type=int, default=20000, help="dialogues read")
    options = parser.parse_args()
    tokenizer = build(options.data, options.size, options.limit)
    tokenizer.save(str(options.output))
    print(f"{tokenizer.get_vocab_size()} tokens")


if __name__ == "__main__":
    main()
