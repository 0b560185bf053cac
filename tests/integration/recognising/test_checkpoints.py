"""Checkpoints: OpenAI's format is read, everything else is refused in a plain sentence, and runs no code."""

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
import whisper

from assistant_app.core.errors import ModelError
from assistant_app.engines import machine
from assistant_app.engines.whisper import checkpoint
from tests.fixtures import POCKET_WHISPER
from tests.fixtures.random_whisper import ENGLISH, make_random_whisper

Change = Callable[[dict[str, Any]], Any]


@pytest.fixture(scope="module")
def toy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_random_whisper(tmp_path_factory.mktemp("checkpoints") / "toy.pt", "toy")


def test_it_builds_what_whisper_builds() -> None:
    ours = checkpoint.load(POCKET_WHISPER)
    theirs = whisper.load_model(str(POCKET_WHISPER), device="cpu")
    state = ours.whisper.state_dict()
    assert set(state) == set(theirs.state_dict())
    assert all(torch.equal(state[name], tensor) for name, tensor in theirs.state_dict().items())
    assert torch.equal(ours.whisper.decoder.mask, theirs.decoder.mask)
    assert ours.halves and ours.sinusoidal
    assert ours.n_params == sum(p.numel() for p in theirs.parameters())
    assert not ours.whisper.training


def test_an_english_one_and_one_in_the_old_format_are_read(tmp_path: Path) -> None:
    path = make_random_whisper(tmp_path / "toy.en.pt", "toy", ENGLISH)
    assert not checkpoint.load(path).whisper.is_multilingual
    old = tmp_path / "old.pt"
    torch.save(torch.load(path, weights_only=True), old, _use_new_zipfile_serialization=False)
    assert checkpoint.load(old).halves


def test_a_table_that_is_no_sines_is_not_cut(toy: Path, tmp_path: Path) -> None:
    def learnt(content: dict[str, Any]) -> None:
        content["model_state_dict"]["encoder.positional_embedding"] *= 0.5

    assert not checkpoint.load(changed(toy, tmp_path, learnt)).sinusoidal


def changed(source: Path, folder: Path, change: Change) -> Path:
    content = torch.load(source, weights_only=True)
    made = change(content)
    path = folder / "changed.pt"
    torch.save(content if made is None else made, path)
    return path


def dims(**values: Any) -> Change:
    return lambda content: content["dims"].update(values)


def state(change: Callable[[dict[str, Any]], Any]) -> Change:
    def apply(content: dict[str, Any]) -> None:
        change(content["model_state_dict"])

    return apply


FOREIGN: dict[str, Change] = {
    "a list": lambda content: [1, 2],
    "weights alone": lambda content: content["model_state_dict"],
    "no weights": lambda content: {"dims": content["dims"]},
    "weights that are none": lambda content: {"dims": content["dims"], "model_state_dict": {"a": 1}},
    "another vocabulary": dims(n_vocab=32000),
    "a giant": dims(n_audio_layer=10**9),
    "a negative width": dims(n_audio_state=-64, n_text_state=-64),
    "heads that do not divide": dims(n_text_head=7),
    "a text as number": dims(n_mels="80"),
    "a window of its own": dims(n_audio_ctx=750),
    "one dimension less": lambda content: content["dims"].pop("n_mels") and None,
}
DAMAGED: dict[str, Change] = {
    "a missing tensor": state(lambda s: s.pop("decoder.ln.bias")),
    "one too many": state(lambda s: s.update(extra=torch.zeros(1))),
    "another shape": state(lambda s: s.update({"decoder.ln.bias": torch.zeros(3)})),
    "whole numbers": state(lambda s: s.update({"decoder.ln.bias": torch.zeros(64, dtype=torch.int64)})),
    "more layers than there are": dims(n_text_layer=3),
    "not a number": state(lambda s: s["encoder.conv1.weight"].fill_(float("nan"))),
}


@pytest.mark.parametrize("name", FOREIGN)
def test_foreign_content_is_refused(name: str, toy: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"“changed.pt” is not a Whisper model in OpenAI's format"):
        checkpoint.load(changed(toy, tmp_path, FOREIGN[name]))


@pytest.mark.parametrize("name", DAMAGED)
def test_damaged_content_is_refused(name: str, toy: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"“changed.pt” is damaged; download it again"):
        checkpoint.load(changed(toy, tmp_path, DAMAGED[name]))


@pytest.mark.parametrize("share", [0.0, 0.01, 0.5, 0.99])
def test_a_file_that_ends_too_early_is_refused(share: float, toy: Path, tmp_path: Path) -> None:
    whole = toy.read_bytes()
    path = tmp_path / "short.pt"
    path.write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(ModelError):
        checkpoint.load(path)


def test_any_other_file_is_refused(tmp_path: Path) -> None:
    for content in (b"GGUF....", b"hello", b"PK\x03\x04nonsense", bytes(1000)):
        path = tmp_path / "other.pt"
        path.write_bytes(content)
        with pytest.raises(ModelError):
            checkpoint.load(path)
    with pytest.raises(ModelError, match="no longer there"):
        checkpoint.load(tmp_path)
    with pytest.raises(ModelError, match="no longer there"):
        checkpoint.load(tmp_path / "nothing.pt")


class _Trap:
    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return (Path.touch, (self.path,))


def test_no_code_of_a_file_runs(toy: Path, tmp_path: Path) -> None:
    sprung = tmp_path / "sprung"
    trap = changed(toy, tmp_path, lambda content: {**content, "extra": _Trap(sprung)})
    with pytest.raises(ModelError):
        checkpoint.load(trap)
    plain = tmp_path / "plain.pt"
    plain.write_bytes(pickle.dumps(_Trap(sprung)))
    with pytest.raises(ModelError):
        checkpoint.load(plain)
    assert not sprung.exists()


def test_one_that_does_not_fit_is_refused_before_it_is_built(
    toy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(machine, "available_bytes", lambda: 1 << 20)
    with pytest.raises(ModelError, match=r"needs .* MB of memory, but 1 MB are free"):
        checkpoint.load(toy)
