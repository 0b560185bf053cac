"""What cannot be read at the other end is refused at this one."""

from typing import Any

import pytest

from assistant_app.core.generation import ToolSpec
from assistant_app.engines import wire
from assistant_app.engines.protocol import Render


def test_a_tool_schema_nested_too_deeply_never_reaches_the_engine() -> None:
    schema: dict[str, Any] = {}
    for _ in range(300):
        schema = {"items": schema}
    with pytest.raises(wire.WireError):
        wire.encode(Render(1, (), (ToolSpec("t", "d", schema),)))
