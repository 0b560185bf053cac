"""The commands, as processes of their own, with the real engine."""

import json
import signal
import subprocess
import time
from pathlib import Path

from assistant_app import __version__
from tests.e2e.driver import Application, wait_for

COLD_START_LIMIT_S = 10.0


def test_ask_answers_within_ten_seconds_of_a_cold_start(application: Application, pocket_model: Path) -> None:
    began = time.monotonic()
    done = application.command("ask", "What can you do?")
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()
    assert time.monotonic() - began < COLD_START_LIMIT_S


def test_ask_as_json_is_one_object(application: Application, pocket_model: Path) -> None:
    done = application.command("ask", "--json", "--seed", "1", "What can you do?")
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert answer["text"].strip()
    assert answer["model"]
    assert answer["tool_calls"] == []
    assert answer["usage"]["generated_tokens"] > 0
    assert answer["usage"]["seed"] == 1


def test_the_same_seed_gives_the_same_answer(application: Application, pocket_model: Path) -> None:
    texts = [
        json.loads(application.command("ask", "--json", "--seed", "7", "--temperature", "1", "Hello").stdout)[
            "text"
        ]
        for _run in range(2)
    ]
    assert texts[0] == texts[1]


def test_what_is_piped_in_is_part_of_the_question(application: Application, pocket_model: Path) -> None:
    done = application.command("ask", "Say hello.", stdin=None, input="from a pipe\n")
    assert done.returncode == 0, done.stderr
    assert application.texts("user") == ["Say hello.\n\nfrom a pipe"]


def test_a_conversation_goes_on(application: Application, pocket_model: Path) -> None:
    first = json.loads(application.command("ask", "--json", "One").stdout)
    second = json.loads(
        application.command("ask", "--json", "--conversation", first["conversation"], "Two").stdout
    )
    assert second["conversation"] == first["conversation"]
    assert second["usage"]["prompt_tokens"] > first["usage"]["prompt_tokens"]
    assert application.texts("user") == ["One", "Two"]


def test_control_c_stops_an_answer_and_keeps_it(application: Application, endless_model: Path) -> None:
    process = application.start("ask", "--model", str(endless_model), "Write for ever.")
    assert process.stdout is not None
    assert process.stdout.read(20)
    process.send_signal(signal.SIGINT)
    printed, complaints = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "Traceback" not in complaints
    answer = next(row for row in application.messages() if row["role"] == "assistant")
    assert answer["state"] == "stopped"
    assert printed.rstrip("\n") in application.texts("assistant")[0]


def test_control_c_while_nothing_runs_leaves_quietly(application: Application) -> None:
    # With an input that stays open it waits for a line; at its end it would leave by itself.
    process = application.start("chat", stdin=subprocess.PIPE)
    wait_for("the database", lambda: application.rows("SELECT n FROM conversation LIMIT 1") is not None)
    wait_for("the process to be up", lambda: application.database.exists())
    process.send_signal(signal.SIGINT)
    _printed, complaints = process.communicate(timeout=30)
    assert process.returncode in (0, 130)
    assert "Traceback" not in complaints


def test_two_processes_answer_at_once(application: Application, pocket_model: Path) -> None:
    both = [application.start("ask", "--json", f"Question {n}") for n in (1, 2)]
    answers = [json.loads(process.communicate(timeout=60)[0]) for process in both]
    assert all(answer["text"].strip() for answer in answers)
    assert sorted(application.texts("user")) == ["Question 1", "Question 2"]


def test_missing_model_is_one_sentence(application: Application) -> None:
    done = application.command("ask", "--model", "no-such-model", "Hello")
    assert done.returncode == 1
    assert len(done.stderr.strip().splitlines()) == 1
    assert "no-such-model" in done.stderr


def test_a_file_that_is_no_model_is_one_sentence(application: Application, tmp_path: Path) -> None:
    fake = tmp_path / "fake.gguf"
    fake.write_bytes(b"<html>not found</html>" * 100)
    done = application.command("ask", "--model", str(fake), "Hello")
    assert done.returncode == 1
    assert "fake.gguf" in done.stderr
    assert "Traceback" not in done.stderr


def test_no_question_is_wrong_usage(application: Application) -> None:
    assert application.command("ask").returncode == 2


def test_version(application: Application) -> None:
    assert application.command("--version").stdout.strip() == f"assistant-app {__version__}"


def test_models_lists_the_bundled_one(application: Application, pocket_model: Path) -> None:
    rows = json.loads(application.command("models", "--json").stdout)
    assert rows[0]["id"] == "pocket"
    assert rows[0]["chosen"] is True


def test_doctor_finds_nothing_broken(application: Application, pocket_model: Path) -> None:
    done = application.command("doctor", "--json")
    findings = json.loads(done.stdout)
    assert [finding for finding in findings if not finding["fine"]] == []
    assert done.returncode == 0
    assert "engine" in {finding["code"] for finding in findings}


def test_doctor_exits_with_1_when_something_is_broken(application: Application) -> None:
    application.configure(model="gone")
    done = application.command("doctor")
    assert done.returncode == 1
    assert "gone" in done.stderr
