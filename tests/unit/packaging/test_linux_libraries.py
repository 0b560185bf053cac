"""What is packed, what the system provides, and that nothing is missing: asked of real ELF files."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.fixtures.frozen_trees import compile_c, frozen_trees, library

from linux_packages.elf import NotElf, forget_run_path, read_elf  # isort: skip
from linux_packages.libraries import (  # isort: skip
    broken_links,
    dependencies,
    leave_out,
    left_out,
    missing_libraries,
    system_libraries,
)


@pytest.fixture
def core(tmp_path: Path) -> Path:
    return frozen_trees(tmp_path / "trees") / "assistant-app"


def test_an_elf_file_says_what_it_is_and_needs(tmp_path: Path) -> None:
    first = library(tmp_path / "libfirst.so.1")
    body = 'extern int puts(const char *); puts("");'
    where = "$ORIGIN:$ORIGIN/more"
    second = library(tmp_path / "libsecond.so.2", needs=[first], run_path=where, body=body)
    elf = read_elf(second)
    assert elf.soname == "libsecond.so.2"
    assert elf.needed[0] == "libfirst.so.1" and "libc.so.6" in elf.needed
    assert elf.run_path == ("$ORIGIN", "$ORIGIN/more")
    assert any(version.startswith("GLIBC_2.") for version in elf.versions["libc.so.6"])


def test_it_says_the_same_as_readelf(tmp_path: Path) -> None:
    if not shutil.which("readelf"):
        pytest.skip("readelf is not installed")
    path = Path(os.__file__).parent / "lib-dynload"
    for module in sorted(path.glob("_[bs]*.so")):
        said = subprocess.run(["readelf", "-dW", module], capture_output=True, text=True, check=True).stdout
        needed = [line.split("[")[1].rstrip("]") for line in said.splitlines() if "(NEEDED)" in line]
        assert list(read_elf(module).needed) == needed


def test_a_damaged_file_is_told_from_a_whole_one(tmp_path: Path) -> None:
    path = tmp_path / "damaged.so"
    path.write_bytes(library(tmp_path / "libwhole.so").read_bytes()[:200])
    with pytest.raises(NotElf, match=r"damaged\.so"):
        read_elf(path)


def test_folders_of_the_build_machine_are_forgotten(tmp_path: Path) -> None:
    first = library(tmp_path / "lib" / "libfirst.so.1")
    main = "int libfirst(void); int main(void) { return libfirst() == 1 ? 0 : 1; }"
    options = (f"-L{first.parent}", "-l:libfirst.so.1", f"-Wl,-rpath,{first.parent}")
    program = compile_c(tmp_path / "program", main, *options)
    assert subprocess.run([program], check=False).returncode == 0

    assert forget_run_path(program)
    assert read_elf(program).run_path == ()
    assert read_elf(program).needed[0] == "libfirst.so.1"
    assert subprocess.run([program], check=False, capture_output=True).returncode == 127
    found = os.environ | {"LD_LIBRARY_PATH": str(first.parent)}
    assert subprocess.run([program], check=False, env=found).returncode == 0


def test_folders_that_count_from_the_file_stay(tmp_path: Path) -> None:
    path = library(tmp_path / "libfirst.so.1", run_path="$ORIGIN/../lib")
    assert not forget_run_path(path)
    assert read_elf(path).run_path == ("$ORIGIN/../lib",)


def test_what_the_system_keeps_safe_is_left_out_of_the_deb_only(core: Path) -> None:
    assert leave_out(core, "portable") == []
    assert leave_out(core, "deb") == ["libzstd.so.1"]
    assert (core / "_internal" / "libown.so.1").is_file()
    assert missing_libraries(core) == []


def test_another_systems_c_library_is_never_packed() -> None:
    for name in ("libc.so.6", "libm.so.6", "libmvec.so.1", "libstdc++.so.6", "libgcc_s.so.1"):
        assert left_out(name, "portable"), name


def test_a_missing_library_is_found(core: Path) -> None:
    (core / "_internal" / "libown.so.1").unlink()
    missing = missing_libraries(core)
    assert [(one.file, one.soname) for one in missing] == [("_internal/module.so", "libown.so.1")]
    with pytest.raises(ValueError, match=r"module\.so needs libown\.so\.1"):
        dependencies(core)


def test_a_system_can_be_asked_instead_of_the_table(core: Path) -> None:
    leave_out(core, "deb")
    missing = missing_libraries(core, lambda soname: soname == "libc.so.6")
    assert [one.soname for one in missing] == ["libzstd.so.1"]


def test_a_plug_in_that_is_not_needed_may_miss_what_it_needs(core: Path) -> None:
    plug_in = core / "_internal" / "PySide6" / "Qt" / "plugins" / "platformthemes" / "libqgtk3.so"
    library(plug_in, needs=[core / "_internal" / "libown.so.1"])
    (core / "_internal" / "libown.so.1").rename(core.parent / "libgtk-4.so.1")
    assert {one.file for one in missing_libraries(core)} == {"_internal/module.so"}


def test_packages_follow_from_what_is_needed(core: Path) -> None:
    leave_out(core, "deb")
    needed = dependencies(core)
    assert "libzstd1" in needed
    libc = [one for one in needed if one.startswith("libc6")]
    assert len(libc) == 1 and libc[0].startswith("libc6 (>= 2.")


def test_voice_links_to_what_the_core_has(core: Path) -> None:
    voice = core.parent / "assistant-app-voice"
    assert broken_links(voice, core) == []
    (core / "_internal" / "libown.so.1").unlink()
    assert broken_links(voice, core) == ["_internal/libown.so.1"]


def test_every_line_of_the_table_names_packages() -> None:
    table = system_libraries()
    assert len(table) > 100
    for line in table.values():
        for package in line.packages.split(" | "):
            assert package == package.strip().lower() and " " not in package, line
