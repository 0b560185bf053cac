"""What the package test found: checks that hold or not, figures with their goals; as JSON and as tables."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, TextIO

LONGEST_REASON = 400


class Broken(Exception):
    """Something does not hold; its text is the sentence that people read."""


@dataclass(slots=True)
class Check:
    """One thing that must hold. `sentence` says why it does not; `detail` what was seen when it does."""

    suite: str
    name: str
    ok: bool = True
    sentence: str = ""
    detail: str = ""
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Figure:
    """Something measured. `most` and `least` are the goal, where there is one; a goal fails no test."""

    suite: str
    name: str
    value: float
    unit: str
    most: float | None = None
    least: float | None = None

    @property
    def met(self) -> bool | None:
        """Whether the goal was reached; None: there is none."""
        if self.most is None and self.least is None:
            return None
        return (self.most is None or self.value <= self.most) and (
            self.least is None or self.value >= self.least
        )

    @property
    def goal(self) -> str:
        """The goal for people, for instance "≤ 70 MB"."""
        if self.most is not None:
            return f"≤ {self.most:g} {self.unit}".rstrip()
        return f"≥ {self.least:g} {self.unit}".rstrip() if self.least is not None else ""


@dataclass(slots=True)
class Report:
    """All checks and figures so far. Says each check on `progress` as it ends."""

    suite: str = ""
    checks: list[Check] = field(default_factory=list)
    figures: list[Figure] = field(default_factory=list)
    progress: TextIO | None = field(default_factory=lambda: sys.stderr)

    @contextmanager
    def check(self, name: str) -> Iterator[Check]:
        """Run what proves something; what it raises becomes the check's sentence and goes no further."""
        made = Check(self.suite, name)
        began = time.monotonic()
        try:
            yield made
        except BaseException as error:
            reason = reason_of(error)
            if reason is None:
                raise
            made.ok, made.sentence = False, reason
        finally:
            made.seconds = round(time.monotonic() - began, 2)
            self.checks.append(made)
            self._say(made)

    def figure(
        self, name: str, value: float, unit: str, *, most: float | None = None, least: float | None = None
    ) -> None:
        """Note something measured."""
        self.figures.append(Figure(self.suite, name, round(value, 3), unit, most, least))

    def _say(self, check: Check) -> None:
        if self.progress is None:
            return
        rest = check.detail if check.ok else check.sentence
        mark = "ok " if check.ok else "BAD"
        line = f"{check.suite or 'packages':9} {mark} {check.seconds:6.1f} s  {check.name}"
        print(f"{line}: {rest}" if rest else line, file=self.progress, flush=True)

    @property
    def failures(self) -> list[str]:
        """One sentence for each check that does not hold."""
        return [
            f"{check.suite + ', ' if check.suite else ''}{check.name}: {check.sentence}"
            for check in self.checks
            if not check.ok
        ]

    def add(self, other: "Report") -> None:
        """Take over what another report holds."""
        self.checks += other.checks
        self.figures += other.figures

    # --- as a file
    def values(self) -> dict[str, Any]:
        """Return everything as values of JSON."""
        return {
            "passed": not self.failures,
            "failures": self.failures,
            "checks": [asdict(check) for check in self.checks],
            "figures": [
                {**asdict(figure), "goal": figure.goal, "met": figure.met} for figure in self.figures
            ],
        }

    def save(self, path: Path) -> None:
        """Write the values as a JSON file."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(self.values(), ensure_ascii=False, indent=1), encoding="utf-8")

    @classmethod
    def load(cls, path: Path) -> "Report":
        """Read what `save` wrote. Raises OSError and ValueError."""
        values = json.loads(path.read_text(encoding="utf-8"))
        figures = [
            Figure(**{name: text for name, text in figure.items() if name not in {"goal", "met"}})
            for figure in values["figures"]
        ]
        return cls(checks=[Check(**check) for check in values["checks"]], figures=figures)

    # --- for people
    def tables(self) -> str:
        """Return the checks and the figures as two tables, suites beside each other."""
        suites = list(dict.fromkeys([c.suite for c in self.checks] + [f.suite for f in self.figures]))
        heads = [suite or "packages" for suite in suites]
        checks = {(check.name, check.suite): check for check in self.checks}
        names = list(dict.fromkeys(check.name for check in self.checks))
        lines = [["check", *heads]]
        for name in names:
            found = [checks.get((name, suite)) for suite in suites]
            lines.append([name, *(_verdict(check) for check in found)])
        figures = {(figure.name, figure.suite): figure for figure in self.figures}
        numbers = [["figure", *heads, "goal", "met"]]
        for name in dict.fromkeys(figure.name for figure in self.figures):
            row = [figures.get((name, suite)) for suite in suites]
            known = [figure for figure in row if figure]
            met = [figure.met for figure in known if figure.met is not None]
            values = [f"{figure.value:g} {figure.unit}".rstrip() if figure else "" for figure in row]
            verdict = "" if not met else "yes" if all(met) else "NO"
            numbers.append([name, *values, known[0].goal, verdict])
        return f"{aligned(lines)}\n\n{aligned(numbers)}"


def _verdict(check: Check | None) -> str:
    if check is None:
        return ""
    return f"{'ok' if check.ok else 'FAILED'} ({check.seconds:.1f} s)"


def aligned(lines: Sequence[Sequence[str]]) -> str:
    """Return lines of cells as text in columns, the first line underlined."""
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    texts = [
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    ]
    texts.insert(1, "  ".join("-" * width for width in widths))
    return "\n".join(texts)


def reason_of(error: BaseException) -> str | None:
    """Return why a check failed as one sentence; None for what is no failure of a check."""
    if isinstance(error, Broken):
        return str(error)
    if isinstance(error, subprocess.TimeoutExpired):
        return f"{_words(error.cmd)} did not end within {error.timeout:.0f} s."
    if isinstance(error, subprocess.CalledProcessError):
        said = error.stderr or error.output or ""
        return f"{_words(error.cmd)} ended with {error.returncode}{_said(said)}."
    # What the parts shared with the tests raise: `assert`, and pytest.fail, which is no Exception.
    if isinstance(error, AssertionError) or type(error).__name__ == "Failed":
        return _shortened(str(error)) or "An expectation without a text was not met."
    if isinstance(error, (OSError, ValueError, LookupError)):
        return f"{type(error).__name__}: {_shortened(str(error))}"
    return None


def _words(command: Any) -> str:
    return command if isinstance(command, str) else " ".join(str(word) for word in command)


def _said(output: str | bytes) -> str:
    text = output.decode(errors="replace") if isinstance(output, bytes) else output
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return f": {_shortened(lines[-1]).rstrip('.')}" if lines else ""


def _shortened(text: str) -> str:
    one_line = " ".join(text.split())
    return one_line if len(one_line) <= LONGEST_REASON else one_line[: LONGEST_REASON - 1] + "…"
