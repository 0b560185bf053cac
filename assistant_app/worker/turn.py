"""An answer in the making: its parts, and how far it is for the user."""

import asyncio
from dataclasses import dataclass, field, replace
from typing import Any

from assistant_app.core.conversation import Message, MessageState, Part
from assistant_app.core.prompt import well_formed
from assistant_app.core.spoken import cut_to_spoken


@dataclass(slots=True)
class Turn:
    """One running answer. Whoever writes it looks at `stop` and adds nothing after `over`."""

    conversation_id: str
    message: Message
    parts: list[Part]
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    over: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when the answer is final and stored; the engine may still be winding down."""
    task: asyncio.Task[None] | None = None
    spoken_chars: int | None = None
    """Set by a barge-in: how much of the text the user has heard."""

    def snapshot(self, state: MessageState = MessageState.STREAMING, **changes: Any) -> Message:
        """Return the message as it is now; a final one has a result for every call."""
        parts = tuple(self.parts) if state is MessageState.STREAMING else well_formed(self.parts)
        if self.spoken_chars is not None and state is not MessageState.STREAMING:
            parts = cut_to_spoken(parts, self.spoken_chars)
        return replace(self.message, parts=parts, state=state, **changes)
