"""What was said while an answer was being written, until its turn comes."""

from assistant_app.core.conversation import AudioTranscriptPart, TextPart
from assistant_app.core.views import QueuedMessage
from assistant_app.store.store import Store


class SaidMeanwhile:
    """The queued messages; the database keeps their words, this run also which of them were spoken."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._spoken: dict[str, AudioTranscriptPart] = {}

    def add(self, conversation_id: str, said: str | AudioTranscriptPart) -> QueuedMessage:
        """Keep a message until the answer that is being written has ended."""
        queued = self._store.enqueue(conversation_id, question_part(said).text)
        if isinstance(said, AudioTranscriptPart):
            self._spoken[queued.id] = said
        return queued

    def edit(self, queued_id: str, text: str) -> None:
        """Change a waiting message; an empty text removes it. Raises NotFound."""
        self._store.edit_queued(queued_id, text)
        if not text.strip():
            self._spoken.pop(queued_id, None)

    def take(self, conversation_id: str) -> str | AudioTranscriptPart | None:
        """Return what waited longest, or None; spoken words that were edited meanwhile are text."""
        queued = self._store.take_queued(conversation_id)
        if queued is None:
            return None
        spoken = self._spoken.pop(queued.id, None)
        return spoken if spoken is not None and spoken.text == queued.text else queued.text


def question_part(said: str | AudioTranscriptPart) -> TextPart | AudioTranscriptPart:
    """Return what was typed or spoken as a part of a message."""
    return TextPart(said) if isinstance(said, str) else said
