"""Tool calls in the terminal: `ask`, as text and as JSON, and `chat`, with a model that is scripted."""

import io
import json

import pytest

from assistant_app import cli
from assistant_app.paths import Paths
from assistant_app.settings import SettingsFile
from assistant_app.worker.thread import WorkerThread
from tests.fixtures.scripted_backend import ADD, SampleTools, ScriptedBackend, call, scripted_service


def script(monkeypatch: pytest.MonkeyPatch, *texts: str) -> None:
    """Let the commands meet a model that writes these texts."""

    def build(paths: Paths, settings: SettingsFile, *_overrides: object, **_options: object) -> WorkerThread:
        return WorkerThread(scripted_service(paths, settings, ScriptedBackend(*texts), SampleTools())[0])

    monkeypatch.setattr(cli, "build_worker", build)
    monkeypatch.setattr("sys.stdin", io.StringIO(""))


def test_ask_as_json_has_the_calls(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    script(monkeypatch, f"Let me see.\n{ADD}{call('fly', '{}')}", "It is 19.")
    assert cli.run_command(["ask", "--json", "12 plus 7?"]) == 0
    printed = capsys.readouterr()
    answer = json.loads(printed.out)
    for made in answer["tool_calls"]:
        assert made.pop("duration_s") >= 0
    assert answer["text"] == "Let me see.\n\nIt is 19."
    assert answer["tool_calls"] == [
        {"name": "add", "arguments": {"numbers": "12 7"}, "result": "19", "is_error": False},
        {
            "name": "fly",
            "arguments": {},
            "result": 'error: There is no tool "fly"; there are: add, wait, talk.',
            "is_error": True,
        },
    ]
    assert printed.err == ""


def test_ask_as_text_tells_each_call_on_stderr_when_asked_to(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    script(monkeypatch, f"Let me see.\n{ADD}", "It is 19.")
    assert cli.run_command(["ask", "--verbose", "12 plus 7?"]) == 0
    printed = capsys.readouterr()
    assert printed.out == "Let me see.\n\nIt is 19.\n"
    assert printed.err == '[add {"numbers": "12 7"} → 19]\n'


def test_in_a_pipe_only_the_answer_is_printed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    script(monkeypatch, ADD, "It is 19.")
    assert cli.run_command(["ask", "12 plus 7?"]) == 0
    printed = capsys.readouterr()
    assert (printed.out, printed.err) == ("It is 19.\n", "")


def test_chat_tells_each_call_on_a_line_that_is_not_too_long(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    script(monkeypatch, call("talk", "{}"), "So much.", "Bye.")
    monkeypatch.setattr("sys.stdin", io.StringIO("Talk\nThanks\n"))
    assert cli.run_command(["chat", "--verbose"]) == 0
    printed = capsys.readouterr()
    assert printed.out == "So much.\nBye.\n"
    line = printed.err.rstrip("\n")
    assert line.startswith("[talk {} → word word") and line.endswith("…]") and len(line) < 350
