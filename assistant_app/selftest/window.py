"""Self-test of what is seen, in a process of its own: the display's libraries, pictures, the window."""

import os
import re
import sys
import time
from pathlib import Path

from PySide6.QtCore import QEventLoop, QLibraryInfo, QPluginLoader, QTimer, qVersion
from PySide6.QtGui import QFontDatabase
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QApplication

from assistant_app.app import build_worker, prepare
from assistant_app.paths import Paths, resources
from assistant_app.selftest.report import CheckFailed
from assistant_app.ui.application import make_application, run
from assistant_app.ui.main_window import MainWindow
from assistant_app.ui.model_button import ModelButton
from assistant_app.worker.thread import WorkerThread

_PLUGINS = {
    "linux": ("libqxcb.so", "libqwayland*.so"),
    "win32": ("qwindows.dll",),
    "darwin": ("libqcocoa.dylib",),
}
_WAIT_S = 90.0
_LOOK_MS = 50
_LEAST_COLOURS = 8
_CHINESE = re.compile("[\u4e00-\u9fff]")


def display() -> str:
    """Load the plugins that draw on a real screen: each names the library of the system that it misses."""
    make_application(["assistant-app"])
    folder = Path(QLibraryInfo.path(QLibraryInfo.LibraryPath.PluginsPath)) / "platforms"
    found: list[str] = []
    for pattern in _PLUGINS.get(sys.platform, ()):
        files = sorted(folder.glob(pattern))
        if not files:
            raise CheckFailed(f"{folder} has no {pattern}")
        for file in files:
            loader = QPluginLoader(str(file))
            if not loader.load():
                raise CheckFailed(loader.errorString())
            found.append(file.name)
    return f"Qt {qVersion()}, {', '.join(found)}"


def rendering() -> str:
    """Draw every icon, both themes, a formula and highlighted code."""
    from pygments.lexers import get_lexer_by_name

    from assistant_app.ui.markdown.formulas import Setting, formula_setter
    from assistant_app.ui.theme import colors, style_sheet

    make_application(["assistant-app"])
    broken = [f.name for f in (resources() / "icons").glob("*.svg") if not QSvgRenderer(str(f)).isValid()]
    if broken:
        raise CheckFailed(f"not to be drawn: {', '.join(broken)}")
    for dark in (False, True):
        if not style_sheet(colors(dark), dark):
            raise CheckFailed("a theme is empty")
    setting = Setting(r"\frac{1}{2}", True, 16.0)
    setter, loop = formula_setter(), QEventLoop()
    setter.ready.connect(loop.quit)
    QTimer.singleShot(int(_WAIT_S * 1000), loop.quit)
    if setter.outline(setting) is None:
        loop.exec()
    outline = setter.outline(setting)
    if outline is None or not outline.svg:
        from ziamath import zmath

        zmath.Latex(setting.latex)  # says what it lacks: the window shows the source instead
        raise CheckFailed("a formula could not be set")
    lexers = [get_lexer_by_name(name).name for name in ("python", "c++", "bash", "json")]
    return f"icons, themes, a formula, {', '.join(lexers)}; {len(QFontDatabase.families())} font families"


def opens() -> str:
    """Open the very window of the program in Chinese, wait until it shows its model, close it."""
    for name in ("LC_ALL", "LANGUAGE", "LANG"):
        os.environ[name] = "zh_CN.UTF-8"
    paths = Paths.default()
    look = _Look()

    def make_worker() -> WorkerThread:
        worker = build_worker(paths, prepare(paths), has_window=True)
        app = QApplication.instance()
        assert app is not None
        QTimer.singleShot(0, app, look.begin)  # this is the thread of the start
        return worker

    began = time.monotonic()
    code = run(make_worker, paths, ["assistant-app"])
    if code != 0 or look.problem:
        raise CheckFailed(look.problem or f"the window ended with {code}")
    return f"{look.seen}, {time.monotonic() - began:.1f} s from the start to the end"


class _Look:
    """Waits for the window to be whole, looks at it and closes it. On the GUI thread."""

    def __init__(self) -> None:
        self.problem = "the window never came"
        self.seen = ""
        self._deadline = time.monotonic() + _WAIT_S

    def begin(self) -> None:
        """Look now, and again until there is something to see."""
        window = next((one for one in QApplication.topLevelWidgets() if isinstance(one, MainWindow)), None)
        button = window.findChild(ModelButton) if window is not None else None
        ready = button is not None and "Pocket" in button.text()
        if not ready and time.monotonic() < self._deadline:
            QTimer.singleShot(_LOOK_MS, self.begin)
            return
        if window is None:
            QApplication.exit(1)
            return
        self.problem = self._judge(window) if ready else "the window did not get to know its model"
        window.close()

    def _judge(self, window: MainWindow) -> str:
        picture = window.grab().toImage()
        points = ((x, y) for x in range(0, picture.width(), 3) for y in range(0, picture.height(), 3))
        colours = {picture.pixel(x, y) for x, y in points}
        if len(colours) < _LEAST_COLOURS:
            return f"the picture of the window has {len(colours)} colours"
        own = window.composer.edit.placeholderText()
        qt = QApplication.translate("QPlatformTheme", "Cancel")
        if not (_CHINESE.search(own) and _CHINESE.search(qt)):
            return f"not translated: “{own}”, Qt's “{qt}”"
        self.seen = f"{picture.width()} × {picture.height()}, “{own}”, “{qt}”"
        return ""
