from pathlib import Path

import pytest

from assistant_app.models import fit
from assistant_app.models.gguf import GgufHeader, read_header


@pytest.fixture
def header(tiny_model: Path) -> GgufHeader:
    return read_header(tiny_model)


def test_a_small_model_fits_without_a_word(header: GgufHeader) -> None:
    fitting = fit.check(header, available=8_000_000_000)
    assert fitting.fits
    assert not fitting.template
    assert fitting.n_ctx_tokens == header.n_ctx_train
    assert fitting.needed_bytes > header.size_bytes


def test_a_model_too_big_is_told_in_gigabytes(header: GgufHeader) -> None:
    fitting = fit.check(header, available=10_000_000)
    assert not fitting.fits
    sentence = fitting.template.format(**fitting.params)
    assert "0.0 GB are free" in sentence
    assert "load anyway" in sentence


def test_a_context_too_big_is_made_smaller(header: GgufHeader) -> None:
    whole = fit.check(header, 1 << 20, available=1 << 50).needed_bytes
    fitting = fit.check(header, 1 << 20, available=whole // 2)
    assert fitting.fits
    assert 512 <= fitting.n_ctx_tokens < 1 << 20
    assert str(fitting.n_ctx_tokens) in fitting.template.format(**fitting.params)


def test_the_system_is_asked_how_much_is_free() -> None:
    assert fit.available_bytes() > 0
