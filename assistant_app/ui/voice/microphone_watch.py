"""Notices microphones that are plugged in or taken away."""

import logging
import threading
from importlib import import_module
from typing import Any

from PySide6.QtCore import QLoggingCategory, QObject, Qt, QTimer, Signal

log = logging.getLogger(__name__)

_LATER_MS = 1500
"""After the pane was opened: what it shows comes first."""
_SETTLE_MS = 400
"""A device that is plugged in appears in several steps."""


class MicrophoneWatch(QObject):
    """Asks Qt's multimedia module, which sees what the sound server sees.

    Importing it takes about 20 ms and talking to the sound server about 30 ms (measured), so that the
    two are done apart, and the first beside the event loop.

    Signals:
        changed: other microphones are there than before.
    """

    changed = Signal()
    _imported = Signal()

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._devices: Any = None
        self._settle = QTimer(self, singleShot=True, interval=_SETTLE_MS)
        self._settle.timeout.connect(self.changed)
        self._imported.connect(self._watch, Qt.ConnectionType.QueuedConnection)
        QTimer.singleShot(_LATER_MS, self, self._begin)

    def _begin(self) -> None:
        threading.Thread(target=self._import, name="multimedia-import", daemon=True).start()

    def _import(self) -> None:
        # It tells on the terminal which sound systems it tried; nobody there can do anything about it.
        QLoggingCategory.setFilterRules("qt.multimedia.*=false")
        try:
            import_module("PySide6.QtMultimedia")
        except ImportError as error:
            log.info("microphones are not watched: %s", error)
            return
        try:
            self._imported.emit()
        except RuntimeError:
            log.debug("the window is gone")

    def _watch(self) -> None:
        from PySide6.QtMultimedia import QMediaDevices

        self._devices = QMediaDevices(self)
        self._devices.audioInputsChanged.connect(self._settle.start)
