"""The key everywhere by the desktop's portal, org.freedesktop.portal.GlobalShortcuts."""

import asyncio
import contextlib
import itertools
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from jeepney import DBusAddress, HeaderFields, MatchRule, Message

from assistant_app.core.hotkeys import HotkeyError
from assistant_app.core.text import N_
from assistant_app.speech.hotkeys.bus import Bus, BusError
from assistant_app.speech.hotkeys.sequences import parse

log = logging.getLogger(__name__)

NAME = "org.freedesktop.portal.Desktop"
PATH = "/org/freedesktop/portal/desktop"
SHORTCUTS = "org.freedesktop.portal.GlobalShortcuts"
SESSION = "org.freedesktop.portal.Session"
REQUEST = "org.freedesktop.portal.Request"
REGISTRY = "org.freedesktop.host.portal.Registry"
PROPERTIES = "org.freedesktop.DBus.Properties"
APP_ID = "assistant-app"
"""Base name of packaging/linux/assistant-app.desktop."""
SHORTCUT_ID = "talk"

NO_BUS = N_("There is no desktop session here that could offer global shortcuts.")
NO_PORTAL = N_("This desktop has no portal service (xdg-desktop-portal) that offers global shortcuts.")
NO_SHORTCUTS = N_("The portal of this desktop offers no global shortcuts.")
NO_APP_ID = N_(
    "The portal of this desktop offers global shortcuts to installed applications only, and {file} is not"
    " installed."
)
NO_ANSWER = N_("The portal of this desktop did not answer.")
DECLINED = N_("The key was declined in the dialog of your desktop.")
REFUSED = N_("The portal of this desktop refused the key {keys}.")
CLOSED = N_("Your desktop has taken the key back.")
GONE = N_("The portal of this desktop has ended.")

# The answer to Register on a portal before 1.20 that has no registry, which is no fault.
_NO_REGISTRY = ("UnknownMethod", "UnknownInterface", "UnknownObject")
_NOBODY = ("ServiceUnknown", "NameHasNoOwner", "ServiceNotFound", "ExecFailed", "ChildExited", "Spawn.Failed")
_REPEAT_S = 1.0
"""A desktop that repeats a held key does so at least this often; repetition begins after 0.25 to 0.66 s."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long the portal may take, in seconds."""

    answer_s: float = 10.0
    person_s: float = 180.0
    """For the dialog in which the user agrees."""


