"""Runs the benchmarks and prints one table: `python -m tests.benchmarks.run [NAME …]`."""

import argparse
import importlib
import os
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from tests.benchmarks.table import Row, render, save

# Name, module, function. Modules are imported one at a time, for some need the engine and some a window.
BENCHMARKS = (
    ("speed", "bench_engine", "speed"),
    ("turns", "bench_turns", "turns"),
    ("window", "bench_window", "window"),
    ("stall", "bench_transcript", "stall"),
    ("busy", "bench_engine", "busy"),
    ("stop", "bench_engine", "stop"),
    ("long", "bench_engine", "long_answer"),
    ("many", "bench_window", "many_conversations"),
    ("voice-pane", "bench_voice_pane", "voice_pane"),
    ("capture", "bench_capture", "capture"),
    ("talk", "bench_talk", "talk"),
    ("speech", "bench_speech", "speech_time"),
    ("words", "bench_speech", "speech_words"),
    ("feed", "bench_speech", "speech_feed"),
    ("aloud", "bench_voice", "aloud"),
    ("talk-command", "bench_talk_command", "talk_command"),
)
RESULT = Path(__file__).resolve().parent.parent.parent / "build" / "bench.json"


def main() -> int:
    """Run all or the named ones; return 1 when a goal was missed and --strict was given."""
    names = [name for name, _module, _function in BENCHMARKS]
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", nargs="*", choices=[*names, []], help=f"one of {', '.join(names)}; none: all")
    parser.add_argument("--strict", action="store_true", help="exit with 1 when a goal was missed")
    options = parser.parse_args()
    load = os.getloadavg()[0]
    if load > 0.5:
        print(f"Other work is running (load {load:.1f}); the figures will be worse for it.", file=sys.stderr)
    rows: list[Row] = []
    for name, module, function in BENCHMARKS:
        if options.name and name not in options.name:
            continue
        print(f"{name} …", end=" ", file=sys.stderr, flush=True)
        began = time.monotonic()
        measure: Callable[[], Iterable[Row]] = getattr(
            importlib.import_module(f"tests.benchmarks.{module}"), function
        )
        rows.extend(measure())
        print(f"{time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)
    print(render(rows))
    save(rows, RESULT)
    return 1 if options.strict and not all(row.met for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
