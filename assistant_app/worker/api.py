"""What windows and the terminal may ask of the worker. Every method runs on the worker's asyncio loop."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

from assistant_app.core.conversation import AudioTranscriptPart, Conversation, Message
from assistant_app.core.events import ContextReport, Event
from assistant_app.core.sampling import Sampling
from assistant_app.core.views import (
    ConversationRow,
    ConversationView,
    ModelRow,
    Receipt,
    Replay,
    Snapshot,
    ToolRow,
    TrashRow,
)
from assistant_app.worker.update_api import UpdateApi
from assistant_app.worker.voice_api import VoiceApi

EventSink = Callable[[Event], None]


class AssistantApi(Protocol):
    """The product without a face. Raises AssistantError only."""

    def subscribe(self, sink: EventSink) -> Callable[[], None]:
        """Call `sink` (on the worker thread) for each event; returns how to end that. Thread-safe."""

    @property
    def voice(self) -> VoiceApi:
        """Talking and reading aloud; nothing of it is started before it is used."""

    @property
    def updates(self) -> UpdateApi:
        """News about newer versions; nobody is asked unless the user wants it."""

    # --- conversations
    async def conversations(
        self, query: str = "", limit: int = 200, offset: int = 0
    ) -> list[ConversationRow]:
        """List them, pinned first, newest next; with a query, search titles and all messages."""

    async def create_conversation(
        self, system_prompt: str | None = None, model: str | None = None
    ) -> Conversation: ...

    async def open_conversation(self, conversation_id: str, *, last: int | None = None) -> ConversationView:
        """Return the active branch; `last` limits it to its newest messages."""

    async def latest_conversation(self) -> str | None:
        """Return the one that was open last, or None."""

    async def rename(self, conversation_id: str, title: str) -> None: ...

    async def pin(self, conversation_id: str, pinned: bool) -> None: ...

    async def configure(
        self, conversation_id: str, *, system_prompt: str | None, sampling: Sampling | None
    ) -> None:
        """Set the conversation's own system prompt and sampling; None returns to the settings'."""

    async def trash_conversation(self, conversation_id: str) -> None: ...

    async def save_draft(self, conversation_id: str, text: str) -> None:
        """Keep what stands in the composer; "" (no conversation yet) is a valid identifier here."""

    # --- turns
    async def submit(self, conversation_id: str, said: str | AudioTranscriptPart) -> Message:
        """Store what the user typed or spoke at the end of the active branch and start an answer.

        While an answer is running there it is queued instead and the queue is in the view.
        Returns the stored message (or the queued one, with state STREAMING and no parent).
        """

    async def edit_queued(self, conversation_id: str, queued_id: str, text: str) -> None:
        """Change a queued message; an empty text removes it."""

    async def edit(self, message_id: str, text: str) -> Message:
        """Ask again with other words: a sibling of the user's message, followed by a new answer."""

    async def fork(self, message_id: str, text: str) -> Conversation:
        """Copy the branch up to the message into a new conversation and ask `text` there instead."""

    async def edit_answer(self, message_id: str, text: str) -> Message:
        """Put the user's wording beside an answer, as another version of it, without asking the model."""

    async def regenerate(self, message_id: str) -> None:
        """Answer the same question again, as a sibling."""

    async def continue_answer(self, message_id: str) -> None:
        """Go on writing an answer that was stopped, interrupted or cut."""

    async def stop(self, conversation_id: str) -> None:
        """Stop loading, reading or writing there; queued messages stay."""

    async def select_version(self, message_id: str) -> None:
        """Show the branch through this message."""

    async def count_below(self, message_id: str) -> tuple[int, int]:
        """Return how many (user messages, answers) `delete_message` would remove, all branches."""

    async def delete_message(self, message_id: str) -> None:
        """Put a message and everything below it into the trash."""

    # --- looking inside
    async def context(self, conversation_id: str, draft: str = "") -> ContextReport:
        """Return what the model would see if `draft` were sent now."""

    async def prompt_text(self, conversation_id: str, draft: str = "") -> str:
        """Return exactly what would be sent, template applied."""

    async def receipt(self, message_id: str) -> Receipt: ...

    async def replay(self, message_id: str) -> Replay: ...

    # --- trash and time machine
    async def trash(self) -> list[TrashRow]: ...

    async def restore_trash(self, trash_id: str) -> None: ...

    async def purge_trash(self, trash_id: str | None = None) -> None:
        """Erase one item for good, or all of them."""

    async def snapshots(self) -> list[Snapshot]: ...

    async def snapshot_conversations(self, snapshot_id: str) -> list[ConversationRow]: ...

    async def restore_snapshot(self, snapshot_id: str, conversation_id: str | None = None) -> None:
        """Bring one conversation (as a copy) or everything back as it was; everything is saved first."""

    # --- models, tools, settings
    async def models(self) -> list[ModelRow]: ...

    async def choose_model(
        self, model_id: str, conversation_id: str | None = None, *, anyway: bool = False
    ) -> None:
        """Answer with this model, everywhere or in one conversation.

        `anyway` loads it from now on although the estimate says that it does not fit into memory.
        """

    async def add_model(self, path: Path) -> ModelRow:
        """Use a GGUF file where it lies, after looking at its header."""

    async def remove_model(self, model_id: str) -> None:
        """Forget a model; the file stays."""

    async def tools(self) -> Sequence[ToolRow]:
        """Return every tool, also those that are switched off."""

    async def settings(self) -> dict[str, Any]: ...

    async def change_settings(self, changes: dict[str, Any]) -> None: ...

    async def doctor(self) -> Sequence[tuple[str, str, bool]]:
        """Return (title, finding, fine) per check."""
