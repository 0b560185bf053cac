"""Renders dialogues through the shipped chat template and tokenises them the way the application does.

The application tokenises the template's own text with control tokens and every message's text without, apart
from each other, so that a message cannot forge a control token. Training has to see the same tokens.
"""

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

from jinja2.sandbox import ImmutableSandboxedEnvironment
from tokenizers import Tokenizer
from toolcalls import schema

TEMPLATE_PATH = Path(__file__).parent / "chat_template.jinja"
_MARK = "\x02"


@lru_cache
def _template() -> Any:
    environment = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True)
    environment.filters["tojson"] = lambda value: json.dumps(value, ensure_ascii=False)
    return environment.from_string(TEMPLATE_PATH.read_text("utf-8"))


def render(messages: list[dict[str, Any]], tools: list[str], prompt: bool) -> str:
    """Return the text that the model reads; with `prompt` it ends where the assistant begins to write."""
    text = _template().render(
        messages=messages, tools=[schema(name) for name in tools] or None, add_generation_prompt=prompt
    )
    return str(text)


class ChatEncoder:
    """Tokenises dialogues; shares one tokenizer."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer
        self._start = tokenizer.token_to_id("<|im_start|>")
        self._end = tokenizer.token_to_id("<|im_end|>")
        self._opening = self._template_ids("<|im_start|>assistant\n")

    def encode(
        self, messages: list[dict[str, Any]], tools: list[str], prompt: bool = False
    ) -> tuple[list[int], list[bool]]:
        """Return token ids and, for each, whether the assistant has to produce it."""
        marked = [
            {**message, "content": f"{_MARK}{index}{_MARK}"} if message.get("content") else message
            for index, message in enumerate(messages)
        ]
        ids: list[int] = []
        ours: list[bool] = []
        assistant = False
        for number, piece in enumerate(render(marked, tools, prompt).split(_MARK)):
            if number % 2:
                new = self.plain_ids(messages[int(piece)]["content"])
                ids += new
                ours += [assistant] * len(new)
                continue
            for token in self._template_ids(piece):
                assistant = assistant and token != self._start
                ids.append(token)
                ours.append(assistant)
                assistant = assistant and token != self._end
                if token == self._opening[-1] and ids[-len(self._opening) :] == self._opening:
                    assistant = True
        return ids, ours

    def plain_ids(self, text: str) -> list[int]:
        """Tokenise a message's text: control tokens written in it are ordinary characters."""
        self._tokenizer.encode_special_tokens = True
        ids: list[int] = self._tokenizer.encode(text, add_special_tokens=False).ids
        self._tokenizer.encode_special_tokens = False
        return ids

    def _template_ids(self, text: str) -> list[int]:
        ids: list[int] = self._tokenizer.encode(text, add_special_tokens=False).ids
        return ids
