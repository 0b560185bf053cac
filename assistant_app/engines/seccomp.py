"""A system call filter that lets a process open no sockets but local ones.

For systems without network namespaces for ordinary users, such as Ubuntu since 23.10.
"""

import ctypes
import errno
import os
import platform
import struct

_PR_SET_SECCOMP = 22
_SECCOMP_MODE_FILTER = 2
_ALLOW = 0x7FFF0000
_DENY = 0x00050000 | errno.EPERM
_LOAD_WORD = 0x20
_JUMP_EQUAL = 0x15
_JUMP_GREATER_OR_EQUAL = 0x35
_RETURN = 0x06
_AF_UNIX = 1
_X32_CALLS = 0x40000000
_IO_URING_SETUP = 425
_MACHINES = {"x86_64": (0xC000003E, 41), "aarch64": (0xC00000B7, 198)}
"""Machine → its AUDIT_ARCH number and the number of socket(2)."""


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_char_p))


def refuse_network_sockets() -> None:
    """Make socket(2) fail with EPERM for everything but AF_UNIX, for good, for this process and its children.

    Needs PR_SET_NO_NEW_PRIVS first. io_uring is refused too: it can open sockets by itself.

    Raises:
        OSError: The kernel or the processor does not allow it.
    """
    machine = platform.machine()
    if machine not in _MACHINES:
        raise OSError(errno.ENOSYS, f"no filter for {machine}")
    architecture, socket_call = _MACHINES[machine]
    # (code, jump if true, jump if false, operand); offsets of struct seccomp_data: number 0,
    # architecture 4, first argument 16.
    code = b"".join(
        struct.pack("=HBBI", *instruction)
        for instruction in (
            (_LOAD_WORD, 0, 0, 4),
            (_JUMP_EQUAL, 0, 7, architecture),
            (_LOAD_WORD, 0, 0, 0),
            (_JUMP_GREATER_OR_EQUAL, 5, 0, _X32_CALLS),
            (_JUMP_EQUAL, 4, 0, _IO_URING_SETUP),
            (_JUMP_EQUAL, 0, 2, socket_call),
            (_LOAD_WORD, 0, 0, 16),
            (_JUMP_EQUAL, 0, 1, _AF_UNIX),
            (_RETURN, 0, 0, _ALLOW),
            (_RETURN, 0, 0, _DENY),
        )
    )
    program = _Program(len(code) // 8, code)
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_SECCOMP, ctypes.c_ulong(_SECCOMP_MODE_FILTER), ctypes.byref(program), 0, 0) != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
