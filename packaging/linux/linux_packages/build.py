"""From two frozen trees to everything that is offered for Linux."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from time import monotonic

from linux_packages import archives, debs
from linux_packages.changes import Changes, read_changes
from linux_packages.commands import Command, application_commands
from linux_packages.components import components
from linux_packages.icons import SOURCE as ICON
from linux_packages.libraries import Form, broken_links, needed_glibc
from linux_packages.notices import copyright_file, licences_of_system_libraries, well_known
from linux_packages.product import LINUX, NAME, VOICE, Release
from linux_packages.share import write_documents, write_share, write_text, write_voice_share
from linux_packages.stage import set_modes, stage

PROGRAMS = {NAME: NAME, VOICE: "assistant-app-speech"}
"""Frozen tree, which has the name of its package, to the program in it."""


@dataclass(frozen=True)
class Build:
    """One making of all packages. `trees` holds a folder for each key of PROGRAMS."""

    trees: Path
    dist: Path
    work: Path
    """A folder for what lies between; it is emptied."""
    release: Release
    quick: bool = False

    def run(self) -> list[Path]:
        """Make everything; return the files, the checksums last.

        Raises OSError, ValueError when a library is missing, subprocess.CalledProcessError.
        """
        shutil.rmtree(self.work, ignore_errors=True)
        self.work.mkdir(parents=True)
        self.dist.mkdir(parents=True, exist_ok=True)
        made = [*self._debs(), *self._tarballs(), self._app_image()]
        sums = self.dist / "SHA256SUMS"
        archives.write_checksums(made, sums)
        shutil.rmtree(self.work)
        return [*made, sums]

    @cached_property
    def _changes(self) -> list[Changes]:
        return read_changes(self.release)

    @cached_property
    def _commands(self) -> list[Command]:
        return application_commands()

    @cached_property
    def _notices(self) -> dict[str, str]:
        """The copyright file of each package."""
        return {
            name: copyright_file(self.trees / name, components(self.trees / name, program), self.release)
            for name, program in PROGRAMS.items()
        }

    def _debs(self) -> list[Path]:
        made = []
        for package in (debs.core_package(), debs.voice_package(self.release)):
            root = self.work / "deb" / package.name
            share = root / "usr" / "share"
            program = self._install(package.name, root / "usr" / "lib" / NAME, share, "deb")
            if package.name == NAME:
                link = root / "usr" / "bin" / NAME
                link.parent.mkdir()
                link.symlink_to(f"../lib/{NAME}/{NAME}")
            target = self.dist / f"{package.name}_{self.release.version}_{debs.ARCHITECTURE}.deb"
            with _timed(target):
                packing = debs.QUICK if self.quick else debs.BEST
                debs.build_deb(package, root, program, self.release, target, packing)
            made.append(target)
        return made

    def _tarballs(self) -> list[Path]:
        made = []
        for name in PROGRAMS:
            top = self.work / "tar" / name / NAME
            program = self._install(name, top, top / "share", "portable")
            if name == NAME:
                text = (LINUX / "tarball-readme.txt").read_text(encoding="utf-8")
                write_text(top / "README.txt", text.replace("@GLIBC@", needed_glibc(program)))
            set_modes(top)
            target = self.dist / f"{name}-{self.release.version}-linux-x86_64.tar.xz"
            with _timed(target):
                archives.build_tarball(top, target, self.release, quick=self.quick)
            made.append(target)
        return made

    def _app_image(self) -> Path:
        """Pack what becomes an AppImage when a runtime is put before it."""
        folder = self.work / "AppDir"
        share = folder / "usr" / "share"
        for name in PROGRAMS:
            self._install(name, folder / "usr" / "lib" / NAME, share, "portable")
        shutil.copyfile(LINUX / "AppRun", folder / "AppRun")
        (folder / "AppRun").chmod(0o755)
        shutil.copyfile(share / "applications" / f"{NAME}.desktop", folder / f"{NAME}.desktop")
        shutil.copyfile(ICON, folder / f"{NAME}.svg")
        shutil.copyfile(share / "icons/hicolor/256x256/apps" / f"{NAME}.png", folder / ".DirIcon")
        set_modes(folder)
        target = self.dist / f"{NAME}-{self.release.version}-linux-x86_64.squashfs"
        with _timed(target):
            archives.build_squashfs(folder, target, self.release, quick=self.quick)
        return target

    def _install(self, name: str, application: Path, share: Path, form: Form) -> Path:
        """Put a frozen tree and what goes with it where it belongs; return where the tree is."""
        staged = self.work / "staged" / form / name
        if not staged.exists():
            stage(self.trees / name, staged, PROGRAMS[name], form)
        program = application / "voice" if name == VOICE else application
        broken = broken_links(staged, self.work / "staged" / form / NAME)
        if broken:
            raise ValueError("links lead nowhere: " + ", ".join(broken))
        shutil.copytree(staged, program, symlinks=True, dirs_exist_ok=True, copy_function=os.link)
        if name == VOICE:
            write_voice_share(share)
        else:
            write_share(share, self.release, self._changes, self._commands)
        write_documents(share / "doc" / name, self._notices[name], self._changes)
        if form == "portable":
            _licences(staged, share / "doc" / name / "licences")
        return program


def _licences(tree: Path, folder: Path) -> None:
    """Add the texts that Debian has in other places to a package that is unpacked elsewhere too."""
    folder.mkdir()
    for path in well_known():
        shutil.copyfile(path, folder / path.name)
    for package, path in licences_of_system_libraries(tree).items():
        shutil.copyfile(path, folder / f"{package}.copyright")


@contextmanager
def _timed(target: Path) -> Iterator[None]:
    start = monotonic()
    yield
    print(f"{target.name}: {target.stat().st_size / 1e6:.1f} MB in {monotonic() - start:.0f} s", flush=True)
