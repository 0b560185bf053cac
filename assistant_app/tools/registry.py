"""Finds the tools of this folder, and offers those that the user has not switched off."""

import pkgutil
from collections.abc import Callable, Collection
from importlib import import_module

import assistant_app.tools
from assistant_app.core.tools import Tool
from assistant_app.core.views import ToolRow
from assistant_app.tools.services import Services
from assistant_app.tools.signature import Declaration


def declarations() -> tuple[Declaration, ...]:
    """Return what the files of the folder declare, in the order in which models are told."""
    found: list[Declaration] = []
    for info in pkgutil.iter_modules(assistant_app.tools.__path__, "assistant_app.tools."):
        if not info.ispkg:
            module = import_module(info.name)
            found += [
                value.__tool__
                for value in vars(module).values()
                if getattr(value, "__module__", "") == info.name and hasattr(value, "__tool__")
            ]
    return tuple(sorted(found, key=lambda one: (one.order, one.spec.name)))


class SwitchedToolbox:
    """Implements core.tools.Toolbox; what is switched off is asked anew each time."""

    def __init__(self, services: Services, switched_off: Callable[[], Collection[str]]) -> None:
        self._switched_off = switched_off
        self._all = tuple((one, one.bind(services)) for one in declarations())

    def tools(self) -> tuple[Tool, ...]:
        """Return the tools that are switched on, always in the same order."""
        off = self._switched_off()
        return tuple(tool for _one, tool in self._all if tool.spec.name not in off)

    def rows(self) -> tuple[ToolRow, ...]:
        """Return every tool, also those that are switched off, for the settings."""
        off = self._switched_off()
        return tuple(
            ToolRow(one.spec.name, one.title, one.summary, one.risk.value, one.spec.name not in off)
            for one, _tool in self._all
        )
