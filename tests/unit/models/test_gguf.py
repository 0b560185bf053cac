import os
import struct
import time
from pathlib import Path

import gguf
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assistant_app.core.errors import ModelError
from assistant_app.models.gguf import GgufHeader, read_header
from assistant_app.models.gguf_reader import BLOCKS
from tests.fixtures.tiny_gguf import CHATML, make_tiny_gguf


def refusal(path: Path) -> str:
    with pytest.raises(ModelError) as refused:
        read_header(path)
    return str(refused.value)


def write_gguf(
    path: Path, architecture: str = "llama", *, kind: str = "", tensors: int = 1, **metadata: object
) -> Path:
    writer = gguf.GGUFWriter(str(path), architecture)
    writer.add_block_count(2)
    writer.add_embedding_length(64)
    writer.add_context_length(128)
    if kind:
        writer.add_string("general.type", kind)
    for key, value in metadata.items():
        name = key.replace("__", ".")
        if isinstance(value, bool):
            writer.add_bool(name, value)
        elif isinstance(value, int):
            writer.add_uint32(name, value)
        elif isinstance(value, list):
            writer.add_array(name, value)
        else:
            writer.add_string(name, str(value))
    for number in range(tensors):
        writer.add_tensor(f"t{number}", np.zeros((4, 64), dtype=np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def test_a_model_says_what_it_is(tmp_path: Path) -> None:
    path = make_tiny_gguf(tmp_path / "m.gguf", n_layer=3, n_embd=64, n_head=4, n_head_kv=2, n_ctx=777)
    header = read_header(path)
    assert (header.architecture, header.name) == ("llama", "tiny random")
    assert (header.n_layer, header.n_embd, header.n_head, header.n_head_kv) == (3, 64, 4, 2)
    assert (header.head_dim_k, header.head_dim_v, header.n_ff) == (16, 16, 128)
    assert header.n_ctx_train == 777
    assert header.chat_template == CHATML
    assert header.size_bytes == path.stat().st_size
    assert header.data_end <= header.size_bytes
    assert header.n_vocab > 100
    reader = gguf.GGUFReader(path)
    assert header.n_params == sum(int(tensor.n_elements) for tensor in reader.tensors)
    assert header.data_end == max(int(t.data_offset + t.n_bytes) for t in reader.tensors)


def test_every_tensor_type_of_the_library_has_its_size() -> None:
    table = {int(kind): sizes for kind, sizes in gguf.GGML_QUANT_SIZES.items()}
    assert {kind: BLOCKS[kind] for kind in table} == table


def test_a_missing_file(tmp_path: Path) -> None:
    assert "not there any more" in refusal(tmp_path / "gone.gguf")


def test_an_empty_file(tmp_path: Path) -> None:
    path = tmp_path / "empty.gguf"
    path.touch()
    assert "is empty" in refusal(path)


def test_a_folder_and_a_pipe(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.gguf")
    assert "not a file" in refusal(tmp_path / "pipe.gguf")
    assert refusal(tmp_path)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_an_unreadable_file(tmp_path: Path) -> None:
    path = make_tiny_gguf(tmp_path / "m.gguf")
    path.chmod(0)
    assert "cannot be read" in refusal(path)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"PK\x03\x04" + bytes(100), "not a GGUF model"),
        (b"<!DOCTYPE html><html>", "web page"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:", "pointer"),
        (b"GGUF", "damaged"),
        (b"GGUF" + struct.pack("<IQQ", 1, 1, 1), "version 1"),
        (b"GGUF" + struct.pack("<IQQ", 9, 1, 1), "version 9"),
        (b"GGUF" + struct.pack(">IQQ", 3, 1, 1), "big-endian"),
        (b"GGUF" + struct.pack("<IQQ", 3, 1 << 60, 1), "damaged"),
        (b"GGUF" + struct.pack("<IQQ", 3, 0, 1 << 60), "damaged"),
        (b"GGUF" + struct.pack("<IQQQ", 3, 0, 1, 1 << 63), "damaged"),
    ],
)
def test_files_that_are_something_else(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "m.gguf"
    path.write_bytes(content)
    assert words in refusal(path)


@pytest.mark.parametrize("kept", [0.999, 0.6, 0.3])
def test_a_file_whose_tensors_are_cut_off(tmp_path: Path, kept: float) -> None:
    path = make_tiny_gguf(tmp_path / "m.gguf")
    os.truncate(path, int(path.stat().st_size * kept))
    assert "not complete" in refusal(path)


def test_a_file_whose_header_is_cut_off(tmp_path: Path) -> None:
    path = make_tiny_gguf(tmp_path / "m.gguf")
    os.truncate(path, 2000)
    assert "damaged" in refusal(path)


def test_files_that_are_no_chat_models(tmp_path: Path) -> None:
    path = tmp_path / "m.gguf"
    assert "adapter (LoRA)" in refusal(write_gguf(path, kind="adapter"))
    assert "adapter (LoRA)" in refusal(write_gguf(path, adapter__type="lora"))
    assert "see pictures" in refusal(write_gguf(path, "clip"))
    assert "see pictures" in refusal(write_gguf(path, kind="mmproj"))
    assert "compare texts" in refusal(write_gguf(path, "nomic-bert"))
    assert "compare texts" in refusal(write_gguf(path, llama__attention__causal=False))
    assert "measurements" in refusal(write_gguf(path, kind="imatrix"))
    assert "vocabulary" in refusal(write_gguf(path, tensors=0))


def test_a_split_model_is_its_parts_together(tmp_path: Path) -> None:
    first = write_gguf(tmp_path / "big-00001-of-00002.gguf", split__count=2)
    assert "big-00002-of-00002.gguf" in refusal(first)
    second = write_gguf(tmp_path / "big-00002-of-00002.gguf", split__count=2)
    header = read_header(first)
    assert header.parts == (first, second)
    assert header.size_bytes == first.stat().st_size + second.stat().st_size
    os.truncate(second, second.stat().st_size - 1)
    assert "not complete" in refusal(first)
    assert "one part of a split model" in refusal(write_gguf(tmp_path / "renamed.gguf", split__count=2))


def test_heads_that_differ_by_layer_are_averaged(tmp_path: Path) -> None:
    path = write_gguf(
        tmp_path / "m.gguf", llama__attention__head_count=8, llama__attention__head_count_kv=[4, 0]
    )
    assert read_header(path).n_head_kv == 2


def test_a_vocabulary_of_a_quarter_of_a_million_is_read_quickly(tmp_path: Path) -> None:
    words = [f"word{number}" for number in range(250_000)]
    path = write_gguf(tmp_path / "m.gguf", tokenizer__ggml__tokens=words)
    started = time.process_time()
    assert read_header(path).n_vocab == 250_000
    assert time.process_time() - started < 2.0


_SEED_MODEL: list[bytes] = []


def _seed_model(folder: Path) -> bytes:
    if not _SEED_MODEL:
        _SEED_MODEL.append(make_tiny_gguf(folder / "seed.gguf", vocab=("a", "b"), n_layer=1).read_bytes())
    return _SEED_MODEL[0]


@settings(
    max_examples=500,
    deadline=2000,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    derandomize=True,
)
@given(data=st.data())
def test_a_damaged_header_is_refused_cleanly_or_read(tmp_path: Path, data: st.DataObject) -> None:
    """Random bytes, extreme numbers and cuts anywhere in the header: a ModelError or a header, no more."""
    content = bytearray(_seed_model(tmp_path))
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(4, 3000))
        patch = data.draw(
            st.one_of(
                st.binary(min_size=1, max_size=16),
                st.sampled_from((0, 1, 2**31, 2**32 - 1, 2**62, 2**63, 2**64 - 1)).map(
                    lambda number: struct.pack("<Q", number)
                ),
            )
        )
        content[at : at + len(patch)] = patch
    if data.draw(st.booleans()):
        del content[data.draw(st.integers(0, 4000)) :]
    path = tmp_path / "hostile.gguf"
    path.write_bytes(content)
    try:
        assert isinstance(read_header(path), GgufHeader)
    except ModelError as error:
        assert error.sentence()
