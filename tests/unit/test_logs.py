"""No secret reaches the log."""

import logging
from pathlib import Path

import pytest

from assistant_app.logs import blot, start_logging


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
