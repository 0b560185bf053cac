"""The disk images of macOS: signed from the inside out, named for what they are.

Apple's programs exist on macOS only; here each is a script that writes down how it was called, and copies or
lists files where the rest needs it. What build_dmg.sh does between them is real.
"""

import os
import subprocess
from pathlib import Path

import pytest

from tests.fixtures.packaging_scripts import ROOT

SCRIPTS = ROOT / "packaging" / "macos"
CODE = bytes.fromhex("cffaedfe") + b"\0" * 60
SIGNING = {"MACOS_SIGN_IDENTITY": "Developer ID Application: Nobody", "NOTARY_KEY": "/key.p8"}
NOTARY = {"NOTARY_KEY_ID": "K1", "NOTARY_ISSUER": "I1"}

STAND_INS = {
    "codesign": "",
    "xcrun": "",
    "spctl": "",
    "ditto": '[[ $1 == -c ]] && touch "${@: -1}" || cp -a "$1" "$2"',
    "hdiutil": 'find "$5" -type l -o -type f >"${@: -1}"',
}


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    """Return a folder with Apple's programs, each of which writes its call into `calls`."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name, does in STAND_INS.items():
        file = folder / name
        file.write_text(f'#!/usr/bin/env bash\necho "{name} $*" >>"{tmp_path}/calls"\n{does}\n')
        file.chmod(0o755)
    return folder


@pytest.fixture
def trees(tmp_path: Path) -> Path:
    """Return the applications in the layout that PyInstaller gives them."""
    folder = tmp_path / "tree"
    for app, program in (("Assistant.app", "assistant-app"), ("AssistantSpeech.app", "assistant-app-speech")):
        contents = folder / app / "Contents"
        for path, data in {
            f"MacOS/{program}": CODE,
            "Frameworks/libllama.dylib": CODE,
            "Frameworks/package/module.so": CODE,
            "Frameworks/QtCore.framework/Versions/A/QtCore": CODE,
            "Resources/resources/app.svg": b"<svg/>",
        }.items():
            (contents / path).parent.mkdir(parents=True, exist_ok=True)
            (contents / path).write_bytes(data)
    return folder


def _build(
    programs: Path, trees: Path, tmp_path: Path, **environment: str
) -> "subprocess.CompletedProcess[str]":
    plain = {name: value for name, value in os.environ.items() if not name.startswith(("MACOS_", "NOTARY_"))}
    return subprocess.run(
        [str(SCRIPTS / "build_dmg.sh"), str(trees), str(tmp_path / "dist"), "1.2.3"],
        env=plain | {"PATH": f"{programs}:{os.environ['PATH']}"} | environment,
        capture_output=True,
        text=True,
        check=False,
    )


def _calls(tmp_path: Path, program: str) -> list[str]:
    lines = (tmp_path / "calls").read_text().splitlines()
    return [line for line in lines if line.startswith(program + " ")]


def _signed(tmp_path: Path) -> list[str]:
    """Return what was signed, in order, below the application."""
    calls = [line for line in _calls(tmp_path, "codesign") if "--force" in line]
    return [line.rpartition("/stage/")[2] for line in calls if "/stage/" in line]


def test_what_is_inside_is_signed_before_what_holds_it(programs: Path, trees: Path, tmp_path: Path) -> None:
    ran = _build(programs, trees, tmp_path, **SIGNING, **NOTARY)
    assert ran.returncode == 0, ran.stderr
    signed = _signed(tmp_path)
    framework = "Assistant.app/Contents/Frameworks/QtCore.framework"
    libraries = "Assistant.app/Contents/Frameworks/"
    assert sorted(signed[:2]) == [libraries + "libllama.dylib", libraries + "package/module.so"]
    assert signed[2:4] == [framework, "Assistant.app"]
    # The application is signed again once the speech engine is inside it, for its seal covers that.
    helper = "Assistant.app/Contents/Helpers/AssistantSpeech.app"
    assert signed[-2:] == [helper, "Assistant.app"]
    assert all(path.startswith(helper + "/Contents/") for path in signed[4:-2])


def test_only_the_program_with_the_microphone_gets_the_entitlement(
    programs: Path, trees: Path, tmp_path: Path
) -> None:
    assert _build(programs, trees, tmp_path, **SIGNING, **NOTARY).returncode == 0
    calls = [line for line in _calls(tmp_path, "codesign") if "--force" in line and "/stage/" in line]
    assert all("--options runtime --timestamp" in line for line in calls)
    entitled = [line for line in calls if "--entitlements" in line]
    assert [line.rpartition("/stage/")[2] for line in entitled] == ["Assistant.app", "Assistant.app"]


def test_signed_images_are_notarised_with_what_they_hold(programs: Path, trees: Path, tmp_path: Path) -> None:
    assert _build(programs, trees, tmp_path, **SIGNING, **NOTARY).returncode == 0
    made = sorted(path.name for path in (tmp_path / "dist").iterdir())
    assert made == ["assistant-app-1.2.3-macos-arm64.dmg", "assistant-app-with-voice-1.2.3-macos-arm64.dmg"]
    notarised = [line for line in _calls(tmp_path, "xcrun") if "notarytool submit" in line]
    stapled = [line for line in _calls(tmp_path, "xcrun") if "stapler staple" in line]
    # For each image the application and the image itself.
    assert len(notarised) == len(stapled) == 4
    assert all("--wait --key /key.p8 --key-id K1 --issuer I1" in line for line in notarised)


def test_images_hold_the_texts_in_both_languages_and_the_way_to_install(
    programs: Path, trees: Path, tmp_path: Path
) -> None:
    assert _build(programs, trees, tmp_path).returncode == 0
    core = (tmp_path / "dist" / "assistant-app-1.2.3-macos-arm64-unsigned.dmg").read_text()
    voice = (tmp_path / "dist" / "assistant-app-with-voice-1.2.3-macos-arm64-unsigned.dmg").read_text()
    for held in (core, voice):
        assert "/Assistant.app/Contents/Resources/en.lproj/InfoPlist.strings" in held
        assert "/Assistant.app/Contents/Resources/zh-Hans.lproj/InfoPlist.strings" in held
        assert "/Applications" in held
    assert "assistant-app-speech" not in core
    assert "/Assistant.app/Contents/Helpers/AssistantSpeech.app/Contents/MacOS/assistant-app-speech" in voice


def test_without_an_identity_nothing_is_called_signed(programs: Path, trees: Path, tmp_path: Path) -> None:
    assert _build(programs, trees, tmp_path).returncode == 0
    assert all(path.name.endswith("-unsigned.dmg") for path in (tmp_path / "dist").iterdir())
    assert "notarytool" not in (tmp_path / "calls").read_text()
    # An ad-hoc signature under the hardened runtime could not load its own libraries.
    assert "--options runtime" not in (tmp_path / "calls").read_text()


def test_an_identity_without_the_notarys_key_is_refused(programs: Path, trees: Path, tmp_path: Path) -> None:
    ran = _build(programs, trees, tmp_path, **SIGNING)
    assert ran.returncode == 1
    assert "nothing was signed" in ran.stderr
    assert not (tmp_path / "dist").exists()
    assert not (tmp_path / "calls").exists()


def test_a_failing_signature_ends_it(programs: Path, trees: Path, tmp_path: Path) -> None:
    (programs / "codesign").write_text("#!/bin/sh\nexit 1\n")
    assert _build(programs, trees, tmp_path, **SIGNING, **NOTARY).returncode != 0
    assert list((tmp_path / "dist").iterdir()) == []
