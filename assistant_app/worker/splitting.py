"""Chooses how an answer's reasoning is told from its text, by what the prompt ends with."""

from assistant_app.core.generation import ChatBackend, GenerationRequest, ModelInfo
from assistant_app.core.reasoning import OPEN, ReasoningSplitter


async def splitter_for(
    backend: ChatBackend, request: GenerationRequest, info: ModelInfo
) -> ReasoningSplitter:
    """Return the splitter for one answer.

    Some templates open the reasoning in the prompt itself, so that the model never writes the
    opening tag; only the rendered prompt tells.
    """
    if request.continue_text:
        return ReasoningSplitter.in_answer()
    if OPEN in info.chat_template:
        rendered = await backend.render(request.messages, request.tools)
        if rendered.text.rstrip().endswith(OPEN):
            return ReasoningSplitter.in_reasoning()
    return ReasoningSplitter()
