"""Starts a window, prints the seconds from the start of the process to a text field that can be typed into.

`python -m tests.benchmarks.window_probe BEGAN bare|app`: BEGAN is `time.time()` of the caller just
before; "bare" is a plain PySide6 window with a text field, "app" the application. With "app" a second
number follows: when the list of conversations had rows; 0 if it stayed empty for a second.
"""

import os
import sys
import time

from PySide6.QtCore import QEvent, QObject, QTimer
from PySide6.QtWidgets import QAbstractItemView, QApplication, QMainWindow, QPlainTextEdit, QWidget

FIELD = "Message"
LIST = "Conversations"
LIST_WAIT_S = 1.0


class Watcher(QObject):
    """Waits for the first picture of the text field and for the loop to be idle after it."""

    def __init__(self, began: float, wait_for_list: bool) -> None:
        super().__init__()
        self._began = began
        self._wait_for_list = wait_for_list
        self._ready_at = 0.0

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if not self._ready_at and event.type() == QEvent.Type.Paint and self._is_field(watched):
            self._ready_at = time.time()
            QTimer.singleShot(0, self._ready)
        return False

    def _is_field(self, watched: QObject) -> bool:
        widget = watched
        while isinstance(widget, QWidget):
            if widget.accessibleName() == FIELD:
                return widget.isEnabled()
            widget = widget.parentWidget()
        return False

    def _ready(self) -> None:
        self._ready_at = time.time()
        if self._wait_for_list:
            self._look_at_list()
        else:
            self._report(0.0)

    def _look_at_list(self) -> None:
        views = [
            widget
            for widget in QApplication.allWidgets()
            if isinstance(widget, QAbstractItemView) and widget.accessibleName() == LIST
        ]
        if views and views[0].model() is not None and views[0].model().rowCount() > 0:
            self._report(time.time())
        elif time.time() - self._ready_at > LIST_WAIT_S:
            self._report(0.0)
        else:
            QTimer.singleShot(2, self._look_at_list)

    def _report(self, list_at: float) -> None:
        print(self._ready_at - self._began, list_at and list_at - self._began, flush=True)
        os._exit(0)


def main() -> None:
    """Open the window and report."""
    began, kind = float(sys.argv[1]), sys.argv[2]
    del sys.argv[1:]
    watcher = Watcher(began, wait_for_list=kind == "app")
    original = QApplication.exec

    def watched_exec(*_arguments: object) -> int:
        QApplication.instance().installEventFilter(watcher)
        return original()

    QApplication.exec = watched_exec
    if kind == "bare":
        app = QApplication(sys.argv)
        window = QMainWindow()
        field = QPlainTextEdit()
        field.setAccessibleName(FIELD)
        window.setCentralWidget(field)
        window.resize(1000, 700)
        window.show()
        app.exec()
    else:
        from assistant_app.__main__ import main as run

        run([])


if __name__ == "__main__":
    main()
