"""Conversations as trees of messages: an edit or a new answer is a sibling, nothing is overwritten."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from assistant_app.core.errors import NotFound
from assistant_app.core.sampling import Sampling


class Role(StrEnum):
    """Who a message is from."""

    SYSTEM = "system"
    USER = "user"
    ASSISTANT = "assistant"
    TOOL = "tool"


class MessageState(StrEnum):
    """How far a message got. Everything but STREAMING is final."""

    STREAMING = "streaming"
    DONE = "done"
    STOPPED = "stopped"
    """The user stopped it; what was streamed is kept."""
    LENGTH = "length"
    """The context or the token limit was full; it can be continued."""
    INTERRUPTED = "interrupted"
    """The application ended in mid-answer; it can be continued."""
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class TextPart:
    """What was typed or answered, as Markdown."""

    text: str


@dataclass(frozen=True, slots=True)
class ReasoningPart:
    """What a reasoning model thought before it answered; shown folded, not sent back."""

    text: str


@dataclass(frozen=True, slots=True)
class ImagePart:
    """A picture, kept as a blob beside the database."""

    sha256: str
    mime_type: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class ToolCallPart:
    """The assistant asks for a tool."""

    call_id: str
    name: str
    arguments: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ToolResultPart:
    """What a tool returned, in the order of the calls."""

    call_id: str
    name: str
    content: str
    is_error: bool = False
    duration_s: float = 0.0


@dataclass(frozen=True, slots=True)
class AudioTranscriptPart:
    """Spoken words as recognised; sent to the model as text."""

    text: str
    language: str = ""
    duration_s: float = 0.0
    recording: str = ""
    """Path of the sound, if the user wants recordings kept."""


Part = TextPart | ReasoningPart | ImagePart | ToolCallPart | ToolResultPart | AudioTranscriptPart


@dataclass(frozen=True, slots=True)
class Message:
    """One node of a conversation tree."""

    id: str
    conversation_id: str
    parent_id: str | None
    role: Role
    parts: tuple[Part, ...]
    state: MessageState = MessageState.DONE
    created_at: float = 0.0
    """UTC seconds since the epoch."""
    model: str = ""
    """Name of the model that wrote it; empty for the user's messages."""
    error: str = ""
    """One plain sentence when `state` is ERROR."""
    usage: "UsageSummary | None" = None

    @property
    def text(self) -> str:
        """The visible text: typed, answered or spoken; without reasoning, images and tools.

        Text before and after tool calls stands in paragraphs of its own.
        """
        paragraphs = [""]
        for part in self.parts:
            if isinstance(part, TextPart | AudioTranscriptPart):
                paragraphs[-1] += part.text
            elif isinstance(part, ToolCallPart | ToolResultPart) and paragraphs[-1]:
                paragraphs.append("")
        return "\n\n".join(filter(None, paragraphs))

    @property
    def tool_calls(self) -> "list[tuple[ToolCallPart, ToolResultPart | None]]":
        """The tool calls in order, each with its result; None while there is none."""
        results = {part.call_id: part for part in self.parts if isinstance(part, ToolResultPart)}
        calls = [part for part in self.parts if isinstance(part, ToolCallPart)]
        return [(call, results.get(call.call_id)) for call in calls]

    @property
    def reasoning(self) -> str:
        """The reasoning, or the empty string."""
        return "".join(p.text for p in self.parts if isinstance(p, ReasoningPart))


@dataclass(frozen=True, slots=True)
class UsageSummary:
    """What an answer cost: tokens, seconds, tokens per second."""

    prompt_tokens: int = 0
    """Tokens of the whole prompt."""
    reused_tokens: int = 0
    """Of these, how many were still in memory or on disk and were not read again."""
    generated_tokens: int = 0
    prompt_s: float = 0.0
    """Time to read the new part of the prompt."""
    generation_s: float = 0.0
    seed: int = 0

    @property
    def evaluated_tokens(self) -> int:
        """Prompt tokens that were really read."""
        return self.prompt_tokens - self.reused_tokens

    @property
    def tokens_per_s(self) -> float:
        """Generation speed; 0 when nothing was timed."""
        return self.generated_tokens / self.generation_s if self.generation_s > 0 else 0.0


@dataclass(frozen=True, slots=True)
class Conversation:
    """A conversation without its messages."""

    id: str
    title: str = ""
    created_at: float = 0.0
    updated_at: float = 0.0
    pinned: bool = False
    system_prompt: str | None = None
    """None: the one from the settings."""
    sampling: Sampling | None = None
    """None: the one from the settings."""
    model: str | None = None
    """Model identifier; None: the one from the settings."""
    leaf_id: str | None = None
    """Last message of the branch on screen."""
    deleted_at: float | None = None
    """When it was put into the trash; None: it is not there."""


@dataclass(slots=True)
class ConversationTree:
    """The messages of one conversation, with the questions that a view asks of a tree."""

    messages: dict[str, Message] = field(default_factory=dict)
    _children: dict[str | None, list[str]] = field(default_factory=dict)

    @classmethod
    def of(cls, messages: Iterable[Message]) -> "ConversationTree":
        """Build a tree; children stand in order of creation."""
        tree = cls()
        for message in sorted(messages, key=lambda m: (m.created_at, m.id)):
            tree.add(message)
        return tree

    def add(self, message: Message) -> None:
        """Add or replace one message."""
        if message.id not in self.messages:
            self._children.setdefault(message.parent_id, []).append(message.id)
        self.messages[message.id] = message

    def path(self, leaf_id: str | None) -> list[Message]:
        """Return the messages from the root to `leaf_id`; empty for None. Raises NotFound."""
        result: list[Message] = []
        current = leaf_id
        while current is not None:
            message = self.messages.get(current)
            if message is None:
                raise NotFound(detail=f"message {current}")
            result.append(message)
            current = message.parent_id
        result.reverse()
        return result

    def siblings(self, message_id: str) -> list[str]:
        """Return the identifiers of all versions of a message, itself among them, oldest first."""
        message = self.messages.get(message_id)
        if message is None:
            raise NotFound(detail=f"message {message_id}")
        return list(self._children[message.parent_id])

    def latest_leaf(self, message_id: str) -> str:
        """Return the leaf reached from a message by always taking the newest child."""
        current = message_id
        while children := self._children.get(current):
            current = children[-1]
        return current

    def subtree(self, message_id: str) -> Iterator[Message]:
        """Yield a message and everything below it, in all branches."""
        pending = [message_id]
        while pending:
            current = pending.pop()
            yield self.messages[current]
            pending.extend(self._children.get(current, ()))
