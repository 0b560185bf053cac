"""How messages travel between the worker and an engine process: frames, their strict decoding, connections.

A frame is a 4-byte big-endian length and that many bytes of UTF-8 JSON: one object whose first
member is "type", the name of a class of engines.protocol, followed by that class's fields.
"""

import asyncio
import contextlib
import io
import json
import re
import socket
import struct
import sys
import threading
from functools import cache
from types import TracebackType
from typing import Any, get_args

from pydantic import TypeAdapter, ValidationError
from pydantic_core import PydanticSerializationError

from assistant_app.engines import protocol

MAX_FRAME_BYTES = 64 << 20
"""Longest JSON text of one frame; longer ones are neither sent nor allocated."""

Message = protocol.Request | protocol.Reply

_LENGTH = struct.Struct(">I")
_TYPE = re.compile(rb'\{"type":"([A-Za-z]{1,40})",')
_CLASSES: dict[bytes, type[Any]] = {
    kind.__name__.encode(): kind for kind in (*get_args(protocol.Request), *get_args(protocol.Reply))
}


class WireError(Exception):
    """A frame is too long, is not valid JSON, or is no message of the protocol.

    The connection cannot be used any further: whoever meets this closes it.
    """


@cache
def _adapter(name: bytes) -> TypeAdapter[Any]:
    return TypeAdapter(_CLASSES[name])


def encode(message: Message) -> bytes:
    """Return the whole frame of a message, length included.

    Text that is not valid Unicode (a lone surrogate from a keyboard or a clipboard) travels as "?".

    Raises:
        WireError: The message is longer than MAX_FRAME_BYTES, nested too deeply, or no protocol value.
    """
    kind = type(message)
    name = kind.__name__.encode()
    if _CLASSES.get(name) is not kind:
        raise WireError(f"{kind.__qualname__} is not a message of the protocol")
    adapter = _adapter(name)
    try:
        fields = adapter.dump_json(message)
    except PydanticSerializationError:
        fields = _dump_with_replacements(adapter, message)
    body = b'{"type":"' + name + b'",' + fields[1:]
    if len(body) > MAX_FRAME_BYTES:
        raise WireError(f"a {kind.__name__} of {len(body)} bytes is too long")
    if getattr(message, "tools", ()) or getattr(message, "json_schema", None):
        # Schemas come from anywhere; one nested too deeply to be read must not reach the engine.
        decode(body)
    return _LENGTH.pack(len(body)) + body


def _dump_with_replacements(adapter: TypeAdapter[Any], message: Message) -> bytes:
    try:
        values = adapter.dump_python(message)
        text = json.dumps(values, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    except (PydanticSerializationError, TypeError, ValueError, RecursionError) as error:
        raise WireError(f"a {type(message).__name__} cannot be written as JSON: {error}") from error
    return text.encode("utf-8", errors="replace")


def decode(body: bytes | bytearray) -> Message:
    """Return the message of one frame, given without its length.

    Raises:
        WireError: Not JSON, an unknown type, a missing, unknown or wrongly typed field.
    """
    head = _TYPE.match(body)
    kind = _CLASSES.get(head.group(1)) if head else None
    if head is None or kind is None:
        raise WireError(f"unknown message: {bytes(body[:60])!r}")
    fields = b"{" + body[head.end() :]
    try:
        message: Message = _adapter(head.group(1)).validate_json(fields, strict=True, extra="forbid")
    except ValidationError as error:
        problems = [f"{item['loc']}: {item['msg']}" for item in error.errors(include_input=False)[:5]]
        raise WireError(f"a bad {kind.__name__}: {'; '.join(problems)}") from None
    return message


def _checked_length(header: bytes) -> int:
    length: int = _LENGTH.unpack(header)[0]
    if length > MAX_FRAME_BYTES:
        raise WireError(f"a frame of {length} bytes is too long")
    return length


class Connection:
    """The engine's end: blocking. `send` may be called from any thread, `receive` from one."""

    def __init__(self, sock: socket.socket) -> None:
        sock.setblocking(True)
        self._socket = sock
        self._reader: io.BufferedReader = sock.makefile("rb")
        self._sending = threading.Lock()

    def send(self, message: Message) -> None:
        """Write one message whole. Raises WireError, or OSError when the other side is gone."""
        frame = encode(message)
        with self._sending:
            self._socket.sendall(frame)

    def receive(self) -> Message | None:
        """Wait for the next message; None when the other side is gone. Raises WireError, OSError."""
        header = self._reader.read(_LENGTH.size)
        if len(header) < _LENGTH.size:
            return None
        length = _checked_length(header)
        body = self._reader.read(length)
        if len(body) < length:
            return None
        return decode(body)

    def close(self) -> None:
        """Close both directions; a `receive` that waits in another thread returns None."""
        with contextlib.suppress(OSError):  # the other side may have been faster
            self._socket.shutdown(socket.SHUT_RDWR)
        self._reader.close()
        self._socket.close()

    def __enter__(self) -> "Connection":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class AsyncConnection:
    """The worker's end, on an asyncio loop. Open it with `AsyncConnection.open`."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def open(cls, sock: socket.socket) -> "AsyncConnection":
        """Take over a connected stream socket. Raises OSError."""
        sock.setblocking(False)
        if sys.platform != "win32" and sock.family == socket.AF_UNIX:
            return cls(*await asyncio.open_unix_connection(sock=sock))
        return cls(*await asyncio.open_connection(sock=sock))

    async def send(self, message: Message) -> None:
        """Write one message; waits while the other side does not read. Raises WireError, OSError."""
        self._writer.write(encode(message))
        await self._writer.drain()

    def post(self, message: Message) -> None:
        """Write one message without waiting; for short ones that must go out from where they are decided."""
        self._writer.write(encode(message))

    async def receive(self) -> Message | None:
        """Wait for the next message; None when the other side is gone. Raises WireError."""
        try:
            header = await self._reader.readexactly(_LENGTH.size)
            body = await self._reader.readexactly(_checked_length(header))
        except (asyncio.IncompleteReadError, OSError):
            return None
        return decode(body)

    def close(self) -> None:
        """Close it; a `receive` that waits returns None."""
        self._writer.close()
