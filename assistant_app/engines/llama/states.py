"""Saved prompt states: what was read once is not read again after a switch, an unload, or a crash.

For each conversation two files: the state as llama.cpp writes it, and a small JSON with its
SHA-256, its tokens, and the tokens of the answers. A state is loaded only when its sum is right
and its key (model file, parameters, library build) is ours: llama.cpp itself notices few changes
and would go on silently with a wrong memory. Deleting the folder is always safe.
"""

import contextlib
import ctypes
import hashlib
import json
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assistant_app.core.errors import EngineStopped
from assistant_app.engines.llama import library
from assistant_app.engines.llama.library import C
from assistant_app.engines.llama.model import Model
from assistant_app.engines.llama.model_file import write_private
from assistant_app.engines.llama.prompt import AnswerMemory
from assistant_app.engines.llama.session import Session

MIN_TOKENS = 16
"""Shorter prompts are read faster than a file is found."""

_VERSION = 1
_STEP_BYTES = 4 << 20


@dataclass(frozen=True, slots=True)
class SavedState:
    """What is known about a saved state before it is loaded."""

    path: Path
    sha256: str
    tokens: list[int]
    answers: list[tuple[str, list[int]]]


class StateStore:
    """The saved states of one model in a folder that all models share."""

    def __init__(self, folder: Path, model: Model, budget_bytes: int) -> None:
        self._folder = folder
        self._budget_bytes = budget_bytes
        self.key = state_key(model)

    def find(self, conversation_id: str) -> SavedState | None:
        """Return what is saved for a conversation, unchecked but for its form; None when there is nothing."""
        path = self._path(conversation_id)
        try:
            note = json.loads(_note_path(path).read_text())
            if note["version"] != _VERSION or note["key"] != self.key or not path.is_file():
                return None
            tokens = [int(token) for token in note["tokens"]]
            answers = [(str(text), [int(t) for t in ids]) for text, ids in note["answers"]]
            return SavedState(path, str(note["sha256"]), tokens, answers)
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def load(self, session: Session, saved: SavedState) -> bool:
        """Put a saved state in place of what the session has; False: it was damaged and is deleted."""
        if _sha256(saved.path) != saved.sha256:
            _delete(saved.path)
            return False
        session.clear()
        capacity = session.model.n_ctx
        tokens = (C.llama_token * capacity)()
        count = ctypes.c_size_t(0)
        read = C.llama_state_seq_load_file(
            session.model.context, os.fsencode(saved.path), 0, tokens, capacity, ctypes.byref(count)
        )
        if not read or list(tokens[: count.value]) != saved.tokens:
            session.clear()
            _delete(saved.path)
            return False
        session.tokens = list(saved.tokens)
        with contextlib.suppress(OSError):  # only the order of deletion depends on it
            os.utime(saved.path)
        return True

    def save(
        self,
        session: Session,
        conversation_id: str,
        answers: AnswerMemory,
        interrupted: Callable[[], bool] = lambda: False,
    ) -> bool:
        """Write the session's state; False when it is short, too large, interrupted, or the disk refuses."""
        if len(session.tokens) < MIN_TOKENS:
            return False
        size = int(C.llama_state_seq_get_size(session.model.context, 0))
        if size > self._budget_bytes:
            return False
        path = self._path(conversation_id)
        temporary = path.with_suffix(".tmp")
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._make_room(size, path)
            os.close(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))
            tokens = (C.llama_token * len(session.tokens))(*session.tokens)
            written = C.llama_state_seq_save_file(
                session.model.context, os.fsencode(temporary), 0, tokens, len(session.tokens)
            )
            sha256 = "" if not written else _sha256(temporary, interrupted)
            if not sha256 or temporary.stat().st_size != written:
                temporary.unlink(missing_ok=True)
                return False
            _note_path(path).unlink(missing_ok=True)
            temporary.replace(path)
        except OSError:
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)
            return False
        note = {
            "version": _VERSION,
            "key": self.key,
            "sha256": sha256,
            "tokens": session.tokens,
            "answers": [(text, list(ids)) for text, ids in answers.items()],
        }
        return write_private(_note_path(path), json.dumps(note, separators=(",", ":")).encode())

    def _path(self, conversation_id: str) -> Path:
        return self._folder / f"{_hashed(conversation_id)}-{self.key[:16]}.state"

    def _make_room(self, wanted_bytes: int, keep: Path) -> None:
        others = (path for path in self._folder.glob("*.state") if path != keep)
        files = sorted(others, key=lambda path: path.stat().st_mtime)
        total = sum(p.stat().st_size for p in files) + wanted_bytes
        for path in files:
            if total <= self._budget_bytes:
                return
            total -= path.stat().st_size
            _delete(path)


