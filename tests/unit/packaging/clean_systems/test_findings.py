"""What the package test says: a sentence for each failure, a table, a file that programs can read."""

import io
import json
import subprocess
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest


@pytest.fixture
def report(parts: SimpleNamespace) -> Any:
    return parts.findings.Report("bookworm", progress=io.StringIO())


def test_what_holds_and_what_does_not(parts: SimpleNamespace, report: Any) -> None:
    with report.check("it installs") as check:
        check.detail = "version 1"
    with report.check("it answers"):
        raise parts.findings.Broken("The answer is wrong.")
    assert report.failures == ["bookworm, it answers: The answer is wrong."]
    said = report.progress.getvalue().splitlines()
    assert "ok" in said[0] and "it installs: version 1" in said[0]
    assert "BAD" in said[1] and "The answer is wrong." in said[1]


@pytest.mark.parametrize(
    ("fails", "said"),
    [
        (lambda: subprocess.run(["false"], check=True), "false ended with 1."),
        (lambda: subprocess.run(["sleep", "60"], timeout=0.01), "sleep 60 did not end within 0 s."),
        (lambda: pytest.fail("the answer: not within 60 s"), "the answer: not within 60 s"),
        (lambda: Path("/nonexistent/file").read_text(), "No such file"),
        (lambda: {}["name"], "KeyError: 'name'"),
    ],
)
def test_whatever_goes_wrong_in_a_check_is_one_sentence(report: Any, fails: Any, said: str) -> None:
    with report.check("it works"):
        fails()
    [failure] = report.failures
    assert said in failure
    assert "\n" not in failure


def test_an_interrupted_run_is_no_failed_check(report: Any) -> None:
    with pytest.raises(KeyboardInterrupt), report.check("it works"):
        raise KeyboardInterrupt


def test_goals_are_judged_and_fail_nothing(report: Any) -> None:
    report.figure("size", 71, "MB", most=70)
    report.figure("speed", 0.98, "×", least=0.97)
    report.figure("seconds", 3, "s")
    assert [figure.met for figure in report.figures] == [False, True, None]
    assert [figure.goal for figure in report.figures] == ["≤ 70 MB", "≥ 0.97 ×", ""]
    assert report.failures == []


def test_saved_report_is_read_again(parts: SimpleNamespace, report: Any, tmp_path: Path) -> None:
    with report.check("it answers"):
        raise parts.findings.Broken("The answer is wrong.")
    report.figure("size", 71, "MB", most=70)
    report.save(tmp_path / "out" / "report.json")
    values = json.loads((tmp_path / "out" / "report.json").read_text(encoding="utf-8"))
    assert values["passed"] is False
    assert values["failures"] == report.failures
    assert values["figures"][0]["met"] is False
    again = parts.findings.Report.load(tmp_path / "out" / "report.json")
    assert (again.checks, again.figures) == (report.checks, report.figures)


def test_suites_stand_beside_each_other(parts: SimpleNamespace, report: Any) -> None:
    with report.check("it installs"):
        pass
    report.figure("size", 68.25, "MB", most=70)
    other = parts.findings.Report("trixie", progress=None)
    with other.check("it installs"):
        raise parts.findings.Broken("It does not.")
    other.figure("size", 71, "MB", most=70)
    report.add(other)
    lines = report.tables().splitlines()
    assert lines[0].split() == ["check", "bookworm", "trixie"]
    assert lines[2].split() == ["it", "installs", "ok", "(0.0", "s)", "FAILED", "(0.0", "s)"]
    assert lines[-1].split() == ["size", "68.25", "MB", "71", "MB", "≤", "70", "MB", "NO"]
