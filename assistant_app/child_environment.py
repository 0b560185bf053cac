"""The environment that other programs get from a frozen one: the user's, not that of the frozen program."""

import os
import sys
from collections.abc import MutableMapping

_OF_THE_FREEZER = ("_PYI_", "_MEIPASS")
_LISTS_OF_FOLDERS = ("DYLD_LIBRARY_PATH", "QT_PLUGIN_PATH", "QML2_IMPORT_PATH")


def give_back(environment: MutableMapping[str, str] = os.environ) -> None:
    """Undo what the start of a frozen program changed; does nothing in one that runs from source.

    The libraries of this program are found already: the system's loader read LD_LIBRARY_PATH when the process
    began. Every program that is started from now on (a browser, espeak-ng, ffmpeg, the engines, whether
    this module or Qt starts it) would look for its own libraries among ours.
    """
    inside = getattr(sys, "_MEIPASS", None)
    if inside is None:
        return
    for name in [name for name in environment if name.startswith(_OF_THE_FREEZER)]:
        del environment[name]
    original = environment.pop("LD_LIBRARY_PATH_ORIG", "")
    if sys.platform.startswith("linux"):
        _put(environment, "LD_LIBRARY_PATH", original)
    for name in _LISTS_OF_FOLDERS:
        folders = environment.get(name, "").split(os.pathsep)
        _put(environment, name, os.pathsep.join(one for one in folders if not _lies_in(one, inside)))


def _put(environment: MutableMapping[str, str], name: str, value: str) -> None:
    if value:
        environment[name] = value
    else:
        environment.pop(name, None)


def _lies_in(folder: str, inside: str) -> bool:
    return folder == inside or folder.startswith(inside + os.sep)
