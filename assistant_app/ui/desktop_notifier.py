"""Notifications of the desktop: by org.freedesktop.Notifications on Linux, else from the tray."""

import logging
import os
import sys
import threading

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtWidgets import QSystemTrayIcon

from assistant_app.i18n import _
from assistant_app.ui.icons import app_icon

log = logging.getLogger(__name__)

_TIMEOUT_S = 5.0
_TRAY_MS = 20_000
_DESKTOP_FILE = "assistant-app"


class DesktopNotifier(QObject):
    """Shows notifications outside the window. Nothing on the GUI thread waits for the desktop.

    Signals:
        clicked: the user wants to see the window (tray only).
    """

    clicked = Signal()
    _refused = Signal(str, str)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._tray: QSystemTrayIcon | None = None
        self._refused.connect(self._show_in_tray)

    def notify(self, title: str, text: str) -> None:
        """Show a notification, where the desktop has a way to; the window says the same in its own."""
        if sys.platform == "linux" and os.environ.get("DBUS_SESSION_BUS_ADDRESS"):
            threading.Thread(target=self._send, args=(title, text), name="notification", daemon=True).start()
        else:
            self._show_in_tray(title, text)

    def _send(self, title: str, text: str) -> None:
        try:
            send_over_dbus(title, text)
        except Exception as error:  # whatever a strange desktop answers
            log.info("the desktop takes no notification: %r", error)
            try:
                self._refused.emit(title, text)
            except RuntimeError:
                log.debug("the window is gone")

    def _show_in_tray(self, title: str, text: str) -> None:
        if not QSystemTrayIcon.isSystemTrayAvailable():
            return
        if self._tray is None:
            self._tray = QSystemTrayIcon(app_icon(), self)
            self._tray.setToolTip(_("Assistant"))
            self._tray.messageClicked.connect(self.clicked)
            self._tray.activated.connect(lambda _reason: self.clicked.emit())
        tray = self._tray
        tray.show()
        tray.showMessage(title, text, app_icon(), _TRAY_MS)
        QTimer.singleShot(_TRAY_MS, tray, tray.hide)


def send_over_dbus(title: str, text: str) -> None:
    """Hand a notification to the desktop and wait for its answer. Raises what the connection raises.

    By jeepney and not by QtDBus: Python's int has no unsigned form there, which the method wants.
    """
    from jeepney import DBusAddress, new_method_call
    from jeepney.io.blocking import open_dbus_connection

    service = "org.freedesktop.Notifications"
    address = DBusAddress("/org/freedesktop/Notifications", bus_name=service, interface=service)
    hints = {"urgency": ("y", 1), "desktop-entry": ("s", _DESKTOP_FILE)}
    body: tuple[object, ...] = (_("Assistant"), 0, _DESKTOP_FILE, title, _escaped(text), [], hints, -1)
    with open_dbus_connection(bus="SESSION") as connection:
        call = new_method_call(address, "Notify", "susssasa{sv}i", body)
        answer = connection.send_and_get_reply(call, timeout=_TIMEOUT_S)
    if answer.header.message_type.name != "method_return":
        raise OSError(f"Notify was refused: {answer.body}")


def _escaped(text: str) -> str:
    """Return the text for a body in which some desktops read tags."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
