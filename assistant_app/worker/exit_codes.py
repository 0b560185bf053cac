"""What the exit codes of Windows say about a process that nobody here ended."""

from assistant_app.core.text import N_

_FIRST_FAILURE = 0xC0000000
_MEMORY = N_("the system ended it, most likely because memory ran out")
_FILE = N_("its model file changed or became shorter while it was in use")
_PROCESSOR = N_("it needs a processor instruction that this computer does not have")
_CRASH = N_("it crashed ({signal})")
_REASONS: dict[int, tuple[str, str]] = {
    0xC0000005: (_CRASH, "access violation"),
    0xC0000006: (_FILE, ""),
    0xC0000017: (_MEMORY, ""),
    0xC000001D: (_PROCESSOR, ""),
    0xC0000094: (_CRASH, "division by zero"),
    0xC00000FD: (_CRASH, "stack overflow"),
    0xC000012D: (_MEMORY, ""),
    0xC0000374: (_CRASH, "heap corruption"),
    0xC0000409: (_CRASH, "abort"),
}
"""NTSTATUS → an English template and what stands for {signal}."""


def windows_reason(exit_code: int) -> tuple[str, dict[str, object]] | None:
    """Return a template and what fills it; None for a code with which a program ends by itself.

    Exit codes of POSIX end at 255, far below those that stand for failures here.
    """
    if exit_code < _FIRST_FAILURE:
        return None
    template, name = _REASONS.get(exit_code, (_CRASH, f"0x{exit_code:08X}"))
    return template, {"signal": name} if name else {}
