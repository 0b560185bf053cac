"""Memory arithmetic against what llama.cpp itself reports."""

from assistant_app.core import fit
from assistant_app.engines.llama import library
from assistant_app.engines.llama.model import Model

SEVEN_B = fit.ModelShape(
    size_bytes=4_370_000_000, n_layer=32, n_embd=4096, n_head=32, n_head_kv=8, n_vocab=32_000, n_ff=14336
)


def test_cache_of_a_known_model() -> None:
    assert fit.cache_bytes_per_token(SEVEN_B) == 131_072
    assert fit.estimate(SEVEN_B, 8192).cache == 1 << 30


def test_cache_is_what_llama_cpp_allocates(model: Model) -> None:
    library.clear_log()
    context = model.new_context(1024)
    log = library.recent_log()
    library.C.llama_free(context)
    assert "KV buffer size =     0.25 MiB" in log
    assert fit.estimate(model.shape, 1024).cache == 1 << 18


def test_context_shrinks_to_the_memory() -> None:
    assert fit.largest_context(SEVEN_B, 8192, 32 << 30) == 8192
    smaller = fit.largest_context(SEVEN_B, 8192, int(6.3 * (1 << 30)))
    assert 512 <= smaller < 8192
    assert fit.fits(fit.estimate(SEVEN_B, smaller).total, int(6.3 * (1 << 30)))
    assert fit.largest_context(SEVEN_B, 8192, 2 << 30) == 0