def forget(folder: Path, conversation_id: str) -> None:
    """Delete what is saved for a conversation, by any model; "" deletes the states of all."""
    pattern = f"{_hashed(conversation_id)}-*.state" if conversation_id else "*.state"
    for path in [*folder.glob(pattern), *folder.glob(pattern.replace(".state", ".tmp"))]:
        _delete(path)


def state_key(model: Model) -> str:
    """Return what a state depends on, as a hash: model file, context parameters, build of the library."""
    parts = (_VERSION, model.sha256, model.n_ctx, library.build_id())
    return hashlib.sha256("|".join(str(part) for part in parts).encode()).hexdigest()


def reuse_works(model: Model, session: Session, folder: Path) -> bool:
    """Test whether a state, saved and loaded, goes on as if it had never left; done once per model and build.

    Off for families that fail: a model that forgets or confuses what was said is worse than a slow one.
    Raises Cancelled.
    """
    notes = folder / "state-tests.json"
    key = state_key(model)
    try:
        known = json.loads(notes.read_text())
        if isinstance(known.get(key), bool):
            return bool(known[key])
    except (OSError, ValueError, AttributeError):
        known = {}
    works = _self_test(model, session, folder)
    known = dict(list(known.items())[-63:]) if isinstance(known, dict) else {}
    known[key] = works
    write_private(notes, json.dumps(known).encode())
    return works


def _self_test(model: Model, session: Session, folder: Path) -> bool:
    first = [(7 + 13 * index) % model.vocabulary.size for index in range(8)]
    last = [(11 + 17 * index) % model.vocabulary.size for index in range(3)]
    path = folder / f"self-test-{os.getpid()}.tmp"
    with contextlib.suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        session.clear()
        session.read(first, lambda _: None)
        tokens = (C.llama_token * len(first))(*first)
        if not C.llama_state_seq_save_file(model.context, os.fsencode(path), 0, tokens, len(first)):
            return False
        session.read(last, lambda _: None)
        expected = _logits(model)
        session.clear()
        count = ctypes.c_size_t(0)
        if not C.llama_state_seq_load_file(
            model.context, os.fsencode(path), 0, tokens, len(first), ctypes.byref(count)
        ):
            return False
        session.tokens = list(first)
        session.read(last, lambda _: None)
        found = _logits(model)
        session.truncate(len(first))
        if len(session.tokens) != len(first):
            return False
        session.read(last, lambda _: None)
        return _close(expected, found) and _close(expected, _logits(model))
    except (EngineStopped, ValueError):  # models that only embed compute no probabilities
        return False
    finally:
        session.clear()
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True)


def _logits(model: Model) -> list[float]:
    pointer: Any = C.llama_get_logits_ith(model.context, -1)
    return list(pointer[: model.vocabulary.size])


def _close(left: list[float], right: list[float]) -> bool:
    scale = max(1.0, max(map(abs, left)))
    return all(abs(a - b) <= 1e-2 * scale for a, b in zip(left, right, strict=True))


def _hashed(conversation_id: str) -> str:
    return hashlib.sha256(conversation_id.encode()).hexdigest()[:32]


def _note_path(path: Path) -> Path:
    return path.with_suffix(".json")


def _delete(path: Path) -> None:
    for file in (_note_path(path), path):
        with contextlib.suppress(OSError):
            file.unlink(missing_ok=True)


def _sha256(path: Path, interrupted: Callable[[], bool] = lambda: False) -> str:
    """Return the sum of a file; empty when it cannot be read or `interrupted` says so."""
    digest = hashlib.sha256()
    try:
        for block in _blocks(path):
            if interrupted():
                return ""
            digest.update(block)
    except OSError:
        return ""
    return digest.hexdigest()


def _blocks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while block := file.read(_STEP_BYTES):
            yield block