class PortalHotkey:
    """Implements core.hotkeys.GlobalHotkey."""

    def __init__(
        self,
        description: str,
        *,
        app_id: str = APP_ID,
        patience: Patience | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Prepare; nothing is connected.

        Args:
            description: What the key does, in the user's language; the desktop shows it.
            app_id: Base name of the installed desktop file.
            patience: How long to wait for answers.
            clock: Monotonic seconds.
        """
        self._description = description
        self._app_id = app_id
        self._patience = patience or Patience()
        self._clock = clock
        self._bus: Bus | None = None
        self._session = ""
        self._responses: dict[str, asyncio.Future[tuple[int, dict[str, Any]]]] = {}
        self._tokens = (f"assistant{number}" for number in itertools.count(1))
        self._activated_at: float | None = None
        """When the portal said last that the key is down; None while it is up."""

    async def start(
        self,
        keys: str,
        on_press: Callable[[float], None],
        on_release: Callable[[float], None],
        on_lost: Callable[[HotkeyError], None],
    ) -> str:
        sequence = parse(keys)
        self._on_press, self._on_release, self._on_lost = on_press, on_release, on_lost
        answer_s = self._patience.answer_s
        try:
            self._bus = await Bus.open(self._on_signal, self._on_bus_gone, answer_s)
        except OSError as error:
            raise HotkeyError(NO_BUS, detail=str(error)) from error
        try:
            # Before any other call: the portal looks up once who a connection belongs to.
            await self._register()
            log.info("the portal hands out keys, version %s", await _version(self._bus, answer_s))
            await self._hear()
            await self._create_session()
            return await self._bind(sequence.trigger, sequence.text)
        except TimeoutError as error:
            raise HotkeyError(NO_ANSWER, detail=repr(error), passing=True) from error
        except OSError as error:
            raise HotkeyError(GONE, detail=repr(error), passing=True) from error
        except (BusError, LookupError, TypeError, ValueError) as error:
            # A portal that does not keep to its own description.
            raise HotkeyError(NO_SHORTCUTS, detail=repr(error)) from error

    async def stop(self) -> None:
        bus, self._bus = self._bus, None
        session, self._session = self._session, ""
        if bus is None:
            return
        if session:
            with contextlib.suppress(BusError, OSError, TimeoutError):
                await bus.call(DBusAddress(session, NAME, SESSION), "Close", None, (), 1.0)
        await bus.close()

    # --- asking for the key
    async def _register(self) -> None:
        try:
            await self._call(REGISTRY, "Register", "sa{sv}", (self._app_id, {}))
        except BusError as error:
            if error.name.endswith(_NOBODY):
                raise HotkeyError(NO_PORTAL, detail=str(error)) from error
            if not error.name.endswith(_NO_REGISTRY):
                # Portals before 1.21 hand out keys all the same.
                log.info("the portal does not know the application: %s", error)

    async def _hear(self) -> None:
        assert self._bus is not None
        ours = MatchRule(type="signal", sender=NAME, path_namespace=PATH)
        await self._bus.hear(ours, self._patience.answer_s)
        owner = MatchRule(
            type="signal", sender="org.freedesktop.DBus", interface="org.freedesktop.DBus",
            member="NameOwnerChanged",
        )  # fmt: skip
        owner.add_arg_condition(0, NAME)
        await self._bus.hear(owner, self._patience.answer_s)

    async def _create_session(self) -> None:
        def arguments(token: str) -> tuple[Any, ...]:
            return ({"handle_token": ("s", token), "session_handle_token": ("s", token)},)

        try:
            code, results = await self._request("CreateSession", "a{sv}", arguments, self._patience.answer_s)
        except BusError as error:
            # "An app id is required" (since 1.21), or another refusal.
            if "app id" in error.text.lower() or "application id" in error.text.lower():
                file = f"{self._app_id}.desktop"
                raise HotkeyError(NO_APP_ID, detail=str(error), file=file) from error
            raise HotkeyError(NO_SHORTCUTS, detail=str(error)) from error
        if code != 0:
            raise HotkeyError(NO_SHORTCUTS, detail=f"CreateSession was answered with {code}")
        self._session = str(results["session_handle"][1])

    async def _bind(self, trigger: str, keys: str) -> str:
        """Ask for the key, which may show a dialog, and return what the desktop calls the one it gave."""
        shortcut = {"description": ("s", self._description), "preferred_trigger": ("s", trigger)}

        def arguments(token: str) -> tuple[Any, ...]:
            return self._session, [(SHORTCUT_ID, shortcut)], "", {"handle_token": ("s", token)}

        try:
            code, results = await self._request(
                "BindShortcuts", "oa(sa{sv})sa{sv}", arguments, self._patience.person_s
            )
        except BusError as error:
            raise HotkeyError(REFUSED, keys=keys, detail=str(error)) from error
        if code == 1:
            raise HotkeyError(DECLINED, final=True)
        if code != 0:
            raise HotkeyError(REFUSED, keys=keys, detail=f"BindShortcuts was answered with {code}")
        if "shortcuts" not in results:
            return ""
        bound = {str(name): values for name, values in results["shortcuts"][1]}
        if SHORTCUT_ID not in bound:
            raise HotkeyError(DECLINED, final=True)
        return str(bound[SHORTCUT_ID].get("trigger_description", ("s", ""))[1])

    async def _call(
        self, interface: str, method: str, signature: str, arguments: tuple[Any, ...]
    ) -> tuple[Any, ...]:
        assert self._bus is not None
        address = DBusAddress(PATH, NAME, interface)
        return await self._bus.call(address, method, signature, arguments, self._patience.answer_s)

    async def _request(
        self,
        method: str,
        signature: str,
        arguments: Callable[[str], tuple[Any, ...]],
        timeout_s: float,
    ) -> tuple[int, dict[str, Any]]:
        """Call a method whose result comes as a signal of a request object; return that."""
        assert self._bus is not None
        token = next(self._tokens)
        sender = self._bus.name.removeprefix(":").replace(".", "_")
        # The place is known before the call, so that an answer that overtakes its reply is not missed.
        path = f"{PATH}/request/{sender}/{token}"
        response: asyncio.Future[tuple[int, dict[str, Any]]] = asyncio.get_running_loop().create_future()
        self._responses[path] = response
        try:
            await self._call(SHORTCUTS, method, signature, arguments(token))
            return await asyncio.wait_for(response, timeout_s)
        finally:
            del self._responses[path]

    # --- what the portal tells
    def _on_signal(self, message: Message) -> None:
        fields = message.header.fields
        kind = (fields.get(HeaderFields.interface), fields.get(HeaderFields.member))
        path, body = fields.get(HeaderFields.path), message.body
        if kind == (REQUEST, "Response"):
            response = self._responses.get(str(path))
            if response is not None and not response.done():
                response.set_result((int(body[0]), dict(body[1])))
        elif kind == (SHORTCUTS, "Activated") and self._is_ours(body):
            self._on_activated(self._clock())
        elif kind == (SHORTCUTS, "Deactivated") and self._is_ours(body):
            self._on_deactivated(self._clock())
        elif kind == (SESSION, "Closed") and path == self._session:
            self._lose(HotkeyError(CLOSED))
        elif kind[1] == "NameOwnerChanged" and body[0] == NAME and body[1] and body[1] != body[2]:
            self._lose(HotkeyError(GONE, passing=True))

    def _is_ours(self, body: tuple[Any, ...]) -> bool:
        return bool(self._session) and body[0] == self._session and body[1] == SHORTCUT_ID

    def _on_activated(self, at: float) -> None:
        before, self._activated_at = self._activated_at, at
        if before is None:
            self._on_press(at)
        elif at - before > _REPEAT_S:
            # No repetition: this desktop does not tell releases. A second press ends what the first began.
            self._on_deactivated(at)

    def _on_deactivated(self, at: float) -> None:
        if self._activated_at is not None:
            self._activated_at = None
            self._on_release(at)

    def _on_bus_gone(self) -> None:
        self._lose(HotkeyError(GONE, passing=True))

    def _lose(self, error: HotkeyError) -> None:
        for response in self._responses.values():
            if not response.done():
                response.set_exception(OSError("the portal is gone"))
        if self._session:
            self._session = ""
            self._on_lost(error)


async def shortcuts_version(timeout_s: float) -> int:
    """Return the version of the portal that hands out keys here, asking for none. Raises HotkeyError."""
    try:
        bus = await Bus.open(lambda _signal: None, lambda: None, timeout_s)
    except OSError as error:
        raise HotkeyError(NO_BUS, detail=str(error)) from error
    try:
        return await _version(bus, timeout_s)
    except (TimeoutError, OSError) as error:
        raise HotkeyError(NO_ANSWER, detail=repr(error)) from error
    finally:
        await bus.close()


async def _version(bus: Bus, timeout_s: float) -> int:
    place = DBusAddress(PATH, NAME, PROPERTIES)
    try:
        ((_type, version),) = await bus.call(place, "Get", "ss", (SHORTCUTS, "version"), timeout_s)
    except BusError as error:
        nobody = error.name.endswith(_NOBODY)
        raise HotkeyError(NO_PORTAL if nobody else NO_SHORTCUTS, detail=str(error)) from error
    return int(version)
