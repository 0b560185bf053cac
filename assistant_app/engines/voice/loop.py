"""The event loop of the voice process: Qt's, because Qt's speech needs it; work comes from other threads."""

import os
import sys
import traceback
from collections.abc import Callable

from PySide6.QtCore import QCoreApplication, QObject, QTimer, Signal, qVersion

Work = Callable[[], object]


class Loop(QObject):
    """Runs work on the thread that made it. `post` and `stop` may be called from any thread."""

    version = qVersion()

    _posted = Signal(object)

    def __init__(self) -> None:
        """Make the application object. Once in a process."""
        if sys.platform == "darwin":
            # The system's voices answer on its own kind of loop only.
            os.environ["QT_EVENT_DISPATCHER_CORE_FOUNDATION"] = "1"
        self._application = QCoreApplication.instance() or QCoreApplication(["assistant-voice"])
        super().__init__()
        self._posted.connect(self._work)

    def run(self) -> None:
        """Work until `stop`."""
        self._application.exec()

    def stop(self) -> None:
        """Let `run` return, once what was posted before is done."""
        self.post(self._application.quit)

    def post(self, work: Work) -> None:
        """Do it soon, in order."""
        self._posted.emit(work)

    def later(self, seconds: float, work: Work) -> None:
        """Do it in some time; only from the loop's own thread. It cannot be taken back."""
        QTimer.singleShot(max(0, round(seconds * 1000)), lambda: self._work(work))

    def _work(self, work: Work) -> None:
        try:
            work()
        except Exception:  # one mistake must not leave the process deaf
            os.write(2, traceback.format_exc().encode(errors="replace"))
