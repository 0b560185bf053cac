"""Takes an answer to its end: the model writes, its tool calls are carried out, it writes again.

The loop knows neither how a model is asked nor how its calls are spelled: a `Desk` gives it turns
of the model with the calls found in them.
"""

import asyncio
import json
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from assistant_app.core.conversation import ToolCallPart, ToolResultPart
from assistant_app.core.prompt import STOPPED_RESULT
from assistant_app.core.text import N_
from assistant_app.core.toolcalls import UNREADABLE, MalformedCall, parse_call
from assistant_app.core.tools import Tool, ToolError

log = logging.getLogger(__name__)

MAX_TURNS = 8
"""Turns of the model with tools in one answer; after that it has to answer with what it knows."""
MAX_SAME_CALLS = 3
"""The same call for this time ends the loop."""
ERROR_MARK = "error: "
"""How the result of a call begins that failed."""
_MIN_RESULT_CHARS = 400

FAILED = N_("The tool failed.")
TIMED_OUT = N_("The tool did not answer within {seconds} seconds.")
UNKNOWN = N_('There is no tool "{name}"; there are: {names}.')
MALFORMED = N_(
    "This call could not be read: {reason}. Write it again as one JSON object, or answer without it."
)
AGAIN = N_("This is the earlier result of the same call; use it to answer.")
LAST_RESULT = N_("The tool {tool} gave: {result}")
LAST_ERROR = N_("The tool {tool} could not help: {result}")


@dataclass(frozen=True, slots=True)
class ModelTurn:
    """What the model wrote in one go."""

    calls: tuple[ToolCallPart, ...] = ()
    has_text: bool = False
    cancelled: bool = False
    """It was cut off: nothing follows."""


class Desk(Protocol):
    """Where an answer is written; its methods keep what happens."""

    async def write(self, *, with_tools: bool) -> ModelTurn:
        """Let the model go on with the answer until it ends its turn."""

    def tool_started(self, call: ToolCallPart) -> None:
        """A tool begins to work."""

    def tool_ended(self, result: ToolResultPart) -> None:
        """A call has its result."""

    def say(self, text: str) -> None:
        """Add text that the model did not write."""


