"""What is remembered between checks survives a restart, and damage to it is no reason not to start."""

from pathlib import Path

import pytest

from assistant_app.core.updates import UpdateRefused
from assistant_app.updates.memory import UpdateMemory, keep, recall


def test_what_is_kept_is_recalled_and_private(tmp_path: Path) -> None:
    path = tmp_path / "data" / "updates.json"
    memory = UpdateMemory(tried_at=1.5, checked_at=1.0, envelope='{"a": "é"}', dismissed="0.2.0")
    keep(path, memory)
    assert recall(path) == memory
    assert path.stat().st_mode & 0o777 == 0o600
    assert [each.name for each in path.parent.iterdir()] == ["updates.json"]


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"tried_at": "yesterday"}', b"\xff"])
def test_damage_is_an_empty_memory(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "updates.json"
    path.write_bytes(content)
    assert recall(path) == UpdateMemory()
    assert recall(tmp_path / "absent.json") == UpdateMemory()


def test_where_nothing_can_be_kept_a_sentence_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(UpdateRefused, match="cannot be saved"):
        keep(tmp_path / "file" / "updates.json", UpdateMemory())
