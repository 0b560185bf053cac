"""The workflows of GitHub: every action pinned, every permission meant, every script there.

They run on GitHub only; what can be known of them without it is tested here.
"""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.fixtures.packaging_scripts import ROOT

WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
SCRIPT = re.compile(r"(?<![\w/])(?:\./)?((?:packaging|scripts)/[\w./-]+\.(?:py|sh|ps1|iss)|\.ci/run)\b")


def _load(file: Path) -> dict[str, Any]:
    # YAML 1.1 takes the key `on` for a truth value; nothing here depends on it.
    loaded: dict[str, Any] = yaml.safe_load(file.read_text(encoding="utf-8"))
    return loaded


def _jobs() -> list[Any]:
    return [
        pytest.param(job, id=f"{file.stem}-{name}")
        for file in WORKFLOWS
        for name, job in _load(file)["jobs"].items()
    ]


def _release() -> dict[str, Any]:
    jobs: dict[str, Any] = _load(ROOT / ".github" / "workflows" / "release.yml")["jobs"]
    return jobs


def _commands(job: dict[str, Any]) -> str:
    return "\n".join(step.get("run", "") for step in job["steps"])


def test_there_are_workflows_for_changes_wheels_and_releases() -> None:
    assert [file.stem for file in WORKFLOWS] == ["ci", "release", "wheels"]


@pytest.mark.parametrize("job", _jobs())
def test_every_action_is_pinned_to_a_commit_and_says_its_version(job: dict[str, Any]) -> None:
    for step in job["steps"]:
        if "uses" in step:
            assert re.fullmatch(r"[\w.-]+/[\w.-]+@[0-9a-f]{40}", step["uses"]), step["uses"]


def test_one_action_has_one_commit_and_its_version_beside_it() -> None:
    text = "\n".join(file.read_text(encoding="utf-8") for file in WORKFLOWS)
    pinned: dict[str, set[tuple[str, str]]] = {}
    for line in re.findall(r"uses: .*", text):
        found = re.fullmatch(r"uses: (\S+)@([0-9a-f]{40}) # (v\d+(?:\.\d+\.\d+)?)", line)
        assert found is not None, line
        pinned.setdefault(found[1], set()).add((found[2], found[3]))
    assert all(len(versions) == 1 for versions in pinned.values()), pinned


@pytest.mark.parametrize("file", WORKFLOWS, ids=lambda file: file.stem)
def test_no_job_has_a_permission_by_default(file: Path) -> None:
    workflow = _load(file)
    assert workflow["permissions"] == {}
    assert all("permissions" in job for job in workflow["jobs"].values())


def test_only_the_draft_may_write_and_only_the_attestation_may_sign() -> None:
    writers = {
        (name, scope)
        for name, job in _release().items()
        for scope, access in job["permissions"].items()
        if access == "write"
    }
    assert writers == {("attest", "id-token"), ("attest", "attestations"), ("draft", "contents")}


def test_jobs_with_more_than_reading_or_with_secrets_wait_for_a_person() -> None:
    text = (ROOT / ".github" / "workflows" / "release.yml").read_text(encoding="utf-8")
    for name, job in _release().items():
        body = re.search(rf"^  {name}:\n(.*?)(?=^  \w|\Z)", text, re.MULTILINE | re.DOTALL)
        assert body is not None
        if "write" in job["permissions"].values() or "secrets." in body[1]:
            assert job.get("environment") in ("signing", "release"), name


@pytest.mark.parametrize("job", _jobs())
def test_no_job_runs_for_ever_or_keeps_the_token(job: dict[str, Any]) -> None:
    assert 0 < job["timeout-minutes"] <= 120
    for step in job["steps"]:
        if step.get("uses", "").startswith("actions/checkout@"):
            assert step["with"]["persist-credentials"] is False


@pytest.mark.parametrize("job", _jobs())
def test_no_command_is_made_of_what_others_may_write(job: dict[str, Any]) -> None:
    """A tag or a branch is named by whoever pushes it: it reaches a shell as a variable only."""
    assert "${{" not in _commands(job)


@pytest.mark.parametrize("file", WORKFLOWS, ids=lambda file: file.stem)
def test_every_script_that_is_called_is_there(file: Path) -> None:
    called = set(SCRIPT.findall(file.read_text(encoding="utf-8")))
    assert called
    assert {path for path in called if not (ROOT / path).is_file()} == set()
    shell = {path for path in called if path.endswith(".sh") or path == ".ci/run"}
    assert {path for path in shell if not (ROOT / path).stat().st_mode & 0o100} == set()


def test_every_target_of_make_is_there() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    for job in _release().values():
        assert set(re.findall(r'(?:^|\.cache" )make ([a-z-]+)', _commands(job), re.MULTILINE)) <= targets


def test_nothing_is_published_before_everything_was_tried() -> None:
    jobs = _release()

    def before(name: str) -> set[str]:
        needs = jobs[name].get("needs", [])
        direct = {needs} if isinstance(needs, str) else set(needs)
        return direct.union(*(before(one) for one in direct))

    assert before("draft") == set(jobs) - {"draft"}
    for name in ("linux", "windows", "macos"):
        assert "--selftest" in _commands(jobs[name])
    draft = _commands(jobs["draft"])
    assert "--draft" in draft and "--verify-tag" in draft
    assert "sha256sum --check --strict" in draft


def test_the_same_cache_is_made_on_the_main_branch_and_read_by_a_release() -> None:
    def keys(name: str) -> set[tuple[str, str]]:
        steps = [
            step
            for job in _load(ROOT / f".github/workflows/{name}.yml")["jobs"].values()
            for step in job["steps"]
        ]
        cached = [step["with"] for step in steps if step.get("uses", "").startswith("actions/cache@")]
        return {(entry["path"], entry["key"]) for entry in cached}

    assert keys("wheels") == keys("release")


def test_both_workflows_use_one_python_on_windows_and_macos() -> None:
    release = _load(ROOT / ".github/workflows/release.yml")["env"]["PYTHON"]
    wheels = (ROOT / ".github/workflows/wheels.yml").read_text(encoding="utf-8")
    assert re.findall(r'python-version: "(.*)"', wheels) == [release]
