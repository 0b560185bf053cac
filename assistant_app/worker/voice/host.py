"""What talking needs of the rest of the service: conversations, turns, reading ahead."""

from assistant_app.core.conversation import AudioTranscriptPart, Message
from assistant_app.worker.api import AssistantApi
from assistant_app.worker.parts import Parts
from assistant_app.worker.prompt_views import PromptViews
from assistant_app.worker.turns import Turns


class VoiceHost:
    """The opened service, seen from the side of voice."""

    def __init__(self, api: AssistantApi, parts: Parts, turns: Turns, prompts: PromptViews) -> None:
        self._api = api
        self._parts = parts
        self._turns = turns
        self._prompts = prompts

    async def new_conversation(self) -> str:
        """Create a conversation and return its identifier."""
        return (await self._api.create_conversation()).id

    async def submit(self, conversation_id: str, said: AudioTranscriptPart) -> None:
        """Send what was spoken."""
        await self._api.submit(conversation_id, said)

    def keep_as_draft(self, conversation_id: str, text: str) -> None:
        """Put words behind what stands in the message box of a conversation. Raises StoreError."""
        store = self._parts.store
        store.save_draft(conversation_id, "\n".join(filter(None, (store.draft(conversation_id), text))))

    def message(self, message_id: str) -> Message:
        """Return a stored message. Raises NotFound."""
        return self._parts.store.message(message_id)

    def answers_speech(self, answer: Message) -> bool:
        """Tell whether the question above an answer was spoken."""
        if answer.parent_id is None:
            return False
        question = self._parts.store.message(answer.parent_id)
        return any(isinstance(part, AudioTranscriptPart) for part in question.parts)

    @property
    def answering(self) -> bool:
        """Whether the language model works on an answer."""
        return self._turns.engine_busy

    async def stop(self, conversation_id: str) -> None:
        """Stop the answer there; what was written is kept."""
        await self._turns.stop(conversation_id)

    async def cut(self, message_id: str, spoken_chars: int) -> None:
        """Stop an answer that was read aloud and keep what was spoken of it."""
        await self._turns.cut(self._parts.store.message(message_id), spoken_chars)

    async def warm(self) -> None:
        """Load the language model if none is loaded yet, so that the first words need not wait for it."""
        if self._parts.engine.loaded is None:
            await self._parts.backend.load(self._parts.settings.current.model)

    async def read_ahead(self, conversation_id: str, known: str) -> bool:
        """Let the model read what stands before the next question; whether it got to the end."""
        return await self._prompts.read_ahead(conversation_id, known)

    def stop_reading(self) -> None:
        """Stop reading ahead; loading the model goes on."""
        self._prompts.stop_reading()

    async def give_way(self) -> None:
        """Stop reading ahead; returns when the engine is at rest."""
        await self._prompts.give_way()
