"""Answers of the real engine: streaming, sampling, ends, usage."""

import json
from pathlib import Path

from assistant_app.core.generation import ChatMessage, FinishReason
from assistant_app.core.sampling import Sampling
from assistant_app.engines import protocol
from tests.fixtures.tiny_gguf import make_tiny_gguf
from tests.integration.engine.driver import GREEDY, EngineDriver, turns


def test_hello_names_library_and_processor(engine: EngineDriver) -> None:
    assert engine.hello.library.startswith("llama-cpp-python ")
    assert "CPU" in engine.hello.system_info
    assert engine.hello.pid == engine.process.pid


def test_loading_reports_progress_and_the_model(engine: EngineDriver, tiny_model: Path) -> None:
    request = engine.send(protocol.Load, str(tiny_model), "tiny", "Tiny", n_threads=1)
    fractions = []
    while not isinstance(message := engine.wait(lambda m: m.id == request), protocol.Loaded):
        fractions.append(message.fraction)
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1.0
    info = message.info
    assert (info.id, info.architecture, info.n_ctx_tokens, info.n_threads) == ("tiny", "llama", 2048, 1)
    assert info.size_bytes == tiny_model.stat().st_size
    assert len(info.sha256) == 64
    assert "<|im_start|>" in info.chat_template


def test_answer_is_streamed_and_counted(loaded: EngineDriver) -> None:
    answer = loaded.generate("Hello")
    usage = answer.done.usage
    assert answer.done.reason is FinishReason.LENGTH
    assert answer.text.strip()
    assert usage.generated_tokens == GREEDY.max_tokens
    assert usage.prompt_tokens == answer.readings[-1].total_tokens == answer.readings[-1].done_tokens
    assert usage.tokens_per_s > 0
    assert answer.done.prompt == "<|im_start|>user\nHello<|im_end|>\n<|im_start|>assistant\n"


def test_same_seed_same_answer_and_the_drawn_seed_repeats_it(loaded: EngineDriver) -> None:
    first = loaded.generate("Hello", sampling=Sampling(max_tokens=30))
    again = loaded.generate("Hello", sampling=Sampling(max_tokens=30, seed=first.done.usage.seed))
    other = loaded.generate("Hello", sampling=Sampling(max_tokens=30, seed=first.done.usage.seed ^ 1))
    assert first.text == again.text != other.text


def test_repeat_penalty_gives_what_the_whole_vocabulary_would_give(loaded: EngineDriver) -> None:
    """Cutting the candidates before the penalty must not change the answer."""
    narrow = Sampling(temperature=0, repeat_penalty=1.3, max_tokens=60)
    wide = Sampling(temperature=1e-3, top_k=0, top_p=1, min_p=0, repeat_penalty=1.3, max_tokens=60)
    assert loaded.generate("Hi", sampling=narrow).text == loaded.generate("Hi", sampling=wide).text


def test_stop_string_ends_the_answer_and_is_not_part_of_it(loaded: EngineDriver) -> None:
    whole = loaded.generate("Hello").text
    stop = whole[12:17]
    cut = loaded.generate("Hello", sampling=Sampling(**{**_fields(GREEDY), "stop": (stop,)}))
    assert cut.done.reason is FinishReason.STOP_STRING
    assert cut.text == whole[: whole.index(stop)]


def test_end_of_turn_ends_the_answer(engine: EngineDriver, model_folder: Path) -> None:
    engine.load(make_tiny_gguf(model_folder / "ends.gguf", end_bias=6.0))
    answer = engine.generate("Hello", sampling=Sampling(seed=3))
    assert answer.done.reason is FinishReason.END
    assert "<|im_end|>" not in answer.text


def test_full_context_ends_with_length_and_nothing_is_lost(engine: EngineDriver, tiny_model: Path) -> None:
    engine.load(tiny_model, n_ctx_tokens=128)
    answer = engine.generate("Hello", sampling=Sampling(temperature=0))
    usage = answer.done.usage
    assert answer.done.reason is FinishReason.LENGTH
    assert usage.prompt_tokens + usage.generated_tokens == 129  # the last token needs no room of its own
    assert answer.text


def test_prompt_larger_than_context_says_how_much(engine: EngineDriver, tiny_model: Path) -> None:
    engine.load(tiny_model, n_ctx_tokens=128)
    failed = engine.generate("the " * 400).end
    assert isinstance(failed, protocol.Failed)
    assert failed.code == "prompt-too-long"
    assert failed.params["available"] == 127
    assert failed.params["needed"] > 400
    assert engine.generate("Hello").text


def test_continued_answer_is_the_uninterrupted_one(loaded: EngineDriver) -> None:
    def answer(max_tokens: int, conversation_id: str, **fields: str) -> str:
        sampling = Sampling(temperature=0, repeat_penalty=1.2, max_tokens=max_tokens)
        return loaded.generate("Hello", sampling=sampling, conversation_id=conversation_id, **fields).text

    whole = answer(40, "a")
    begin = answer(15, "b")
    rest = answer(25, "b", continue_text=begin)
    assert begin + rest == whole


def test_broken_utf8_is_never_streamed(engine: EngineDriver, model_folder: Path) -> None:
    engine.load(make_tiny_gguf(model_folder / "bytes.gguf", printable_only=False, seed=2))
    answer = engine.generate("Hello", sampling=Sampling(seed=1, temperature=2.0, top_k=0, max_tokens=400))
    assert answer.text.encode()  # whole characters only: JSON of the wire would refuse surrogates
    assert "\ufffd" in answer.text  # random bytes are not all characters


def test_json_schema_binds_the_whole_answer(loaded: EngineDriver) -> None:
    schema = {
        "type": "object",
        "properties": {
            "title": {"type": "string", "maxLength": 12},
            "tags": {"type": "array", "items": {"enum": ['a"b', "c\\d"]}, "maxItems": 3, "minItems": 1},
        },
        "required": ["title", "tags"],
        "additionalProperties": False,
    }
    for seed in range(5):
        answer = loaded.generate("JSON", json_schema=schema, sampling=Sampling(seed=seed, max_tokens=300))
        value = json.loads(answer.text)
        assert set(value) == {"title", "tags"}
        assert set(value["tags"]) <= {'a"b', "c\\d"}
        assert answer.done.reason is FinishReason.END


def test_counts_add_up_to_the_prompt(loaded: EngineDriver) -> None:
    messages = [ChatMessage("system", "Be kind."), *turns("Hello", "Yes?", "What can you do?")]
    counted = loaded.ask(protocol.Count, tuple(messages))
    rendered = loaded.ask(protocol.Render, tuple(messages))
    assert sum(counted.tokens) == rendered.tokens == loaded.generate(messages).done.usage.prompt_tokens
    assert len(counted.tokens) == 4
    assert rendered.text.startswith("<|im_start|>system\nBe kind.")


def test_embeddings_have_length_one_and_tell_texts_apart(loaded: EngineDriver) -> None:
    same, twin, other = loaded.ask(protocol.Embed, ("the water", "the water", "中文 模型")).vectors
    assert abs(sum(x * x for x in same) - 1) < 1e-5
    assert same == twin != other
    assert loaded.generate("Hello").text  # the chat context is untouched


def test_text_too_long_to_embed_is_refused_not_cut(loaded: EngineDriver) -> None:
    failed = loaded.ask(protocol.Embed, ("the " * 3000,))
    assert failed.code == "prompt-too-long"


def _fields(sampling: Sampling) -> dict[str, object]:
    return {name: getattr(sampling, name) for name in sampling.__dataclass_fields__}
