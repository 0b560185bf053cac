"""A connection to the desktop's message bus: calls with a time limit, signals, and news of its end."""

import asyncio
import contextlib
import logging
from collections.abc import Callable
from typing import Any

from jeepney import DBusAddress, HeaderFields, MatchRule, Message, MessageType, message_bus, new_method_call
from jeepney.io.asyncio import DBusConnection, open_dbus_connection

log = logging.getLogger(__name__)


class BusError(Exception):
    """The other side answered with an error."""

    def __init__(self, name: str, text: str) -> None:
        super().__init__(f"{name}: {text}")
        self.name = name
        self.text = text


class Bus:
    """One connection. What comes is handled in the order in which it came, on the loop that opened it."""

    def __init__(
        self, connection: DBusConnection, on_signal: Callable[[Message], None], on_gone: Callable[[], None]
    ) -> None:
        self._connection = connection
        self._on_signal = on_signal
        self._on_gone = on_gone
        self._replies: dict[int, asyncio.Future[Message]] = {}
        self._reading = asyncio.create_task(self._read())

    @classmethod
    async def open(
        cls, on_signal: Callable[[Message], None], on_gone: Callable[[], None], timeout_s: float
    ) -> "Bus":
        """Connect to the session's bus. Raises OSError where there is none."""
        try:
            connection = await asyncio.wait_for(open_dbus_connection("SESSION"), timeout_s)
        except (KeyError, RuntimeError, ValueError, EOFError) as error:
            raise OSError(f"no session bus: {error!r}") from error
        return cls(connection, on_signal, on_gone)

    @property
    def name(self) -> str:
        """Our own name on the bus, for instance ":1.42"."""
        return str(self._connection.unique_name)

    async def call(
        self,
        address: DBusAddress,
        method: str,
        signature: str | None,
        arguments: tuple[Any, ...],
        timeout_s: float,
    ) -> tuple[Any, ...]:
        """Call a method and return what it answers. Raises BusError, TimeoutError, OSError."""
        return await self._send(new_method_call(address, method, signature, arguments), timeout_s)

    async def hear(self, rule: MatchRule, timeout_s: float) -> None:
        """Have signals of a kind handed over. Raises as `call`."""
        await self._send(message_bus.AddMatch(rule), timeout_s)

    async def close(self) -> None:
        """End the connection; nothing is told any more."""
        self._reading.cancel()
        await asyncio.wait({self._reading})
        with contextlib.suppress(OSError):
            await self._connection.close()

    async def _send(self, message: Message, timeout_s: float) -> tuple[Any, ...]:
        serial = next(self._connection.outgoing_serial)
        reply: asyncio.Future[Message] = asyncio.get_running_loop().create_future()
        self._replies[serial] = reply
        try:
            await self._connection.send(message, serial=serial)
            answer = await asyncio.wait_for(reply, timeout_s)
        finally:
            self._replies.pop(serial, None)
        body = tuple(answer.body)
        if answer.header.message_type is MessageType.error:
            name = str(answer.header.fields.get(HeaderFields.error_name, ""))
            raise BusError(name, str(body[0]) if body else "")
        return body

    async def _read(self) -> None:
        try:
            while True:
                message = await self._connection.receive()
                if message.header.message_type is MessageType.signal:
                    self._hand_over(message)
                    continue
                serial = message.header.fields.get(HeaderFields.reply_serial, -1)
                reply = self._replies.get(serial)
                if reply is not None and not reply.done():
                    reply.set_result(message)
        except Exception as error:  # the bus ended, or sent what cannot be read
            log.info("the bus is gone: %r", error)
            for reply in self._replies.values():
                if not reply.done():
                    reply.set_exception(OSError("the bus is gone"))
            self._on_gone()

    def _hand_over(self, message: Message) -> None:
        try:
            self._on_signal(message)
        except Exception:  # whatever a strange desktop sends
            log.exception("a signal could not be handled")
