"""llama.cpp and transformers give the same tokens from the same weights."""

from pathlib import Path
from typing import Any

import pytest

from .conftest import POCKET_SCRIPTS

torch = pytest.importorskip("torch", reason="torch is only installed for rebuilding the model")
transformers = pytest.importorskip(
    "transformers", reason="transformers is only installed for rebuilding the model"
)
llama_cpp = pytest.importorskip("llama_cpp", reason="llama-cpp-python is not installed")

QUESTIONS = [
    "What can you do?",
    "你能做什么？",
    "My name is Zorbel.",
    "Repeat after me: seven blue rabbits 4711",
    "How do I stop an answer?",
    "Who wrote Hamlet?",
]


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Export the committed weights to F16 GGUF and to a transformers folder."""
    import sys

    sys.path.insert(0, str(POCKET_SCRIPTS))
    try:
        import export
    finally:
        sys.path.remove(str(POCKET_SCRIPTS))
    folder = tmp_path_factory.mktemp("pocket")
    config, weights = export.read_gguf(POCKET_SCRIPTS.parents[1] / "resources" / "models" / "pocket.gguf")
    tokenizer = POCKET_SCRIPTS / "tokenizer.json"
    export.write_transformers(folder / "transformers", config, weights, tokenizer)
    export.write_gguf(folder / "pocket-f16.gguf", config, weights, tokenizer, q8=False)
    return folder


@pytest.mark.parametrize("question", QUESTIONS)
def test_greedy_tokens_agree(exported: Path, question: str) -> None:
    tokenizer = transformers.AutoTokenizer.from_pretrained(exported / "transformers")
    reference = transformers.AutoModelForCausalLM.from_pretrained(exported / "transformers")
    model = llama_cpp.Llama(str(exported / "pocket-f16.gguf"), n_ctx=512, n_threads=1, verbose=False)
    prompt = tokenizer.apply_chat_template(
        [{"role": "user", "content": question}], add_generation_prompt=True, tokenize=False
    )
    ids = tokenizer(prompt, add_special_tokens=False)["input_ids"]
    assert model.tokenize(prompt.encode(), add_bos=False, special=True) == ids
    expected = reference.generate(torch.tensor([ids]), max_new_tokens=60, do_sample=False)[
        0, len(ids) :
    ].tolist()
    assert _greedy(model, ids, len(expected)) == expected


def _greedy(model: Any, ids: list[int], count: int) -> list[int]:
    produced: list[int] = []
    for token in model.generate(ids, temp=0.0, repeat_penalty=1.0):
        produced.append(token)
        if len(produced) == count:
            break
    return produced
