"""A typed function becomes a tool, its arguments are checked, and the folder is the list of tools."""

import asyncio
from typing import Any, Literal

import pytest

from assistant_app.core.errors import NotFound
from assistant_app.core.tools import Risk, ToolError
from assistant_app.engines.llama.schema import grammar_of_tools
from assistant_app.tools.registry import SwitchedToolbox, declarations
from assistant_app.tools.services import Services
from assistant_app.tools.signature import checked, spec_of, tool

NOTHING: Any = None
SERVICES = Services(NOTHING, NOTHING, lambda event: None, has_window=False)

NAMES = [
    "calculator",
    "date_time",
    "convert_units",
    "set_timer",
    "set_reminder",
    "list_reminders",
    "cancel_reminder",
    "add_note",
    "list_notes",
    "search_notes",
    "help_search",
    "open_page",
]


def sample(
    services: Services,
    word: str,
    count: int,
    size: float = 1.5,
    loud: bool = False,
    way: Literal["in", "time-out"] = "in",
) -> str:
    """Do something
    with words.

    More that no model needs.

    Args:
        word: which one,
            in full
        count: how often
    """
    return f"{word} {count} {size} {loud} {way}"


def test_the_schema_derives_from_the_signature() -> None:
    spec = spec_of(sample)
    assert spec.name == "sample" and spec.description == "Do something with words."
    assert spec.parameters == {
        "type": "object",
        "properties": {
            "word": {"type": "string", "description": "which one, in full"},
            "count": {"type": "integer", "description": "how often"},
            "size": {"type": "number", "default": 1.5},
            "loud": {"type": "boolean", "default": False},
            "way": {"type": "string", "enum": ["in", "time-out"], "default": "in"},
        },
        "required": ["word", "count"],
        "additionalProperties": False,
    }


def test_harmless_differences_are_mended() -> None:
    spec = spec_of(sample)
    given = {"word": 7, "count": "12", "size": "twelve", "loud": "yes", "way": "Time Out"}
    assert checked(spec, given) == {"word": "7", "count": 12, "size": 12.0, "loud": True, "way": "time-out"}
    assert checked(spec, {"word": " a ", "count": 3.0, "size": None})["size"] == 1.5


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"word": "a"}, "needs the argument count"),
        ({"word": "a", "count": 1, "colour": "red"}, "no argument colour"),
        ({"word": "a", "count": "many"}, "a whole number"),
        ({"word": "a", "count": 1.5}, "a whole number"),
        ({"word": "a", "count": True}, "a whole number"),
        ({"word": ["a"], "count": 1}, "text"),
        ({"word": "a", "count": 1, "way": "up"}, "in, time-out"),
        ({"word": "a", "count": 1, "size": float("inf")}, "a number"),
    ],
)
def test_wrong_arguments_are_said_so_that_a_model_can_mend_them(arguments: dict[str, Any], says: str) -> None:
    with pytest.raises(ToolError, match=says):
        checked(spec_of(sample), arguments)


async def test_an_expected_failure_reaches_the_model_as_a_tool_error() -> None:
    @tool(order=1, risk=Risk.READ, title="t", summary="s")
    def failing(services: Services) -> str:
        """Fail."""
        raise NotFound()

    with pytest.raises(ToolError, match="no longer there"):
        await failing.__tool__.bind(SERVICES).run({})  # type: ignore[attr-defined]


async def test_a_slow_tool_does_not_hold_up_the_loop() -> None:
    started, go_on = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()

    @tool(order=1, risk=Risk.READ, title="t", summary="s")
    def slow() -> str:
        """Wait."""
        loop.call_soon_threadsafe(started.set)
        asyncio.run_coroutine_threadsafe(go_on.wait(), loop).result(10)
        return "done"

    running = asyncio.create_task(slow.__tool__.bind(SERVICES).run({}))  # type: ignore[attr-defined]
    await asyncio.wait_for(started.wait(), 10)
    go_on.set()
    assert await running == "done"


def test_the_folder_is_the_list_of_tools_in_its_order() -> None:
    assert [one.spec.name for one in declarations()] == NAMES


def test_every_tool_says_what_it_does_and_fits_a_grammar() -> None:
    for one in declarations():
        assert one.title and one.summary.endswith(".") and one.spec.description.endswith(".")
        assert one.risk in (Risk.READ, Risk.WRITE)
        for schema in one.spec.parameters["properties"].values():
            assert schema["description"]
    assert "open_page" in grammar_of_tools([one.spec for one in declarations()])


def test_switches_count_at_once() -> None:
    off: set[str] = set()
    toolbox = SwitchedToolbox(SERVICES, lambda: off)
    assert [one.spec.name for one in toolbox.tools()] == NAMES
    off.add("calculator")
    assert [one.spec.name for one in toolbox.tools()] == NAMES[1:]
    rows = {row.name: row.on for row in toolbox.rows()}
    assert rows.pop("calculator") is False and all(rows.values()) and len(rows) == 11
