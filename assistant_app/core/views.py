"""Read-only answers to what a window or a terminal asks; no behaviour."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from assistant_app.core.conversation import Conversation, Message, UsageSummary
from assistant_app.core.sampling import Sampling


@dataclass(frozen=True, slots=True)
class ConversationRow:
    """One line of the conversation list."""

    id: str
    title: str
    """Empty when it has none yet."""
    updated_at: float
    pinned: bool
    message_count: int = 0
    snippet: str = ""
    """For search results: text around the hit, with the hit between U+0002 and U+0003."""
    message_id: str | None = None
    """For search results: the message that matched; None when the title did."""


@dataclass(frozen=True, slots=True)
class ShownMessage:
    """A message on the active branch with its place among its versions."""

    message: Message
    version: int = 1
    """1-based."""
    versions: tuple[str, ...] = ()
    """Identifiers of all versions, oldest first, itself among them."""


@dataclass(frozen=True, slots=True)
class ConversationView:
    """A conversation as it is shown: the active branch, root first."""

    conversation: Conversation
    messages: tuple[ShownMessage, ...]
    draft: str = ""
    queued: "tuple[QueuedMessage, ...]" = ()
    answering: bool = False


@dataclass(frozen=True, slots=True)
class QueuedMessage:
    """Typed while an answer was running; sent when it ends."""

    id: str
    text: str


@dataclass(frozen=True, slots=True)
class Receipt:
    """How an answer came about, enough to run it again."""

    message_id: str
    model_name: str
    model_sha256: str
    model_path: str
    chat_template: str
    library: str
    sampling: Sampling
    seed: int
    n_ctx_tokens: int
    n_threads: int
    prompt: str
    """The exact text that the model read."""
    answer: str
    usage: UsageSummary
    created_at: float
    request: Mapping[str, Any] = field(default_factory=dict)
    """Messages and tools before the template, as JSON values."""


@dataclass(frozen=True, slots=True)
class Replay:
    """What running a receipt again gave."""

    same: bool
    answer: str
    differs_at: int | None = None
    """Index of the first differing character."""
    changed: tuple[str, ...] = ()
    """Names of receipt fields that are different today: "model_sha256", "library", …"""


@dataclass(frozen=True, slots=True)
class TrashRow:
    """Something deleted that can come back."""

    id: str
    kind: str
    """"conversation" or "messages"."""
    title: str
    message_count: int
    deleted_at: float


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A saved copy of the whole database."""

    id: str
    created_at: float
    reason: str
    """"daily", "migration", or "before-restore"."""
    size_bytes: int
    schema_version: int


@dataclass(frozen=True, slots=True)
class ModelRow:
    """A model that could be chosen."""

    id: str
    name: str
    path: str
    size_bytes: int
    bundled: bool = False
    """The pocket model that comes with the application."""
    note: str = ""
    fits: bool = True
    fit_sentence: str = ""
    chosen: bool = False


@dataclass(frozen=True, slots=True)
class ToolRow:
    """A tool as the settings show it."""

    name: str
    title: str
    """English, a translation key."""
    summary: str
    """What it does, in one English sentence for people; a translation key."""
    risk: str
    """A value of core.tools.Risk."""
    on: bool
