"""Decides what of a conversation is sent: counts tokens, moves the window, keeps its summary."""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

from assistant_app.core import memory
from assistant_app.core.conversation import Conversation, Message, MessageState, Role, TextPart
from assistant_app.core.events import ContextReport
from assistant_app.core.generation import ChatBackend, ChatMessage, ModelInfo, ToolSpec
from assistant_app.core.ids import new_id
from assistant_app.core.prompt import assemble, chat_messages, system_text
from assistant_app.core.sampling import Sampling
from assistant_app.core.tools import Tool, Toolbox
from assistant_app.settings import Settings
from assistant_app.store.store import Store

_CACHED_COUNTS = 20_000
_CACHED_TOOL_LISTS = 64
_TOOLS_SHARE = 1 / 3
"""At most this share of the context goes to the list of tools; else there are none."""
_TEMPLATE_MARGIN_TOKENS = 16
"""What a template may add once for the whole prompt: begin-of-text, the opening of the answer."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A prompt ready to be sent."""

    turns: tuple[ChatMessage, ...]
    tools: tuple[ToolSpec, ...]
    report: ContextReport


class Prompter:
    """Owns the token counts and the window position of each conversation."""

    def __init__(self, store: Store, backend: ChatBackend) -> None:
        self._store = store
        self._backend = backend
        self._counts: OrderedDict[tuple[str, str, str], int] = OrderedDict()
        self._tool_counts: OrderedDict[tuple[str, str, str], int] = OrderedDict()

    async def offered(
        self, toolbox: Toolbox, conversation: Conversation, info: ModelInfo, settings: Settings
    ) -> tuple[Tool, ...]:
        """Return the tools that the model is told about.

        None where its template cannot list tools, or where the list would leave too little of the
        context window for the conversation.
        """
        tools = toolbox.tools() if info.tools else ()
        specs = [tool.spec for tool in tools]
        listed = await self._count_tools(_system_prompt(conversation, settings), specs, info)
        return tools if listed <= info.n_ctx_tokens * _TOOLS_SHARE else ()

    async def prepare(
        self,
        conversation: Conversation,
        path: Sequence[Message],
        info: ModelInfo,
        settings: Settings,
        sampling: Sampling,
        *,
        tools: Sequence[ToolSpec] = (),
        keep_window: bool = True,
    ) -> Prepared:
        """Return the turns to send for a branch that ends with the question.

        The branch may end with what there is of the answer already: its tool calls and their results.

        Args:
            tools: What the system turn tells the model about.
            keep_window: Remember where the window begins; False for a mere look.

        Raises:
            PromptTooLong: The question does not fit by itself.
        """
        system_prompt = _system_prompt(conversation, settings)
        examples = settings.few_shot
        reserve = memory.answer_reserve(info.n_ctx_tokens, sampling.max_tokens)
        summary_room = int(info.n_ctx_tokens * memory.SUMMARY_SHARE)

        fixed_turns = assemble(system_prompt, examples, "", ())
        listed = await self._count_tools(system_prompt, tools, info)
        fixed = sum(await self._count_turns(fixed_turns, info)) + listed + _TEMPLATE_MARGIN_TOKENS
        tokens = await self._count_messages(path, info)

        index = {message.id: i for i, message in enumerate(path)}
        stored = self._store.summary(conversation.id) if path else None
        previous = index[stored[0]] if stored and stored[0] in index else 0
        room = info.n_ctx_tokens - reserve - fixed
        # A summary takes its share only where there is something to summarise.
        tight = previous > 0 or sum(tokens) > room
        window = memory.plan(
            path,
            tokens,
            room - summary_room if tight else room,
            previous_start=previous,
            max_turns=settings.window_turns,
        )
        summary, included = await self._summary(path[: window.start], system_prompt, summary_room, info)
        if keep_window and window.moved and path:
            self._store.save_summary(conversation.id, path[window.start].id, summary)

        whole = path[window.start :]
        turns = assemble(system_prompt, examples, summary, whole, with_tools=info.tools)
        system_tokens = (await self._count_turns(assemble(system_prompt, (), summary, ()), info) or [0])[0]
        items = memory.context_items(
            system_prompt, system_tokens + listed, path, tokens, window.start, included
        )
        used = sum(await self._count_turns(turns, info)) + listed
        report = ContextReport(conversation.id, items, used, info.n_ctx_tokens)
        return Prepared(tuple(turns), tuple(tools), report)

    async def _summary(
        self, dropped: Sequence[Message], system_prompt: str, room_tokens: int, info: ModelInfo
    ) -> tuple[str, frozenset[str]]:
        """Shorten the dropped messages until they fit; fewer characters each time they do not."""
        max_chars = room_tokens * 4
        while dropped and max_chars >= 40:
            summary, included = memory.summarise(dropped, max_chars)
            with_it = ChatMessage("system", system_text(system_prompt, summary))
            without = ChatMessage("system", system_prompt)
            both = await self._count_turns([with_it, without], info)
            if both[0] - both[1] <= room_tokens:
                return summary, included
            max_chars //= 2
        return "", frozenset()

    async def _count_messages(self, path: Sequence[Message], info: ModelInfo) -> list[int]:
        turns = [chat_messages(message, with_tools=info.tools) for message in path]
        flat = await self._count_turns([turn for group in turns for turn in group], info)
        result, position = [], 0
        for group in turns:
            result.append(sum(flat[position : position + len(group)]))
            position += len(group)
        return result

    async def _count_tools(self, system_prompt: str, tools: Sequence[ToolSpec], info: ModelInfo) -> int:
        """Return what the list of tools adds to a prompt: with it less without it."""
        if not tools:
            return 0
        key = (info.sha256, system_prompt, repr(tools))
        if key not in self._tool_counts:
            probe = [*assemble(system_prompt, (), "", ()), ChatMessage("user", "?")]
            with_tools = sum(await self._backend.count_tokens(probe, tools))
            self._tool_counts[key] = max(0, with_tools - sum(await self._backend.count_tokens(probe)))
        self._tool_counts.move_to_end(key)
        while len(self._tool_counts) > _CACHED_TOOL_LISTS:
            self._tool_counts.popitem(last=False)
        return self._tool_counts[key]

    async def _count_turns(self, turns: Sequence[ChatMessage], info: ModelInfo) -> list[int]:
        keys = [(info.sha256, turn.role, f"{turn.content}\0{turn.tool_calls!r}") for turn in turns]
        unknown = [i for i, key in enumerate(keys) if key not in self._counts]
        found: dict[int, int] = {}
        if unknown:
            counted = await self._backend.count_tokens([turns[i] for i in unknown])
            found = dict(zip(unknown, counted, strict=True))
        result = []
        for i, key in enumerate(keys):
            count = found[i] if i in found else self._counts[key]
            self._counts[key] = count
            self._counts.move_to_end(key)
            result.append(count)
        while len(self._counts) > _CACHED_COUNTS:
            self._counts.popitem(last=False)
        return result


def _system_prompt(conversation: Conversation, settings: Settings) -> str:
    return settings.system_prompt if conversation.system_prompt is None else conversation.system_prompt


def with_draft(conversation: Conversation, path: Sequence[Message], draft: str) -> list[Message]:
    """Return the branch as it would be if `draft` were sent now; unchanged for an empty draft."""
    if not draft.strip():
        return list(path)
    parent = path[-1].id if path else None
    question = Message(new_id(), conversation.id, parent, Role.USER, (TextPart(draft),), MessageState.DONE)
    return [*path, question]
