"""Runs the window: one per profile, in the user's language, usable before anything heavy is loaded."""

import logging
import signal
import socket
import sys
import threading
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import TYPE_CHECKING

from PySide6.QtCore import QLibraryInfo, QLocale, QSocketNotifier, QTranslator
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication

from assistant_app import __version__, i18n
from assistant_app.core.errors import AssistantError
from assistant_app.instance_line import RAISE, link_line, talk_line
from assistant_app.paths import Paths
from assistant_app.ui.bridge import Bridge
from assistant_app.ui.early_settings import EarlySettings, read_early_settings
from assistant_app.ui.icons import app_icon
from assistant_app.ui.instance import Instance
from assistant_app.ui.link_events import LinkApplication
from assistant_app.ui.main_window import MainWindow
from assistant_app.ui.theme import Theme

if TYPE_CHECKING:
    from assistant_app.worker.thread import WorkerThread

log = logging.getLogger(__name__)

_MAKE_TIMEOUT_S = 20.0


def run(
    make_worker: "Callable[[], WorkerThread]",
    paths: Paths,
    argv: Sequence[str],
    talk: str = "",
    link: str = "",
) -> int:
    """Open the window and return the exit code when it is closed.

    Args:
        make_worker: Makes the worker, not started. It is called in a thread of its own once the window
            can be typed into, so that nobody waits for what it imports.
        paths: The profile; a second window of the same profile raises the first one and ends with 0.
        argv: Command line of the program, Qt's own options included.
        talk: "toggle" or "start": listen as soon as the window is open.
        link: A link to follow as soon as the window is open, as it came; empty for none.
    """
    early = read_early_settings(paths.settings_file)
    i18n.set_language(early.language)
    app = make_application(argv, early.language)

    instance = Instance(paths.runtime)
    if not instance.claim(link_line(link) if link else talk_line(talk) if talk else RAISE):
        return 0
    theme = Theme(app, early.theme, early.text_size)
    bridge = Bridge()
    window = MainWindow(bridge, theme, paths)
    instance.raise_wanted.connect(window.come_forward)
    _end_on_signals(window)
    starter = _Starter(make_worker, bridge)

    def complete() -> None:
        window.complete()
        window.logic.take_settings({name: getattr(early, name) for name in EarlySettings.__slots__})
        starter.start()
        window.logic.start()
        instance.talk_wanted.connect(window.voice.talker.command)
        instance.link_wanted.connect(window.links.follow)
        instance.listen()
        if talk:
            window.voice.talker.command(talk)
        if link:
            window.links.follow(link)
        app.link_wanted.connect(window.links.follow)
        app.hand_over_links()

    window.painted.connect(complete)
    window.show()
    code = app.exec()
    bridge.close()
    starter.stop()
    instance.release()
    return code


class _Starter:
    """Makes the worker beside the event loop, and ends it."""

    def __init__(self, make_worker: "Callable[[], WorkerThread]", bridge: Bridge) -> None:
        self._make = make_worker
        self._bridge = bridge
        self._worker: WorkerThread | None = None
        self._thread = threading.Thread(target=self._run, name="worker-start", daemon=True)

    def start(self) -> None:
        """Begin to make the worker; it is started on the GUI thread as soon as it is there."""
        self._thread.start()

    def stop(self) -> None:
        """End the worker, whether it is still being made, was started or never needed."""
        if self._thread.is_alive():
            self._thread.join(_MAKE_TIMEOUT_S)
        if self._worker is not None and not self._worker.stop():
            log.warning("the worker did not end in time")

    def _run(self) -> None:
        try:
            # Imported here so that the first conversation does not stop the event loop for it.
            import_module("assistant_app.ui.transcript_link")
            self._worker = self._make()
        except AssistantError as error:
            self._bridge.fail_soon(error)
        except Exception as error:
            log.exception("the worker cannot be made")
            self._bridge.fail_soon(AssistantError(detail=repr(error)))
        else:
            self._bridge.attach_soon(self._worker)
            # Last, for it is wanted last: so the voice pane, too, opens without stopping the event loop.
            import_module("assistant_app.ui.voice.pane")


def make_application(argv: Sequence[str], language: str = "auto") -> LinkApplication:
    """Return the QApplication, set up before any widget exists."""
    QGuiApplication.setDesktopFileName("assistant-app")
    app = LinkApplication(list(argv))
    app.setApplicationName("assistant-app")
    app.setApplicationDisplayName(i18n._("Assistant"))
    app.setApplicationVersion(__version__)
    app.setWindowIcon(app_icon())
    chosen = QLocale(language if language in i18n.LANGUAGES else i18n.system_language())
    if QLocale().language() != chosen.language():
        # Dates and numbers in the language of the words around them.
        QLocale.setDefault(chosen)
    _translate_qt(app, QLocale())
    return app


def _translate_qt(app: QApplication, locale: QLocale) -> None:
    """Have Qt's own texts (file dialog, context menus) in the language of the window."""
    translator = QTranslator(app)
    folder = QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath)
    if translator.load(locale, "qtbase", "_", folder):
        app.installTranslator(translator)


def _end_on_signals(window: MainWindow) -> None:
    """Close the window, storing everything, when the session ends or Ctrl+C is pressed."""
    if sys.platform == "win32":
        return
    # Python runs signal handlers only between its own instructions, so a socket wakes the event loop.
    receiver, sender = socket.socketpair()
    for end in (receiver, sender):
        end.setblocking(False)
    signal.set_wakeup_fd(sender.fileno(), warn_on_full_buffer=False)
    notifier = QSocketNotifier(receiver.fileno(), QSocketNotifier.Type.Read, window)

    def close_window() -> None:
        notifier.setEnabled(False)
        sender.close()
        receiver.close()
        window.close()

    notifier.activated.connect(close_window)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda _number, _frame: None)
