"""Sets up what a Windows or macOS machine needs to make packages: `environment.py test|package|wheel`.

What scripts/setup.sh does on Linux, without apt and bash: a virtual environment with the exact versions and
hashes of requirements/, and llama.cpp compiled once with support for every processor of the platform.
`--wheels` is the folder that keeps its wheel between runs; `--key` prints what the wheel depends on, for the
name of a cache.
"""

import argparse
import hashlib
import os
import re
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LLAMA = "llama-cpp-python"

ENVIRONMENTS = {
    "test": (Path(".venv"), "dev", False),
    "package": (Path("build/package/venv"), "package", True),
}
"""For each purpose: the folder, the lock file, and whether speech recognition belongs to it."""

WHEEL = "wheel"
"""The purpose of which only llama.cpp's wheel is made, to be kept."""

_EVERYWHERE = ["-DGGML_NATIVE=OFF", "-DLLAMA_OPENSSL=OFF", "-DLLAMA_CURL=OFF"]
_OPTIONS = {
    # A library for each kind of processor beside libllama, of which llama.cpp opens the best. Without OpenMP,
    # whose library is a part of the Visual C++ runtime that many computers lack.
    "win32": [
        "-DGGML_BACKEND_DL=ON",
        "-DGGML_CPU_ALL_VARIANTS=ON",
        "-DGGML_OPENMP=OFF",
        "-DCMAKE_INSTALL_BINDIR=llama_cpp/lib",
        "-DCMAKE_INSTALL_LIBDIR=llama_cpp/lib",
    ],
    # One library: every Apple processor has dot products and half precision. Metal's program is inside it.
    "darwin": [
        "-DGGML_METAL=ON",
        "-DGGML_METAL_EMBED_LIBRARY=ON",
        "-DGGML_CPU_ARM_ARCH=armv8.2-a+dotprod+fp16",
        "-DCMAKE_OSX_ARCHITECTURES=arm64",
        "-DCMAKE_OSX_DEPLOYMENT_TARGET=14.0",
    ],
}


def cmake_options(platform: str) -> list[str]:
    """Return how llama.cpp is built on a platform (a value of sys.platform). Raises SystemExit elsewhere."""
    if platform not in _OPTIONS:
        sys.exit("This sets up Windows and macOS; on Linux: scripts/setup.sh package.")
    return _EVERYWHERE + _OPTIONS[platform]


def locked(name: str, lock: str) -> str:
    """Return the entry of a package in a lock file: version and hashes. Raises SystemExit without one."""
    found = re.search(rf"^{re.escape(name)}==[^\\\n]*(?:\\\n[^\\\n]*)*$", lock, re.MULTILINE)
    if found is None:
        sys.exit(f"{name} is in none of the lines of the lock file.")
    return found[0]


def wheel_key(platform: str, lock: str) -> str:
    """Return what the wheel of llama.cpp depends on: version, how it is built, Python."""
    version = locked(LLAMA, lock).split("==")[1].split()[0]
    built = hashlib.sha256(" ".join(cmake_options(platform)).encode()).hexdigest()[:12]
    return f"{version}-{platform}-{built}-cp{sys.version_info[0]}{sys.version_info[1]}"


def torch_version(project: str) -> str:
    """Return the exact version of torch from the text of pyproject.toml. Raises SystemExit without one."""
    found = re.search(r'"torch==([0-9.]+)"', project)
    if found is None:
        sys.exit("pyproject.toml does not name a version of torch.")
    return found[1]


def python_of(environment: Path, platform: str) -> Path:
    """Return the interpreter of a virtual environment."""
    return environment / ("Scripts/python.exe" if platform == "win32" else "bin/python")


def make(purpose: str, wheels: Path) -> None:
    """Create the environment. Raises subprocess.CalledProcessError when a step fails."""
    if purpose == WHEEL:
        with tempfile.TemporaryDirectory() as folder_of_builder:
            _llama_wheel(_python_in(Path(folder_of_builder)), wheels)
        return
    folder, lock, voice = ENVIRONMENTS[purpose]
    python = _python_in(ROOT / folder)
    _pip(python, "--no-deps", str(_llama_wheel(python, wheels)))
    _pip(python, "--require-hashes", "-r", str(ROOT / "requirements" / f"{lock}.txt"))
    _pip(python, "--no-deps", "--editable", str(ROOT))
    if voice:
        _pip(python, "--no-deps", "--require-hashes", "-r", str(ROOT / "requirements" / "voice.txt"))
        # PyPI's build for Windows and macOS is the one for processors; what it needs is in voice.txt.
        _pip(python, "--no-deps", f"torch=={torch_version(_text('pyproject.toml'))}")


def _python_in(environment: Path) -> Path:
    venv.create(environment, with_pip=True, clear=True)
    return python_of(environment, sys.platform)


def _llama_wheel(python: Path, wheels: Path) -> Path:
    wheels.mkdir(parents=True, exist_ok=True)
    built = sorted(wheels.glob("llama_cpp_python-*.whl"))
    if not built:
        entry = wheels / "llama.txt"
        entry.write_text(locked(LLAMA, _text("requirements/app.txt")) + "\n", encoding="utf-8")
        subprocess.run(
            [
                str(python), "-m", "pip", "wheel", "--no-cache-dir", "--no-deps", "--require-hashes",
                "-r", str(entry), "-w", str(wheels),
            ],
            env=os.environ | {"CMAKE_ARGS": " ".join(cmake_options(sys.platform))},
            check=True,
        )  # fmt: skip
        built = sorted(wheels.glob("llama_cpp_python-*.whl"))
    return built[-1]


def _pip(python: Path, *arguments: str) -> None:
    subprocess.run(
        [str(python), "-m", "pip", "install", "-q", "--disable-pip-version-check", *arguments], check=True
    )


def _text(path: str) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


def main() -> None:
    """Make an environment, or print the key of the wheel."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("purpose", nargs="?", choices=[*ENVIRONMENTS, WHEEL])
    parser.add_argument("--wheels", type=Path, default=ROOT / "build" / "package" / "wheels")
    parser.add_argument(
        "--key", action="store_true", help="print what the wheel depends on, and nothing else"
    )
    options = parser.parse_args()
    if options.key:
        print(wheel_key(sys.platform, _text("requirements/app.txt")))
    elif options.purpose:
        make(options.purpose, options.wheels)
    else:
        parser.error("name a purpose: test, package or wheel")


if __name__ == "__main__":
    main()
