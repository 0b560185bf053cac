"""The Windows installers name only what the build makes, keep the user's data, and speak both languages.

Inno Setup exists on Windows only: the scripts are read here, and compiled and run in the release workflow.
"""

import re
from pathlib import Path

import pytest

from tests.fixtures.packaging_scripts import ROOT, load

FOLDER = ROOT / "packaging" / "windows"
platforms = load("packaging/pyinstaller/platforms.py")
runtime = load("packaging/windows/runtime.py")


def _script(name: str) -> str:
    data = (FOLDER / name).read_bytes()
    # Inno Setup takes a script without this mark for one in the code page of the machine.
    assert data.startswith(b"\xef\xbb\xbf"), name
    return data.decode("utf-8-sig")


def _entries(script: str, section: str) -> list[dict[str, str]]:
    """Return the entries of a section, each with its parameters."""
    body = re.search(rf"^\[{section}\]\n(.*?)(?=^\[|\Z)", script, re.MULTILINE | re.DOTALL)
    assert body is not None, section
    lines = [line for line in body[1].splitlines() if line and not line.startswith((";", "#"))]
    return [dict(re.findall(r'(\w+): ("(?:[^"]|"")*"|[^;]+)', line)) for line in lines]


@pytest.mark.parametrize(
    ("name", "programs"),
    [
        ("assistant-app.iss", {"assistant-app.exe", "assistant-app-window.exe"}),
        ("assistant-app-voice.iss", {"assistant-app-speech.exe"}),
    ],
)
def test_only_what_the_build_makes_is_installed(name: str, programs: set[str]) -> None:
    entries = _entries(_script(name), "Files")
    assert {entry["Source"].strip('"') for entry in entries} == {
        *(f"{{#Tree}}\\{program}" for program in programs),
        r"{#Tree}\_internal\*",
    }
    made = {platforms.CORE, f"{platforms.CORE}-window", platforms.SPEECH}
    assert {program.removesuffix(".exe") for program in programs} <= made


def test_nothing_of_the_user_is_ever_deleted() -> None:
    for name in ("assistant-app.iss", "assistant-app-voice.iss"):
        script = _script(name)
        assert "[UninstallDelete]" not in script
        deleted = [entry["Name"].strip('"') for entry in _entries(script, "InstallDelete")]
        assert deleted == [r"{app}\_internal"]
        assert "DelTree" not in script


def test_the_place_of_the_data_is_said_as_the_program_uses_it(monkeypatch: pytest.MonkeyPatch) -> None:
    from platformdirs import windows

    from assistant_app.paths import APP_NAME

    # Windows alone can be asked where a folder is.
    monkeypatch.setattr(windows, "get_win_folder", lambda name: {"CSIDL_LOCAL_APPDATA": "/local"}[name])
    assert Path(windows.Windows(APP_NAME, appauthor=False).user_data_dir) == Path("/local/assistant-app")
    script = _script("assistant-app.iss")
    assert r"{localappdata}\assistant-app" in script
    # The programs themselves are elsewhere: removing them leaves the data alone.
    assert r"DefaultDirName={autopf}\{#Name}" in script


def test_links_are_registered_for_the_scheme_and_for_this_user() -> None:
    entries = _entries(_script("assistant-app.iss"), "Registry")
    assert {entry["Root"] for entry in entries} == {"HKA"}
    commands = [entry for entry in entries if entry["Subkey"].endswith(r'shell\open\command"')]
    scheme = platforms.URL_SCHEME
    assert [entry["Subkey"] for entry in commands] == [rf'"Software\Classes\{scheme}\shell\open\command"']
    assert commands[0]["ValueData"] == r'"""{app}\assistant-app-window.exe"" ""%1"""'


def test_no_administrator_is_needed() -> None:
    common = _script("common.isi")
    assert "PrivilegesRequired=lowest" in common
    for name in ("assistant-app.iss", "assistant-app-voice.iss"):
        assert '#include "common.isi"' in _script(name)
        assert "PrivilegesRequired" not in _script(name)


def test_the_two_installers_are_two_programs_of_which_one_needs_the_other() -> None:
    core, voice = _script("assistant-app.iss"), _script("assistant-app-voice.iss")
    assert "AppId={{{#CoreId}}" in core and "AppId={{{#VoiceId}}" in voice
    assert "Uninstall\\{{#CoreId}}_is1'" in voice
    assert "Uninstall\\{{#VoiceId}}_is1'" in core
    ids = re.findall(r'#define \w+Id "([0-9A-F-]{36})"', _script("common.isi"))
    assert len(set(ids)) == 2


@pytest.mark.parametrize("name", ["assistant-app.iss", "assistant-app-voice.iss"])
def test_every_text_of_ours_is_there_in_both_languages(name: str) -> None:
    script = _script(name)
    texts = re.findall(r"^(en|zh_CN)\.(\w+)=(.+)$", script, re.MULTILINE)
    english = {key: text for language, key, text in texts if language == "en"}
    chinese = {key: text for language, key, text in texts if language == "zh_CN"}
    assert set(english) == set(chinese) == set(re.findall(r"CustomMessage\('(\w+)'\)", script))
    for key, text in english.items():
        assert set(re.findall(r"%\d|\{#\w+\}", text)) == set(re.findall(r"%\d|\{#\w+\}", chinese[key]))
        assert re.search(r"[\u4e00-\u9fff]", chinese[key])


def test_the_chinese_pages_translate_messages_once() -> None:
    texts = re.findall(r"^(\w+)=(.*)$", _script("chinese.isl").partition("[Messages]")[2], re.MULTILINE)
    names = [name for name, _ in texts]
    assert len(names) == len(set(names)) > 50
    assert all(text for _, text in texts)


def test_a_folder_that_brings_its_runtime(tmp_path: Path) -> None:
    (tmp_path / "_internal").mkdir()
    (tmp_path / "assistant-app.exe").write_bytes(b"MZ\0\0VCRUNTIME140.dll\0KERNEL32.dll\0")
    (tmp_path / "_internal" / "llama.dll").write_bytes(b"MZ\0\0MSVCP140.dll\0VCRUNTIME140_1.dll\0")
    for name in ("vcruntime140.dll", "VCRUNTIME140_1.dll", "msvcp140.dll"):
        (tmp_path / "_internal" / name).write_bytes(b"MZ")
    assert runtime.missing(tmp_path) == []


def test_a_folder_that_lacks_a_part_of_its_runtime(tmp_path: Path) -> None:
    (tmp_path / "llama.dll").write_bytes(b"MZ\0\0VCOMP140.DLL\0vcruntime140.dll\0")
    (tmp_path / "vcruntime140.dll").write_bytes(b"MZ")
    assert runtime.missing(tmp_path) == [f"llama.dll needs vcomp140.dll, which is not in {tmp_path}."]
