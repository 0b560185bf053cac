"""No secret reaches the log, and whatever happens it is written on."""

import logging
from pathlib import Path

import pytest

from assistant_app.logs import MAX_BYTES, blot, start_logging


@pytest.mark.parametrize(
    "text",
    [
        "key sk-abcdefgh12345678",
        "Authorization: Bearer abc.def",
        "api_key=12345",
        "password: hunter2",
        "hf_abcdefgh1234",
    ],
)
def test_what_looks_like_a_secret_is_blotted_out(text: str) -> None:
    blotted = blot(text)
    assert "•••" in blotted
    for secret in ("abcdefgh", "abc.def", "12345", "hunter2"):
        assert secret not in blotted


def test_a_traceback_is_blotted_too(tmp_path: Path) -> None:
    root = logging.getLogger()
    before, level = list(root.handlers), root.level
    try:
        start_logging(tmp_path)
        try:
            raise ValueError("token=canary-secret")
        except ValueError:
            logging.getLogger("x").exception("failed with %s", "password=canary-secret")
        text = (tmp_path / "assistant.log").read_text()
        assert "failed with" in text and "Traceback" in text
        assert "canary-secret" not in text
        assert (tmp_path / "assistant.log").stat().st_mode & 0o077 == 0
    finally:
        for handler in list(root.handlers):
            if handler not in before:
                root.removeHandler(handler)
                handler.close()
        root.setLevel(level)


def test_a_full_log_that_cannot_be_put_aside_is_written_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "assistant.log"
    path.write_bytes(b"x" * MAX_BYTES)
    # Folders in the place of the older files refuse what Windows refuses while another process writes.
    (tmp_path / "assistant.log.1").mkdir()
    (tmp_path / "assistant.log.2").mkdir()
    root = logging.getLogger()
    before, level = list(root.handlers), root.level
    try:
        start_logging(tmp_path)
        logging.getLogger("x").info("the first")
        logging.getLogger("x").info("the second")
        text = path.read_text(encoding="utf-8")
    finally:
        root.setLevel(level)
        for handler in set(root.handlers) - set(before):
            root.removeHandler(handler)
            handler.close()
    assert "the first" in text and "the second" in text
    assert not capsys.readouterr().err
