"""What PyInstaller is told: nothing on Linux, icon and version on Windows, a bundle on macOS."""

import inspect
import plistlib
import re
from pathlib import Path
from typing import Any

import pytest

from assistant_app import __version__
from tests.fixtures.packaging_scripts import ROOT, load

platforms = load("packaging/pyinstaller/platforms.py")
PROGRAMS = [platforms.CORE, platforms.SPEECH]


@pytest.mark.parametrize("program", PROGRAMS)
def test_linux_needs_nothing(program: str, tmp_path: Path) -> None:
    assert platforms.exe_options(program, "linux", tmp_path) == {}
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("program", PROGRAMS)
def test_windows_programs_have_icon_and_version(program: str, tmp_path: Path) -> None:
    options = platforms.exe_options(program, "win32", tmp_path / "made")
    assert Path(options["icon"]).read_bytes()[:4] == b"\x00\x00\x01\x00"
    texts = _version_texts(Path(options["version"]).read_text(encoding="utf-8"))
    assert texts["FileVersion"] == texts["ProductVersion"] == __version__
    assert texts["OriginalFilename"] == f"{program}.exe"
    assert texts["ProductName"] == "Assistant"


def _version_texts(resource: str) -> dict[str, str]:
    """Read a version resource as PyInstaller does, by evaluating it; its classes exist on Windows only."""
    found: dict[str, str] = {}

    def fixed(*, filevers: tuple[int, ...], prodvers: tuple[int, ...], **_rest: int) -> None:
        assert len(filevers) == len(prodvers) == 4
        assert all(0 <= figure < 65536 for figure in filevers + prodvers)

    def text(key: str, value: str) -> None:
        found[key] = value

    def table(language: str, _texts: list[Any]) -> None:
        assert re.fullmatch("[0-9A-F]{8}", language)

    def anything(*_values: Any, **_named: Any) -> None:
        return None

    plain = dict.fromkeys(["VSVersionInfo", "StringFileInfo", "VarFileInfo", "VarStruct"], anything)
    eval(resource, plain | {"FixedFileInfo": fixed, "StringTable": table, "StringStruct": text})
    return found


@pytest.mark.parametrize(("number", "four"), [("1.2.3", (1, 2, 3, 0)), ("2.0.0rc1", (2, 0, 0, 0))])
def test_windows_wants_four_figures(
    monkeypatch: pytest.MonkeyPatch, number: str, four: tuple[int, ...]
) -> None:
    monkeypatch.setattr(platforms, "version", lambda: number)
    assert f"filevers={four}" in platforms.windows_version(platforms.CORE)


@pytest.mark.parametrize("program", PROGRAMS)
def test_macos_programs_are_for_its_own_processors(program: str, tmp_path: Path) -> None:
    assert platforms.exe_options(program, "darwin", tmp_path) == {"target_arch": "arm64"}


def test_the_macos_application_asks_for_the_microphone_and_opens_links(tmp_path: Path) -> None:
    options = platforms.bundle_options(made=tmp_path)
    assert Path(options["icon"]).read_bytes()[:4] == b"icns"
    assert options["version"] == __version__
    plist = plistlib.loads(plistlib.dumps(options["info_plist"]))
    assert "microphone" not in plist["NSMicrophoneUsageDescription"].lower()
    assert "Assistant listens only while" in plist["NSMicrophoneUsageDescription"]
    assert plist["CFBundleURLTypes"][0]["CFBundleURLSchemes"] == ["assistant-app"]
    assert plist["LSMinimumSystemVersion"] == "14.0"
    # Unless it is told otherwise, PyInstaller hides programs of the terminal from the Dock.
    assert plist["LSBackgroundOnly"] is False


def test_the_speech_engine_is_a_bundle_without_a_place_in_the_dock(tmp_path: Path) -> None:
    options = platforms.bundle_options(platforms.SPEECH, tmp_path)
    assert options["name"] == "AssistantSpeech.app"
    assert options["info_plist"]["LSBackgroundOnly"] is True
    # It gets samples from the application, and never opens a microphone or a link.
    assert "NSMicrophoneUsageDescription" not in options["info_plist"]
    assert "CFBundleURLTypes" not in options["info_plist"]
    assert options["bundle_identifier"] != platforms.BUNDLE_IDS[platforms.CORE]


def test_bundle_identifiers_have_only_what_macos_allows() -> None:
    assert all(re.fullmatch(r"[A-Za-z0-9.-]+", name) for name in platforms.BUNDLE_IDS.values())


def test_options_are_ones_that_pyinstaller_reads(tmp_path: Path) -> None:
    """A name that it does not know would be ignored in silence."""
    from PyInstaller.building import api, osx

    known = set(re.findall(r"kwargs\.get\(\s*['\"](\w+)['\"]", inspect.getsource(api.EXE)))
    for platform in ("linux", "win32", "darwin"):
        assert set(platforms.exe_options(platforms.CORE, platform, tmp_path)) <= known
    known = set(re.findall(r"kwargs\.get\(\s*['\"](\w+)['\"]", inspect.getsource(osx.BUNDLE)))
    assert set(platforms.bundle_options(made=tmp_path)) <= known


def test_the_microphone_is_explained_in_both_languages() -> None:
    english, chinese = platforms.microphone_text("en"), platforms.microphone_text("zh-Hans")
    assert "not sent anywhere" in english
    assert "不会发送" in chinese
    for language in platforms.info_plist()["CFBundleLocalizations"]:
        assert (ROOT / "packaging" / "macos" / f"{language}.lproj" / "InfoPlist.strings").is_file()


def test_the_only_entitlement_is_the_microphone() -> None:
    entitlements = plistlib.loads((ROOT / "packaging" / "macos" / "entitlements.plist").read_bytes())
    assert entitlements == {"com.apple.security.device.audio-input": True}
