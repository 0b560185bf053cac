"""Texts that are made for packages: changelog, manual page, completion, AppStream metadata, licences."""

import gzip
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.fixtures.frozen_trees import LINUX

from linux_packages.changes import appstream_releases, debian_changelog, read_changes  # isort: skip
from linux_packages.commands import application_commands  # isort: skip
from linux_packages.components import Component  # isort: skip
from linux_packages.icons import SIZES, write_icons  # isort: skip
from linux_packages.manual import bash_completion, manual_page  # isort: skip
from linux_packages.notices import copyright_file  # isort: skip
from linux_packages.product import Release, current_release  # isort: skip
from linux_packages.share import metainfo  # isort: skip

RELEASE = Release("1.1.0", 1_800_000_000)

CHANGELOG = """# Changelog

## [Unreleased]

### Added

- One thing, which is told
  in two lines, with `code` & a [link](https://example.org).

### Fixed

- Another.

## [1.0.0] - 2026-01-31

- First.
"""


def needs(program: str) -> str:
    found = shutil.which(program)
    if not found:
        pytest.skip(f"{program} is not installed")
    return found


def test_what_is_not_released_belongs_to_the_version_that_is_packed() -> None:
    now, first = read_changes(RELEASE, CHANGELOG)
    assert now.release == RELEASE
    assert now.notes == (
        ("Added", "One thing, which is told in two lines, with code & a link."),
        ("Fixed", "Another."),
    )
    assert (first.release.version, f"{first.release.date:%Y-%m-%d}") == ("1.0.0", "2026-01-31")


def test_a_version_without_a_word_in_the_changelog_is_refused() -> None:
    with pytest.raises(ValueError, match=r"says nothing about 1\.1\.0"):
        read_changes(RELEASE, CHANGELOG.replace("## [Unreleased]", "## [1.2.0] - 2026-02-01"))


@pytest.mark.parametrize(
    ("python", "debian"),
    [("1.0.0", "1.0.0"), ("1.0.0rc1", "1.0.0~rc1"), ("1.0.0.dev3", "1.0.0~dev3"), ("2.0b2", "2.0~b2")],
)
def test_dpkg_sorts_versions_as_python_does(python: str, debian: str) -> None:
    assert Release(python, 0).debian_version == debian
    if debian != python:
        final = debian.partition("~")[0]
        command = [needs("dpkg"), "--compare-versions", debian, "lt", final]
        assert subprocess.run(command, check=False).returncode == 0


def test_debian_reads_the_changelog(tmp_path: Path) -> None:
    text = debian_changelog(read_changes(RELEASE, CHANGELOG))
    path = tmp_path / "changelog"
    path.write_text(text, encoding="utf-8")
    command = [needs("dpkg-parsechangelog"), "-l", str(path), "--all"]
    said = subprocess.run(command, capture_output=True, text=True, check=True)
    assert said.stderr == ""
    assert "Version: 1.1.0" in said.stdout and "Another." in said.stdout and "First." in said.stdout


def test_the_real_changelog_can_be_read() -> None:
    newest = read_changes(current_release())[0]
    assert len(newest.notes) > 5
    assert all("\n" not in note and "`" not in note for _kind, note in newest.notes)


def test_releases_of_appstream_are_escaped() -> None:
    text = appstream_releases(read_changes(RELEASE, CHANGELOG))
    assert '<release version="1.1.0" date="2027-01-15" type="stable">' in text
    assert "with code &amp; a link." in text


def test_appstream_metadata_is_valid(tmp_path: Path) -> None:
    release = current_release()
    path = tmp_path / "io.github.assistant_app.assistant.metainfo.xml"
    path.write_text(metainfo(release, read_changes(release)), encoding="utf-8")
    command = [needs("appstreamcli"), "validate", "--no-net", "--no-color", str(path)]
    said = subprocess.run(command, capture_output=True, text=True, check=False)
    assert said.returncode == 0, said.stdout
    assert "@" not in path.read_text(encoding="utf-8"), "a place was not filled in"