class Agent:
    """One answer. `run` it once."""

    def __init__(
        self,
        desk: Desk,
        tools: Sequence[Tool],
        stop: asyncio.Event,
        translate: Callable[[str], str],
        *,
        max_turns: int = MAX_TURNS,
        max_result_chars: int = 4000,
    ) -> None:
        """Take what the answer is made with.

        Args:
            desk: Where it is written.
            tools: Those that the model is told about.
            stop: Set when the user wants no more; what runs is left alone then and cancelled.
            translate: Turns an English sentence into the language of the user.
            max_turns: Turns of the model with tools.
            max_result_chars: Longer results are cut, so that one tool cannot fill the context window.
        """
        self._desk = desk
        self._tools = {tool.spec.name: tool for tool in tools}
        self._stop = stop
        self._translate = translate
        self._max_turns = max_turns
        self._max_result_chars = max(_MIN_RESULT_CHARS, max_result_chars)
        self._seen: dict[str, tuple[int, ToolResultPart]] = {}
        self._last: ToolResultPart | None = None

    async def run(self) -> None:
        """Write until there is an answer or `stop` is set. Raises what the desk raises."""
        for _turn in range(self._max_turns):
            turn = await self._desk.write(with_tools=bool(self._tools))
            if self._stop.is_set() or turn.cancelled:
                return
            if not turn.calls:
                self._conclude(turn)
                return
            repeated = await self._carry_out(turn.calls)
            if self._stop.is_set():
                return
            if repeated:
                break
        turn = await self._desk.write(with_tools=False)
        if not self._stop.is_set() and not turn.cancelled:
            self._conclude(turn)

    def _conclude(self, turn: ModelTurn) -> None:
        """Say what the last tool gave where the model has nothing to say about it."""
        result = self._last
        if turn.has_text or result is None:
            return
        tool = self._tools.get(result.name)
        title = self._translate(tool.title) if tool is not None else result.name
        template = LAST_ERROR if result.is_error else LAST_RESULT
        content = result.content.removeprefix(ERROR_MARK) if result.is_error else result.content
        self._desk.say(self._translate(template).format(tool=title, result=content))

    async def _carry_out(self, calls: Sequence[ToolCallPart]) -> bool:
        """Give each call its result, in order; return whether the model only repeats itself."""
        repeated = False
        for call in calls:
            key = json.dumps([call.name, dict(call.arguments)], sort_keys=True, default=str)
            count, earlier = self._seen.get(key, (0, None))
            if earlier is None:
                result = await self._call(call)
                if self._stop.is_set():
                    return False
            else:
                remark = f"({self._translate(AGAIN)})"
                result = ToolResultPart(
                    call.call_id, call.name, f"{earlier.content}\n{remark}", earlier.is_error
                )
            self._seen[key] = (count + 1, earlier or result)
            self._last = earlier or result
            self._desk.tool_ended(result)
            repeated = repeated or count + 1 >= MAX_SAME_CALLS
        return repeated

    async def _call(self, call: ToolCallPart) -> ToolResultPart:
        tool = self._tools.get(call.name)
        if tool is None:
            return self._refused(call)
        self._desk.tool_started(call)
        began = time.monotonic()
        content, is_error = await self._outcome(tool, call.arguments)
        return _result(call, self._cut(content), is_error=is_error, duration_s=time.monotonic() - began)

    async def _outcome(self, tool: Tool, arguments: Mapping[str, Any]) -> tuple[str, bool]:
        """Wait for a tool, its time limit or the stop button; return a text and whether it is an error."""

        async def run() -> str:
            return await tool.run(arguments)

        task = asyncio.create_task(run())
        stopping = asyncio.create_task(self._stop.wait())
        try:
            await asyncio.wait({task, stopping}, timeout=tool.timeout_s, return_when=asyncio.FIRST_COMPLETED)
        finally:
            stopping.cancel()
            if not task.done():
                # It may take its time to end; nobody waits for it.
                task.cancel()
                task.add_done_callback(_forget)
        if self._stop.is_set():
            if task.done():
                _forget(task)
            return STOPPED_RESULT.removeprefix(ERROR_MARK), True
        if not task.done():
            return self._translate(TIMED_OUT).format(seconds=f"{tool.timeout_s:g}"), True
        try:
            return task.result(), False
        except ToolError as error:
            return error.sentence(self._translate), True
        except (Exception, asyncio.CancelledError):
            log.exception("tool %s failed", tool.spec.name)
            return self._translate(FAILED), True

    def _refused(self, call: ToolCallPart) -> ToolResultPart:
        """Tell the model what is wrong with a call that means no tool."""
        if call.name == UNREADABLE:
            try:
                parse_call(str(call.arguments.get("text", "")))
                reason = "it is no call"
            except MalformedCall as error:
                reason = str(error)
            return _result(call, self._translate(MALFORMED).format(reason=reason), is_error=True)
        names = ", ".join(self._tools)
        return _result(call, self._translate(UNKNOWN).format(name=call.name[:80], names=names), is_error=True)

    def _cut(self, content: str) -> str:
        if len(content) <= self._max_result_chars:
            return content
        return content[: self._max_result_chars - 1].rstrip() + "…"


def _result(
    call: ToolCallPart, content: str, *, is_error: bool = False, duration_s: float = 0.0
) -> ToolResultPart:
    text = f"{ERROR_MARK}{content}" if is_error else content
    return ToolResultPart(call.call_id, call.name, text, is_error, duration_s)


def _forget(task: "asyncio.Task[str]") -> None:
    """Take note of how a tool ended that nobody waits for any more."""
    if not task.cancelled() and (error := task.exception()) is not None:
        log.info("a tool that was given up ended with %r", error)
