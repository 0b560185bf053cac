"""The packages themselves, made of small frozen trees with the real tools of Debian."""

import hashlib
import lzma
import os
import re
import shutil
import subprocess
import tarfile
from collections.abc import Mapping
from pathlib import Path
from xml.etree import ElementTree

import pytest

from assistant_app import __version__
from tests.fixtures.frozen_trees import LINUX, frozen_trees

import packages  # isort: skip
from linux_packages.build import Build  # isort: skip
from linux_packages.product import Release, current_release  # isort: skip

CORE, VOICE = f"assistant-app_{__version__}_amd64.deb", f"assistant-app-voice_{__version__}_amd64.deb"
TARBALL = f"assistant-app-{__version__}-linux-x86_64.tar.xz"
VOICE_TARBALL = f"assistant-app-voice-{__version__}-linux-x86_64.tar.xz"
PAYLOAD = f"assistant-app-{__version__}-linux-x86_64.squashfs"

for _program in ("dpkg-deb", "mksquashfs", "cc"):
    if not shutil.which(_program):
        pytest.skip(f"{_program} is not installed", allow_module_level=True)


def run(*command: str | Path, env: Mapping[str, str] | None = None, cwd: Path | None = None) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=env, cwd=cwd)
    assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
    return done.stdout


@pytest.fixture(scope="session")
def trees(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return frozen_trees(tmp_path_factory.mktemp("trees"))


@pytest.fixture(scope="session")
def dist(trees: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("packages") / "dist"
    assert packages.main([str(trees), str(folder), "--quick"]) == 0
    return folder


@pytest.fixture(scope="session")
def core(dist: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The core package, unpacked, control files in DEBIAN."""
    folder = tmp_path_factory.mktemp("core")
    run("dpkg-deb", "-R", dist / CORE, folder)
    return folder


@pytest.fixture(scope="session")
def voice(dist: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("voice")
    run("dpkg-deb", "-R", dist / VOICE, folder)
    return folder


def control(package: Path) -> dict[str, str]:
    text = (package / "DEBIAN" / "control").read_text(encoding="utf-8")
    return dict(re.findall(r"^([\w-]+): (.*(?:\n .*)*)$", text, re.MULTILINE))


def test_everything_is_made_and_nothing_else(dist: Path) -> None:
    made = {path.name for path in dist.iterdir()}
    assert made == {CORE, VOICE, TARBALL, VOICE_TARBALL, PAYLOAD, "SHA256SUMS"}
    assert "FAILED" not in run("sha256sum", "--check", "--strict", "SHA256SUMS", cwd=dist)


def test_the_core_installs_where_it_belongs(core: Path) -> None:
    program = core / "usr/lib/assistant-app/assistant-app"
    assert run(program, "one", "two") == "3 words\n"
    assert os.readlink(core / "usr/bin/assistant-app") == "../lib/assistant-app/assistant-app"
    assert (core / "usr/lib/assistant-app/_internal/assistant_app/resources/word.txt").is_file()
    for path in (
        "applications/assistant-app.desktop",
        "icons/hicolor/scalable/apps/assistant-app.svg",
        "icons/hicolor/128x128/apps/assistant-app.png",
        "metainfo/io.github.assistant_app.assistant.metainfo.xml",
        "man/man1/assistant-app.1.gz",
        "bash-completion/completions/assistant-app",
        "doc/assistant-app/copyright",
        "doc/assistant-app/changelog.gz",
    ):
        assert (core / "usr/share" / path).is_file(), path


def test_files_belong_to_root_and_have_the_modes_of_a_package(dist: Path) -> None:
    for line in run("dpkg-deb", "-c", dist / CORE).splitlines():
        mode, owner, *_rest = line.split()
        assert owner == "root/root", line
        assert mode in ("drwxr-xr-x", "-rw-r--r--", "-rwxr-xr-x", "lrwxrwxrwx"), line
        assert (mode == "-rwxr-xr-x") == line.endswith("/usr/lib/assistant-app/assistant-app"), line


def test_the_core_depends_on_what_it_needs(core: Path) -> None:
    fields = control(core)
    assert fields["Version"] == __version__ and fields["Architecture"] == "amd64"
    depends = fields["Depends"].split(", ")
    assert {"libzstd1", "libportaudio2", "libasound2t64 | libasound2"} <= set(depends)
    assert any(one.startswith("libc6 (>= 2.") for one in depends)
    assert any(one.startswith("fonts-") for one in depends)
    for wanted in ("fonts-noto-cjk", "speech-dispatcher", "gnome-keyring", "bubblewrap", "xdg-utils"):
        assert wanted in fields["Recommends"], wanted
    assert "assistant-app-voice" in fields["Suggests"] and "ffmpeg" in fields["Suggests"]


def test_what_the_distribution_keeps_safe_is_not_in_the_deb(core: Path, dist: Path) -> None:
    assert not (core / "usr/lib/assistant-app/_internal/libzstd.so.1").exists()
    with tarfile.open(dist / TARBALL) as archive:
        assert "assistant-app/_internal/libzstd.so.1" in archive.getnames()


def test_no_folder_of_the_build_machine_is_searched(core: Path) -> None:
    from linux_packages.elf import read_elf

    assert read_elf(core / "usr/lib/assistant-app/_internal/module.so").run_path == ()


def test_voice_belongs_to_exactly_one_version_of_the_core(voice: Path, core: Path) -> None:
    fields = control(voice)
    assert f"assistant-app (= {__version__})" in fields["Depends"].split(", ")
    assert fields["Enhances"] == "assistant-app"
    installed = voice / "usr/lib/assistant-app/voice"
    assert run(installed / "assistant-app-speech") == "1 words\n"
    assert {path.name for path in (voice / "usr/lib/assistant-app").iterdir()} == {"voice"}


def test_software_centres_show_voice_as_an_addition(voice: Path, core: Path) -> None:
    first, second = (
        ElementTree.parse(next((package / "usr/share/metainfo").glob("*.xml"))).getroot()
        for package in (core, voice)
    )
    assert second.get("type") == "addon" and second.findtext("extends") == first.findtext("id")
    if not shutil.which("appstreamcli"):
        pytest.skip("appstreamcli is not installed")
    for package in (core, voice):
        run("appstreamcli", "validate-tree", "--no-net", "--no-color", package)


def test_the_packages_have_no_file_in_common(voice: Path, core: Path) -> None:
    first, second = (
        {path.relative_to(package) for path in package.rglob("*") if path.is_symlink() or path.is_file()}
        for package in (voice / "usr", core / "usr")
    )
    assert first and second and not first & second


def test_links_of_voice_lead_into_the_core(voice: Path, core: Path, tmp_path: Path) -> None:
    for package in (core, voice):
        shutil.copytree(package / "usr", tmp_path / "usr", symlinks=True, dirs_exist_ok=True)
    internal = tmp_path / "usr/lib/assistant-app/voice/_internal"
    assert (internal / "libown.so.1").resolve() == tmp_path / "usr/lib/assistant-app/_internal/libown.so.1"
    assert [path for path in tmp_path.rglob("*") if path.is_symlink() and not path.exists()] == []


@pytest.mark.parametrize("name", ["core", "voice"])
def test_sums_and_size_are_those_of_the_files(name: str, request: pytest.FixtureRequest) -> None:
    package: Path = request.getfixturevalue(name)
    sums = dict(
        reversed(line.split("  ", 1))
        for line in (package / "DEBIAN/md5sums").read_text(encoding="utf-8").splitlines()
    )
    files = [path for path in (package / "usr").rglob("*") if path.is_file() and not path.is_symlink()]
    assert sums == {
        str(path.relative_to(package)): hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest()
        for path in files
    }
    assert int(control(package)["Installed-Size"]) * 1024 >= sum(path.stat().st_size for path in files)


@pytest.mark.parametrize(("language", "word"), [("C.UTF-8", "stay in"), ("zh_CN.UTF-8", "会保留在")])
def test_purging_says_where_the_data_stays(core: Path, language: str, word: str) -> None:
    script = core / "DEBIAN/postrm"
    said = run("sh", script, "purge", env={"LC_ALL": language})
    assert word in said and "~/.local/share/assistant-app" in said and said.count("\n") == 1
    for action in ("remove", "upgrade", "failed-upgrade", "abort-install"):
        assert run("sh", script, action) == ""


def test_lintian_has_nothing_to_say(dist: Path) -> None:
    if not shutil.which("lintian"):
        pytest.skip("lintian is not installed")
    command = ["lintian", "--allow-root", "--fail-on", "error,warning", "--tag-display-limit", "0"]
    said = run(*command, dist / CORE, dist / VOICE)
    assert said == ""


def test_every_override_of_lintian_has_its_reason() -> None:
    for path in sorted(LINUX.glob("*.lintian-overrides")):
        for paragraph in path.read_text(encoding="utf-8").strip().split("\n\n"):
            assert paragraph.startswith("# "), f"{path.name}: {paragraph}"


def test_the_desktop_file_is_valid(core: Path) -> None:
    path = core / "usr/share/applications/assistant-app.desktop"
    text = path.read_text(encoding="utf-8")
    assert "Exec=assistant-app %u\n" in text and "MimeType=x-scheme-handler/assistant-app;\n" in text
    if not shutil.which("desktop-file-validate"):
        pytest.skip("desktop-file-validate is not installed")
    assert run("desktop-file-validate", "--warn-kde", path) == ""


def test_a_tarball_is_the_same_every_time(trees: Path, dist: Path, tmp_path: Path) -> None:
    release = current_release()
    Build(trees, tmp_path / "again", tmp_path / "work", release, quick=True).run()
    for name in (CORE, VOICE, TARBALL, VOICE_TARBALL, PAYLOAD):
        assert (tmp_path / "again" / name).read_bytes() == (dist / name).read_bytes(), name


def test_the_tarballs_unpack_into_one_folder(dist: Path, tmp_path: Path) -> None:
    for name in (TARBALL, VOICE_TARBALL):
        with lzma.open(dist / name) as stream, tarfile.open(fileobj=stream) as archive:
            members = archive.getmembers()
            assert {member.name.partition("/")[0] for member in members} == {"assistant-app"}
            assert {(member.uid, member.gid) for member in members} == {(0, 0)}
            assert [member.name for member in members] == sorted(
                (member.name for member in members), key=lambda name: name.split("/")
            )
            archive.extractall(tmp_path, filter="tar")
    folder = tmp_path / "assistant-app"
    assert run(folder / "assistant-app", "one") == "2 words\n"
    assert run(folder / "voice/assistant-app-speech") == "1 words\n"
    assert re.search(r"glibc 2\.\d+ or later", (folder / "README.txt").read_text(encoding="utf-8"))
    assert (folder / "share/doc/assistant-app/copyright").is_file()
    assert (folder / "share/doc/assistant-app-voice/copyright").is_file()
    licences = {path.name for path in (folder / "share/doc/assistant-app/licences").iterdir()}
    assert {"Apache-2.0", "LGPL-2.1", "libzstd1.copyright"} <= licences, "of libzstd.so.1, which is packed"
    assert [path for path in folder.rglob("*") if path.is_symlink() and not path.exists()] == []


def test_the_app_image_starts_what_it_holds(dist: Path, tmp_path: Path) -> None:
    if not shutil.which("unsquashfs"):
        pytest.skip("unsquashfs is not installed")
    folder = tmp_path / "AppDir"
    run("unsquashfs", "-no-progress", "-dest", folder, dist / PAYLOAD)
    link = tmp_path / "link"
    link.symlink_to(folder / "AppRun")
    assert run(link, "one", "two words") == "3 words\n"
    assert run(folder / "usr/lib/assistant-app/voice/assistant-app-speech") == "1 words\n"
    names = {path.name for path in folder.iterdir()}
    assert names == {"AppRun", ".DirIcon", "assistant-app.desktop", "assistant-app.svg", "usr"}
    assert (folder / ".DirIcon").read_bytes().startswith(b"\x89PNG")
    assert (folder / "usr/share/doc/assistant-app/licences/LGPL-3").is_file()


def test_a_missing_library_stops_the_making(
    trees: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = tmp_path / "broken"
    shutil.copytree(trees, broken, symlinks=True)
    (broken / "assistant-app/_internal/libown.so.1").unlink()
    assert packages.main([str(broken), str(tmp_path / "dist"), "--quick"]) == 1
    assert "_internal/module.so needs libown.so.1" in capsys.readouterr().err


def test_without_a_frozen_tree_one_sentence_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert packages.main([str(tmp_path / "nothing"), str(tmp_path / "dist")]) == 1
    said = capsys.readouterr().err
    assert "is missing: freeze the application first" in said and said.count("\n") == 1


def test_a_version_before_a_release_is_sorted_before_it(trees: Path, tmp_path: Path) -> None:
    release = Release("0.2.0rc1", 1_800_000_000)
    made = Build(trees, tmp_path / "dist", tmp_path / "work", release, quick=True).run()
    package = tmp_path / "dist" / "assistant-app_0.2.0rc1_amd64.deb"
    assert package in made
    assert run("dpkg-deb", "-f", package, "Version") == "0.2.0~rc1\n"
