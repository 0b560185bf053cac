"""Runs an answer's receipt again and says whether the same came out."""

from contextlib import aclosing
from dataclasses import replace

from assistant_app.core.conversation import UsageSummary
from assistant_app.core.generation import (
    ChatBackend,
    ChatMessage,
    Delta,
    GenerationRequest,
    ModelInfo,
    ToolSpec,
)
from assistant_app.core.views import Receipt, Replay
from assistant_app.worker.splitting import splitter_for


async def replay_receipt(receipt: Receipt, backend: ChatBackend, conversation_id: str) -> Replay:
    """Answer the receipt's request with the same seed. Raises ModelError when the model is gone.

    Of an answer with tool calls it is the last turn of the model; no tool runs.

    The same build with the same threads and batches gives the same tokens; anything else may
    differ in the last bits of a sum, so what changed is told with the outcome. The conversation is
    named to the backend because it remembers the very tokens of earlier answers there.
    """
    info = await backend.load(receipt.model_path)
    turns = tuple(
        ChatMessage(
            turn["role"],
            turn["content"],
            tool_calls=tuple(turn.get("tool_calls", ())),
            tool_call_id=turn.get("tool_call_id", ""),
            name=turn.get("name", ""),
        )
        for turn in receipt.request["messages"]
    )
    tools = tuple(
        ToolSpec(tool["name"], tool["description"], tool["parameters"])
        for tool in receipt.request.get("tools", ())
    )
    continued = receipt.request.get("continue_text", "")
    request = GenerationRequest(
        messages=turns,
        sampling=replace(receipt.sampling, seed=receipt.seed, max_tokens=_limit(receipt.usage)),
        conversation_id=conversation_id,
        tools=tools,
        continue_text=continued,
    )
    splitter = await splitter_for(backend, request, info)
    pieces = [continued]
    async with aclosing(backend.generate(request)) as events:
        async for event in events:
            if isinstance(event, Delta):
                pieces.extend(text for is_reasoning, text in splitter.feed(event.text) if not is_reasoning)
    pieces.extend(text for is_reasoning, text in splitter.finish() if not is_reasoning)
    answer = "".join(pieces)
    same = answer == receipt.answer
    return Replay(
        same, answer, None if same else _first_difference(answer, receipt.answer), _changed(receipt, info)
    )


def _limit(usage: UsageSummary) -> int | None:
    """A stopped answer is compared as far as it went."""
    return usage.generated_tokens or None


def _first_difference(one: str, other: str) -> int:
    for index, (a, b) in enumerate(zip(one, other, strict=False)):
        if a != b:
            return index
    return min(len(one), len(other))


def _changed(receipt: Receipt, info: ModelInfo) -> tuple[str, ...]:
    pairs = {
        "model_sha256": (receipt.model_sha256, info.sha256),
        "chat_template": (receipt.chat_template, info.chat_template),
        "library": (receipt.library, info.library),
        "n_ctx_tokens": (receipt.n_ctx_tokens, info.n_ctx_tokens),
        "n_threads": (receipt.n_threads, info.n_threads),
    }
    return tuple(name for name, (then, now) in pairs.items() if then != now)
