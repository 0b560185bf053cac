"""From messages to tokens: template, segments, and the very tokens of answers given before."""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field

from assistant_app.core.generation import ChatMessage, ToolSpec
from assistant_app.core.toolcalls import answer_key, split_answer
from assistant_app.engines.llama.calls import find_calls, replace_spans
from assistant_app.engines.llama.template import ChatTemplate, Segment
from assistant_app.engines.llama.tokens import Vocabulary

_KEPT_TOKENS = 100_000


class AnswerMemory:
    """Tokens of answers as they were sampled, by their text and the tools that they call.

    The same text tokenised again often gives other tokens, and everything after the first
    difference would have to be read again.
    """

    def __init__(self) -> None:
        self._by_text: OrderedDict[str, tuple[str, tuple[int, ...]]] = OrderedDict()
        self._n_tokens = 0

    def remember(self, text: str, tokens: Sequence[int]) -> None:
        """Keep the tokens of an answer."""
        key = answer_key(*split_answer(text))
        if not key:
            return
        self._drop(self._by_text.pop(key, None))
        self._by_text[key] = (text, tuple(tokens))
        self._n_tokens += len(tokens)
        while self._n_tokens > _KEPT_TOKENS:
            self._drop(self._by_text.popitem(last=False)[1])

    def _drop(self, answer: tuple[str, tuple[int, ...]] | None) -> None:
        self._n_tokens -= len(answer[1]) if answer else 0

    def find(self, text: str) -> tuple[str, tuple[int, ...]] | None:
        """Return text and tokens of the answer that says the same as `text`, calls in it included.

        Outer white space and how a call is spelled may differ.
        """
        return self._by_text.get(answer_key(*split_answer(text)))

    def find_turn(self, message: ChatMessage) -> tuple[str, tuple[int, ...]] | None:
        """Return text and tokens of the answer that says the same as a message and makes its calls."""
        functions = [call["function"] for call in message.tool_calls]
        return self._by_text.get(
            answer_key(message.content, [(f["name"], f["arguments"]) for f in functions])
        )

    def items(self) -> list[tuple[str, tuple[int, ...]]]:
        """Return everything that is kept, oldest first."""
        return list(self._by_text.values())


@dataclass(slots=True)
class Prompt:
    """A prompt ready to be evaluated."""

    tokens: list[int] = field(default_factory=list)
    text: str = ""
    """Exactly what the tokens say."""
    message_tokens: list[int] = field(default_factory=list)
    """For each message, its tokens with the wrapping before it; the last one has the rest too."""
    continued: list[int] = field(default_factory=list)
    """Tokens of the answer's beginning that was given; they stand at the end of `tokens`."""


class PromptBuilder:
    """Builds prompts for one model."""

    def __init__(self, vocabulary: Vocabulary, template: ChatTemplate) -> None:
        self._vocabulary = vocabulary
        self._template = template
        self._always_forbidden = vocabulary.end_of_generation

    def build(
        self,
        messages: Sequence[ChatMessage],
        tools: Sequence[ToolSpec] = (),
        *,
        continue_text: str = "",
        answers: AnswerMemory | None = None,
    ) -> Prompt:
        """Return the prompt up to where the answer goes on. Raises ModelError."""
        segments = self._template.render(messages, tools)
        if answers is not None and any(message.tool_calls for message in messages):
            segments = _with_sampled_calls(segments, messages, answers)
        vocabulary = self._vocabulary
        trusted: dict[str, list[int]] = {}
        for position, segment in enumerate(segments):
            if segment.trusted and (segment.text not in trusted or position == 0):
                trusted[segment.text] = vocabulary.template_text(segment.text, at_start=position == 0)
        forbidden = self._always_forbidden | vocabulary.marks(t for ids in trusted.values() for t in ids)
        prompt = Prompt(message_tokens=[0] * len(messages))
        texts: list[str] = []
        uncounted = 0
        for segment in segments:
            text = segment.text
            if segment.trusted:
                tokens = trusted[text]
            else:
                is_answer = segment.message >= 0 and messages[segment.message].role == "assistant"
                text, tokens = self._outside(text, forbidden, answers if is_answer else None)
            if not prompt.tokens and vocabulary.adds_bos and tokens[:1] != [vocabulary.bos]:
                tokens = [vocabulary.bos, *tokens]
            prompt.tokens.extend(tokens)
            texts.append(text)
            uncounted += len(tokens)
            if segment.message >= 0:
                prompt.message_tokens[segment.message] += uncounted
                uncounted = 0
        if continue_text:
            text, prompt.continued = self._outside(continue_text, forbidden, answers, exact=True)
            tokens = prompt.continued
            prompt.tokens.extend(tokens)
            texts.append(text)
            uncounted += len(tokens)
        if prompt.message_tokens:
            prompt.message_tokens[-1] += uncounted
        prompt.text = "".join(texts)
        return prompt

    def _outside(
        self, text: str, forbidden: frozenset[int], answers: AnswerMemory | None, *, exact: bool = False
    ) -> tuple[str, list[int]]:
        known = answers.find(text) if answers is not None else None
        if known is not None and (not exact or known[0] == text):
            return known[0], list(known[1])
        return text, self._vocabulary.plain_text(text, forbidden)


def _with_sampled_calls(
    segments: Sequence[Segment], messages: Sequence[ChatMessage], answers: AnswerMemory
) -> list[Segment]:
    """Put what the model wrote in the place of calls that the template wrote anew."""
    known = []
    for span in find_calls(segments, messages):
        message = messages[span.message]
        sampled = answers.find_turn(message)
        if sampled is not None:
            known.append((span, sampled[0]))
    return replace_spans(segments, known)
