"""llama-bench, the yardstick: built once from llama-cpp-python's source archive, so of the same llama.cpp."""

import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent.parent
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "assistant-app" / "bench"
CMAKE_OPTIONS = (
    "-DCMAKE_BUILD_TYPE=Release",
    "-DLLAMA_CURL=OFF",
    "-DLLAMA_OPENSSL=OFF",
    "-DLLAMA_BUILD_TESTS=OFF",
    "-DLLAMA_BUILD_EXAMPLES=OFF",
    "-DLLAMA_BUILD_SERVER=OFF",
)


def library_version() -> str:
    """Return the locked version of llama-cpp-python."""
    lock = (ROOT / "requirements" / "app.txt").read_text(encoding="utf-8")
    found = re.search(r"^llama-cpp-python==(\S+)", lock, re.MULTILINE)
    assert found is not None, "llama-cpp-python is not in the lock file"
    return found[1]


def program() -> Path:
    """Return llama-bench, compiling it (some minutes) when it is not in the cache."""
    folder = CACHE / f"llama-bench-{library_version()}"
    if not (folder / "llama-bench").exists():
        print("Building llama-bench, about five minutes, once.", file=sys.stderr, flush=True)
        with tempfile.TemporaryDirectory(dir=_made(CACHE)) as work:
            _build(Path(work), folder)
    return folder / "llama-bench"


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _build(work: Path, folder: Path) -> None:
    package = f"llama-cpp-python=={library_version()}"
    pip = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--no-binary", "llama-cpp-python"]
    subprocess.run([*pip, package, "-d", str(work)], check=True)
    with tarfile.open(next(work.glob("*.tar.gz"))) as archive:
        archive.extractall(work, filter="data")
    source = next(work.glob("llama_cpp_python-*/vendor/llama.cpp"))
    tools = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": tools}
    build = work / "build"
    commands = (
        ["cmake", "-S", str(source), "-B", str(build), "-G", "Ninja", *CMAKE_OPTIONS],
        ["cmake", "--build", str(build), "--target", "llama-bench"],
    )
    for command in commands:
        subprocess.run(["nice", *command], check=True, env=environment, stdout=subprocess.DEVNULL)
    shutil.copytree(build / "bin", folder, dirs_exist_ok=True)


def run(model: Path, *, threads: int, **options: int) -> list[dict[str, Any]]:
    """Run llama-bench with its one-letter options (p, n, d, r) and return its results."""
    path = program()
    command = [str(path), "-m", str(model), "-t", str(threads), "-o", "json"]
    for name, value in options.items():
        command += [f"-{name}", str(value)]
    environment: Mapping[str, str] = {**os.environ, "LD_LIBRARY_PATH": str(path.parent)}
    done = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
    results: list[dict[str, Any]] = json.loads(done.stdout)
    return results


def prompt_speed(model: Path, *, threads: int, tokens: int) -> float:
    """Return tokens per second of reading a prompt."""
    return float(run(model, threads=threads, p=tokens, n=0, r=1)[0]["avg_ts"])


def generation_speed(model: Path, *, threads: int, tokens: int, depth: int = 0) -> float:
    """Return tokens per second of writing, with `depth` tokens already in the context."""
    return float(run(model, threads=threads, p=0, n=tokens, d=depth, r=1)[0]["avg_ts"])


def model() -> Path:
    """Return a model of about 350 million random parameters, Q4_K_M, making it (half a minute) if need be."""
    from tests.fixtures.tiny_gguf import make_benchmark_gguf

    path = CACHE / "random-350m-q4_k_m.gguf"
    if not path.exists():
        _made(CACHE)
        partial = path.with_suffix(".part")
        make_benchmark_gguf(partial)
        partial.rename(path)
    return path
