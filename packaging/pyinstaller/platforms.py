"""What PyInstaller is told on Windows and macOS only: icons, version, Info.plist.

The keyword arguments of EXE and BUNDLE in assistant-app.spec. Names that people see on both platforms are
constants; signing is not done here but in packaging/macos and the release workflow, from the inside out.
"""

import importlib.util
import re
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
MACOS = ROOT / "packaging" / "macos"

NAME = "Assistant"
PUBLISHER = "Assistant contributors"
URL_SCHEME = "assistant-app"

CORE, SPEECH = "assistant-app", "assistant-app-speech"

DESCRIPTIONS = {CORE: NAME, SPEECH: f"{NAME} speech recognition"}
"""What the task manager and the properties of a file call each program."""

BUNDLES = {CORE: f"{NAME}.app", SPEECH: "AssistantSpeech.app"}
"""The applications of macOS. The second is no application to open: it is put into the first, as
Contents/Helpers/AssistantSpeech.app, for code and data of the speech engine need a bundle to be signed in."""

BUNDLE_IDS = {CORE: "io.github.assistant-app.Assistant", SPEECH: "io.github.assistant-app.Assistant.speech"}

MACOS_VERSION = "14.0"
"""The oldest macOS: torch's and numpy's wheels are made for it."""


def version() -> str:
    """Return the version of the code, from its one place."""
    found = re.search(r'^__version__ = "([^"]+)"$', _source("assistant_app/__init__.py"), re.MULTILINE)
    if found is None:
        raise ValueError("assistant_app/__init__.py has no line that sets __version__.")
    return found[1]


def exe_options(
    program: str, platform: str, made: Path = ROOT / "build" / "package" / "platform"
) -> dict[str, Any]:
    """Return what EXE is told on a platform, a value of sys.platform; `made` receives the files it names."""
    if platform == "win32":
        made.mkdir(parents=True, exist_ok=True)
        (made / "assistant-app.ico").write_bytes(_icons().ico())
        (made / f"{program}.version").write_text(windows_version(program), encoding="utf-8")
        return {"icon": str(made / "assistant-app.ico"), "version": str(made / f"{program}.version")}
    if platform == "darwin":
        return {"target_arch": "arm64"}
    return {}


def bundle_options(
    program: str = CORE, made: Path = ROOT / "build" / "package" / "platform"
) -> dict[str, Any]:
    """Return what BUNDLE is told; `made` receives the icon. PyInstaller heeds BUNDLE on macOS only."""
    made.mkdir(parents=True, exist_ok=True)
    (made / "assistant-app.icns").write_bytes(_icons().icns())
    return {
        "name": BUNDLES[program],
        "icon": str(made / "assistant-app.icns"),
        "bundle_identifier": BUNDLE_IDS[program],
        "version": version(),
        "info_plist": info_plist(program),
    }


def info_plist(program: str = CORE) -> dict[str, Any]:
    """Return the entries of Info.plist beside those that PyInstaller makes."""
    entries: dict[str, Any] = {
        "CFBundleDisplayName": DESCRIPTIONS[program],
        "CFBundleVersion": version(),
        "CFBundleDevelopmentRegion": "en",
        "CFBundleLocalizations": ["en", "zh-Hans"],
        "LSMinimumSystemVersion": MACOS_VERSION,
        "NSHumanReadableCopyright": f"© {PUBLISHER}. MIT licence.",
    }
    if program == SPEECH:
        # An engine: no place in the Dock, no menu.
        return entries | {"LSBackgroundOnly": True}
    return entries | {
        # The same program answers in a terminal, for which PyInstaller would hide the window's icon from the
        # Dock.
        "LSBackgroundOnly": False,
        "LSApplicationCategoryType": "public.app-category.productivity",
        "NSHighResolutionCapable": True,
        "NSSupportsAutomaticGraphicsSwitching": True,
        "NSMicrophoneUsageDescription": microphone_text("en"),
        "CFBundleURLTypes": [
            {
                "CFBundleURLName": BUNDLE_IDS[CORE],
                "CFBundleTypeRole": "Viewer",
                "CFBundleURLSchemes": [URL_SCHEME],
            }
        ],
    }


def microphone_text(language: str) -> str:
    """Return why macOS asks for the microphone, in the words that the .lproj folders hold."""
    strings = (MACOS / f"{language}.lproj" / "InfoPlist.strings").read_text(encoding="utf-8")
    found = re.search(r'^NSMicrophoneUsageDescription = "([^"]+)";$', strings, re.MULTILINE)
    if found is None:
        raise ValueError(f"{language}.lproj/InfoPlist.strings does not say what the microphone is for.")
    return found[1]


def windows_version(program: str) -> str:
    """Return the version resource of a program in PyInstaller's notation."""
    number = version()
    figures = [int(part) for part in re.findall(r"\d+", number)[:3]]
    four = tuple(figures + [0] * (4 - len(figures)))
    texts = {
        "CompanyName": PUBLISHER,
        "FileDescription": DESCRIPTIONS[program],
        "FileVersion": number,
        "InternalName": program,
        "LegalCopyright": f"© {PUBLISHER}. MIT licence.",
        "OriginalFilename": f"{program}.exe",
        "ProductName": NAME,
        "ProductVersion": number,
    }
    strings = "".join(f"        StringStruct({key!r}, {text!r}),\n" for key, text in texts.items())
    # 0x0409 with 1200: American English in Unicode. 0x40004: a program for Windows NT.
    return (
        "VSVersionInfo(\n"
        f"  ffi=FixedFileInfo(filevers={four}, prodvers={four}, mask=0x3F, flags=0x0,\n"
        "                    OS=0x40004, fileType=0x1),\n"
        "  kids=[\n"
        "    StringFileInfo([\n"
        "      StringTable('040904B0', [\n"
        f"{strings}"
        "      ]),\n"
        "    ]),\n"
        "    VarFileInfo([VarStruct('Translation', [0x0409, 1200])]),\n"
        "  ],\n"
        ")\n"
    )


def _source(path: str) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


def _icons() -> Any:
    """Return packaging/icons.py, which loads Qt and is therefore loaded only where something is drawn."""
    spec = importlib.util.spec_from_file_location(
        "assistant_packaging_icons", ROOT / "packaging" / "icons.py"
    )
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
