"""What the line of a tool call says, and what stands below it when it is opened."""

import json
import re

from assistant_app.core.agent import ERROR_MARK
from assistant_app.core.conversation import ToolCallPart, ToolResultPart
from assistant_app.core.prompt import STOPPED_RESULT
from assistant_app.core.toolcalls import UNREADABLE
from assistant_app.i18n import _

_MAX_SOURCE = 20_000
_MAX_ARGUMENTS = 60
_MAX_RESULT = 90


def tool_title(call: ToolCallPart, result: ToolResultPart | None, *, running: bool) -> str:
    """Return the folded line: tool, arguments, result and time, as far as there are."""
    name = _("{tool} ({arguments})") if call.arguments else "{tool}"
    said = name.format(tool=call.name, arguments=_arguments(call))
    if call.name == UNREADABLE:
        said = _("a call that could not be read")
    if result is None and running:
        return _("Using {tool}…").format(tool=said)
    if result is None or result.content == STOPPED_RESULT:
        return _("Stopped: {tool}").format(tool=said)
    content = _one_line(result.content.removeprefix(ERROR_MARK), _MAX_RESULT)
    if result.is_error:
        return _("Failed: {tool} → {result}").format(tool=said, result=content)
    return _("Used {tool} → {result} · {time}").format(
        tool=said, result=content, time=_duration(result.duration_s)
    )


def tool_failed(result: ToolResultPart | None) -> bool:
    """Tell whether a call went wrong; one that the user stopped did not."""
    return result is not None and result.is_error and result.content != STOPPED_RESULT


def tool_source(call: ToolCallPart, result: ToolResultPart | None) -> str:
    """Return arguments and result as Markdown."""
    arguments = json.dumps(dict(call.arguments), ensure_ascii=False, indent=2, default=str)
    source = _fenced(arguments, "json")
    if result is not None:
        source += "\n" + _fenced(result.content, "")
    return source


def _duration(seconds: float) -> str:
    if seconds < 0.1:
        return _("{count} ms").format(count=max(1, round(1000 * seconds)))
    return _("{seconds} s").format(seconds=f"{seconds:.1f}")


def _arguments(call: ToolCallPart) -> str:
    values = (
        value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
        for value in call.arguments.values()
    )
    return _one_line(", ".join(values), _MAX_ARGUMENTS)


def _one_line(text: str, limit: int) -> str:
    line = "; ".join(filter(None, (" ".join(line.split()) for line in text[: 4 * limit].splitlines())))
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def _fenced(text: str, language: str) -> str:
    text = text[:_MAX_SOURCE]
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{text}\n{fence}\n"
