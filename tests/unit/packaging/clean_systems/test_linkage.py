"""A library that is missing is noticed, with real programs, a real linker and the real ldd."""

import os
import subprocess
from pathlib import Path
from types import SimpleNamespace

import pytest


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A program that needs libinner.so, which needs libdeep.so; the program finds them beside itself."""
    private = tmp_path / "tree" / "_internal"
    private.mkdir(parents=True)
    for name, text, needs in (
        ("libdeep.so", "int deep(void) { return 1; }", []),
        ("libinner.so", "int deep(void); int inner(void) { return deep(); }", ["-ldeep"]),
        ("program", "int inner(void); int main(void) { return inner(); }", ["-linner"]),
    ):
        source = tmp_path / f"{name}.c"
        source.write_text(text)
        shared = [] if name == "program" else ["-shared", "-fPIC"]
        where = tmp_path / "tree" / name if name == "program" else private / name
        command = ["g++", "-x", "c", *shared, "-o", where, source, f"-L{private}", *needs]
        subprocess.run([*command, f"-Wl,-rpath-link,{private}"], check=True)
    return tmp_path / "tree"


def _missing(parts: SimpleNamespace, tree: Path) -> list[tuple[str, str]]:
    files = [str(path) for path in parts.linkage.elf_files(tree)]
    environment = {**os.environ, "LD_LIBRARY_PATH": str(tree / "_internal"), "LC_ALL": "C.UTF-8"}
    command = ["ldd", *files, "/usr/bin/env"]
    done = subprocess.run(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    return [(item.library, Path(item.file).name) for item in parts.linkage.missing_in(done.stdout)]


def test_whole_tree_misses_nothing(parts: SimpleNamespace, tree: Path) -> None:
    assert _missing(parts, tree) == []


def test_library_taken_away_is_missed_by_all_that_need_it(parts: SimpleNamespace, tree: Path) -> None:
    (tree / "_internal" / "libdeep.so").unlink()
    assert _missing(parts, tree) == [("libdeep.so", "libinner.so"), ("libdeep.so", "program")]


def test_programs_and_libraries_are_found_by_what_they_are(parts: SimpleNamespace, tree: Path) -> None:
    (tree / "link.so").symlink_to("program")
    (tree / "text.so").write_text("not a library")
    found = [path.name for path in parts.linkage.elf_files(tree)]
    assert found == ["libdeep.so", "libinner.so", "program"]


def test_version_of_a_library_that_is_too_old_counts_as_missing(parts: SimpleNamespace) -> None:
    output = """\
/opt/a: /lib/x86_64-linux-gnu/libc.so.6: version `GLIBC_2.99' not found (required by /opt/libb.so)
/opt/a:
\tlinux-vdso.so.1 (0x00007ffd)
\tlibb.so => /opt/libb.so (0x00007f00)
/usr/bin/env:
\tlibc.so.6 => /lib/x86_64-linux-gnu/libc.so.6 (0x00007f00)
"""
    [missing] = parts.linkage.missing_in(output)
    assert (missing.library, missing.file) == ("libc.so.6 (GLIBC_2.99)", "/opt/libb.so")


def test_one_sentence_names_each_library_once(parts: SimpleNamespace) -> None:
    items = [parts.linkage.Missing("liba.so", name) for name in ("/opt/x", "/opt/y")]
    assert parts.linkage.sentence([]) == ""
    assert parts.linkage.sentence(items) == (
        "A library is missing: liba.so (needed by /opt/x and 1 more)."
    )
    items.append(parts.linkage.Missing("libb.so", "/opt/z"))
    assert parts.linkage.sentence(items) == (
        "2 libraries are missing: liba.so (needed by /opt/x and 1 more), libb.so (needed by /opt/z)."
    )
