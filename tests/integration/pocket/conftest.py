"""The shipped pocket model, loaded once by llama.cpp, and the pocket Whisper of the tests."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.fixtures import POCKET_WHISPER

MODEL_PATH = Path(__file__).parents[3] / "resources" / "models" / "pocket.gguf"
POCKET_SCRIPTS = Path(__file__).parents[3] / "packaging" / "pocket"

Answer = Callable[[list[dict[str, str]]], str]


@pytest.fixture(scope="session")
def pocket() -> Any:
    """Return the model as llama_cpp.Llama."""
    llama_cpp = pytest.importorskip("llama_cpp", reason="llama-cpp-python is not installed")
    return llama_cpp.Llama(str(MODEL_PATH), n_ctx=2048, n_threads=1, verbose=False)


@pytest.fixture(scope="session")
def answer(pocket: Any) -> Answer:
    """Return a function that gives the likeliest answer to a conversation, by the model's template."""

    def ask(messages: list[dict[str, str]]) -> str:
        reply = pocket.create_chat_completion(messages, temperature=0.0, repeat_penalty=1.0, max_tokens=200)
        choice = reply["choices"][0]
        assert choice["finish_reason"] == "stop", "the answer did not end by itself"
        return str(choice["message"]["content"])

    return ask


@pytest.fixture(scope="session")
def listening() -> Any:
    """Return the evaluation of the pocket Whisper, with its voices, its clips and its ways to listen."""
    pytest.importorskip(
        "whisper", reason="openai-whisper is not installed; scripts/setup.sh test installs it"
    )
    folder = str(POCKET_SCRIPTS / "whisper")
    sys.path.insert(0, folder)
    try:
        import evaluate_whisper
    finally:
        sys.path.remove(folder)
    return evaluate_whisper


@pytest.fixture(scope="session")
def whisper_model(listening: Any) -> Any:
    """Return the pocket Whisper, loaded as any program would load it."""
    import torch
    import whisper

    torch.set_num_threads(1)
    return whisper.load_model(str(POCKET_WHISPER), device="cpu")
