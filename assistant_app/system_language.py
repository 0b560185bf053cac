"""The language of the desktop where the environment does not name one, as on Windows and macOS."""

import locale
import sys
from pathlib import Path

_APPLE_PREFERENCES = "Library/Preferences/.GlobalPreferences.plist"


def desktop_language() -> str:
    """Return the name of a language, such as "zh_CN" or "zh-Hans-CN"; "" where it is not known."""
    if sys.platform == "win32":
        import ctypes

        return locale.windows_locale.get(ctypes.windll.kernel32.GetUserDefaultUILanguage(), "")
    elif sys.platform == "darwin":
        return apple_language(Path.home())
    else:
        return locale.getlocale()[0] or ""


def apple_language(home: Path) -> str:
    """Return the first language that a user of macOS chose; "" where there is none."""
    import plistlib
    from xml.parsers.expat import ExpatError

    try:
        with open(home / _APPLE_PREFERENCES, "rb") as file:
            first = plistlib.load(file)["AppleLanguages"][0]
    except (OSError, plistlib.InvalidFileException, ExpatError, KeyError, IndexError, TypeError, ValueError):
        return ""
    return first if isinstance(first, str) else ""
