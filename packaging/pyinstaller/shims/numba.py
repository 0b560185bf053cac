"""Stands in for numba in the frozen speech engine.

Whisper's times of single words, which nothing here asks for, are the only code that it would compile; numba
and its LLVM are 200 MB. Decorated functions stay as they are.
"""

from collections.abc import Callable
from typing import Any


def jit(*functions: Any, **_options: Any) -> Any:
    """Return the function, or a decorator that returns it."""
    if functions and callable(functions[0]):
        return functions[0]

    def same(function: Callable[..., Any]) -> Callable[..., Any]:
        return function

    return same
