"""The network's start values and its checkpoints."""

import sys
from pathlib import Path
from typing import Any

import pytest

from .conftest import POCKET_SCRIPTS

torch = pytest.importorskip("torch", reason="torch is only installed for rebuilding the model")
pytest.importorskip("tokenizers", reason="tokenizers is only installed for rebuilding the model")


@pytest.fixture(scope="module")
def train() -> Any:
    """Return the module `train` of the training scripts."""
    sys.path.insert(0, str(POCKET_SCRIPTS))
    try:
        import train
    finally:
        sys.path.remove(str(POCKET_SCRIPTS))
    return train


@pytest.mark.parametrize(("kinds", "length", "least"), [(4000, 40, 0.98), (10, 12, 0.85)])
def test_planted_network_copies_words_and_digits_before_any_training(
    train: Any, kinds: int, length: int, least: float
) -> None:
    torch.manual_seed(0)
    model = train.PocketModel(train.PocketConfig())
    train.plant(model)
    once = torch.randint(20, 20 + kinds, (16, length))
    twice = torch.cat([once, torch.randint(4030, 4096, (16, 4)), once], dim=1)
    with torch.no_grad():
        logits = model.logits(model(twice, torch.arange(2 * length + 4).expand(16, -1)))
    right = logits[:, length + 6 : -1].argmax(-1) == twice[:, length + 7 :]
    assert float(right.float().mean()) > least


def test_checkpoint_resumes_where_it_was(train: Any, tmp_path: Path) -> None:
    config = train.PocketConfig(hidden_size=128, num_attention_heads=2, num_hidden_layers=2)

    def start() -> tuple[Any, Any]:
        model = train.PocketModel(config)
        return model, train.optimisers(model, 1e-3, 1e-3)

    torch.manual_seed(1)
    first, optimisers = start()
    ids = torch.randint(7, 4096, (2, 16))
    batch = (ids, torch.arange(16).expand(2, -1), torch.ones(2, 16))
    train.update(first, optimisers, batch, 1.0)
    train.save(tmp_path / "a.pt", first, optimisers, train.Progress(step=1, tokens=32, seconds=2.0))
    second, others = start()
    progress = train.resume(tmp_path / "a.pt", second, others)
    assert (progress.step, progress.tokens) == (1, 32)
    assert train.update(first, optimisers, batch, 1.0) == train.update(second, others, batch, 1.0)