def test_pictures_are_told_as_soon_as_the_project_has_an_address(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("linux_packages.share.HOMEPAGE", "https://assistant.example")
    path = tmp_path / "io.github.assistant_app.assistant.metainfo.xml"
    path.write_text(metainfo(RELEASE, read_changes(RELEASE, CHANGELOG)), encoding="utf-8")
    pictures = re.findall(r"<image>(.*)</image>", path.read_text(encoding="utf-8"))
    assert len(pictures) == 3
    for address in pictures:
        _start, _mark, name = address.partition("https://assistant.example/raw/v1.1.0/")
        assert (LINUX.parents[1] / name).is_file(), address
    command = [needs("appstreamcli"), "validate", "--no-net", "--no-color", str(path)]
    said = subprocess.run(command, capture_output=True, text=True, check=False)
    assert said.returncode == 0, said.stdout


def manual() -> str:
    return manual_page(RELEASE, application_commands())


def test_the_manual_page_tells_every_command_and_option() -> None:
    text = manual().replace(r"\-", "-")
    commands = application_commands()
    assert {"", "ask", "chat", "models", "transcribe", "doctor"} <= {command.name for command in commands}
    for command in commands:
        assert command.name in text
        for option in command.options:
            assert option.help, f"{command.name} {option.flags} has no help"
            for word in (*option.flags, option.value, *option.choices):
                assert word in text, f"{command.name} {word}"


def test_the_manual_page_tells_what_the_parser_does_not_know() -> None:
    text = manual().replace(r"\-", "-")
    for word in ("--selftest", "--with-voice", "assistant-app:ask", "ASSISTANT_HOME", ".local/share", "130"):
        assert word in text
    assert "@" not in text


def test_man_shows_the_page_without_a_warning(tmp_path: Path) -> None:
    path = tmp_path / "assistant-app.1"
    path.write_text(manual(), encoding="utf-8")
    command = [needs("man"), "--warnings", "-E", "UTF-8", "-l", "-Tutf8", str(path)]
    environment = {"LC_ALL": "C.UTF-8", "MANWIDTH": "80", "PATH": "/usr/bin:/bin", "MANROFFSEQ": ""}
    said = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    assert said.stderr == ""
    assert "private AI assistant" in said.stdout and "transcribe" in said.stdout


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (["as"], {"ask"}),
        (["ask", "--conv"], {"--conversation"}),
        (["--talk", "st"], {"start", "stop"}),
        (["transcribe", "--tr"], {"--translate"}),
        (["ask", "--talk-nothing"], set()),
    ],
)
def test_bash_completes(tmp_path: Path, words: list[str], found: set[str]) -> None:
    path = tmp_path / "completion"
    path.write_text(bash_completion(application_commands()), encoding="utf-8")
    line = " ".join(f"'{word}'" for word in ["assistant-app", *words])
    script = f"source {path}; COMP_WORDS=({line}); COMP_CWORD={len(words)}; _assistant_app; "
    script += 'printf "%s\\n" "${COMPREPLY[@]}"'
    said = subprocess.run([needs("bash"), "-c", script], capture_output=True, text=True, check=True)
    assert set(said.stdout.split()) == found and said.stderr == ""


def test_icons_have_the_sizes_that_their_folders_say(tmp_path: Path) -> None:
    from PySide6.QtGui import QColor, QImage

    write_icons(tmp_path)
    assert (tmp_path / "scalable" / "apps" / "assistant-app.svg").is_file()
    for size in SIZES:
        image = QImage(str(tmp_path / f"{size}x{size}" / "apps" / "assistant-app.png"))
        assert (image.width(), image.height()) == (size, size)
        assert image.pixelColor(0, 0).alpha() == 0, "the corners are transparent"
        assert image.pixelColor(size // 2, size // 6) == QColor("#2c5cc9"), "the ground is blue"


def test_licences_are_told_word_for_word_or_by_reference(tmp_path: Path) -> None:
    (tmp_path / "libQt6Core.so.6").touch()
    apache = (
        "Apache License\nVersion 2.0, January 2004\n1. Definitions.\nEND OF TERMS AND CONDITIONS\nAppendix"
    )
    free = "Copyright (c) 2020 One Person\n\nDo as you like."
    parts = [
        Component("one", "1.0", "MIT", "https://one.example", (free,)),
        Component("two", "2.0", "Apache-2.0", "https://two.example", (apache,)),
        Component("PySide6", "6", "LGPL-3.0-only OR GPL-2.0-only", "https://qt.example", ()),
    ]
    text = copyright_file(tmp_path, parts, RELEASE)
    assert "Copyright: 2020 One Person\nLicense: one-licence\n" in text
    assert " Copyright (c) 2020 One Person\n .\n Do as you like." in text
    assert "common-licenses/Apache-2.0" in text and "1. Definitions" not in text and "Appendix" in text
    assert text.count("common-licenses/LGPL-3") == 2, "Qt's and PySide6's"
    assert "libavcodec" not in text and "FFmpeg" not in text, "which is not in the tree"


def test_compressed_texts_are_the_same_every_time(tmp_path: Path) -> None:
    from linux_packages.share import write_gz

    write_gz(tmp_path / "a.gz", "text")
    write_gz(tmp_path / "b.gz", "text")
    assert (tmp_path / "a.gz").read_bytes() == (tmp_path / "b.gz").read_bytes()
    assert gzip.decompress((tmp_path / "a.gz").read_bytes()) == b"text"
