"""Exports a checkpoint: a transformers folder (safetensors) and GGUF files in F16 and Q8_0."""

import argparse
import json
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import torch
from build_tokenizer import CONTROL, MARKS
from chat import TEMPLATE_PATH
from safetensors.torch import save_file
from tokenizers import Tokenizer

SAMPLING = {"temp": 0.0, "top_k": 40, "top_p": 0.95, "min_p": 0.05, "penalty_repeat": 1.0}
"""Recommended sampling: copying and app answers want the likeliest token and no penalty on repeating."""
_NAMES = {
    "input_layernorm": "attn_norm",
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "post_attention_layernorm": "ffn_norm",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
}


def load(checkpoint: Path) -> tuple[dict[str, Any], dict[str, torch.Tensor]]:
    """Return the sizes and the weights of a checkpoint."""
    state = torch.load(checkpoint, map_location="cpu", weights_only=True)
    return state["config"], {name: tensor.float().contiguous() for name, tensor in state["model"].items()}


def write_transformers(
    folder: Path, config: dict[str, Any], weights: dict[str, torch.Tensor], tokenizer: Path
) -> None:
    """Write a folder that transformers' AutoModelForCausalLM and AutoTokenizer load."""
    folder.mkdir(parents=True, exist_ok=True)
    ids = Tokenizer.from_file(str(tokenizer))
    end, turn = ids.token_to_id("<|endoftext|>"), ids.token_to_id("<|im_end|>")
    described = {
        **config,
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "num_key_value_heads": config["num_attention_heads"],
        "head_dim": config["hidden_size"] // config["num_attention_heads"],
        "hidden_act": "silu",
        "tie_word_embeddings": True,
        "rope_parameters": {"rope_type": "default", "rope_theta": config["rope_theta"]},
        "bos_token_id": end,
        "eos_token_id": turn,
        "pad_token_id": end,
        "dtype": "float32",
    }
    (folder / "config.json").write_text(json.dumps(described, indent=1), "utf-8")
    (folder / "tokenizer.json").write_text(tokenizer.read_text("utf-8"), "utf-8")
    special = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "eos_token": "<|im_end|>",
        "pad_token": "<|endoftext|>",
        "clean_up_tokenization_spaces": False,
        "model_max_length": config["max_position_embeddings"],
        "chat_template": TEMPLATE_PATH.read_text("utf-8"),
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(special, indent=1, ensure_ascii=False), "utf-8")
    save_file(
        {f"model.{name}": tensor for name, tensor in weights.items()},
        folder / "model.safetensors",
        {"format": "pt"},
    )


def write_gguf(
    path: Path, config: dict[str, Any], weights: dict[str, torch.Tensor], tokenizer: Path, q8: bool
) -> None:
    """Write a GGUF file; matrices in Q8_0 or F16, norms in F32. The tied output matrix is not stored."""
    quantised = gguf.GGMLQuantizationType.Q8_0 if q8 else gguf.GGMLQuantizationType.F16
    writer = gguf.GGUFWriter(path, "llama")
    _describe(writer, config, q8)
    _vocabulary(writer, Tokenizer.from_file(str(tokenizer)))
    heads = config["num_attention_heads"]
    for name, tensor in weights.items():
        data = tensor.numpy()
        if name.endswith(("q_proj.weight", "k_proj.weight")):
            data = _interleave(data, heads)
        stored = gguf.quants.quantize(data, quantised) if data.ndim == 2 else data.astype(np.float32)
        writer.add_tensor(_gguf_name(name), stored, raw_dtype=quantised if data.ndim == 2 else None)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def read_gguf(path: Path) -> tuple[dict[str, Any], dict[str, torch.Tensor]]:
    """Return sizes and weights of a GGUF file that `write_gguf` wrote; quantised matrices are widened."""
    reader = gguf.GGUFReader(path)

    def value(key: str) -> Any:
        return reader.fields[f"llama.{key}"].contents()

    config = {
        "vocab_size": value("vocab_size"),
        "hidden_size": value("embedding_length"),
        "intermediate_size": value("feed_forward_length"),
        "num_hidden_layers": value("block_count"),
        "num_attention_heads": value("attention.head_count"),
        "max_position_embeddings": value("context_length"),
        "rope_theta": value("rope.freq_base"),
        "rms_norm_eps": value("attention.layer_norm_rms_epsilon"),
    }
    stored = {
        tensor.name: gguf.quants.dequantize(tensor.data, tensor.tensor_type) for tensor in reader.tensors
    }
    names = ["embed_tokens.weight", "norm.weight"]
    names += [f"layers.{n}.{part}.weight" for n in range(config["num_hidden_layers"]) for part in _NAMES]
    weights = {}
    for name in names:
        data = stored[_gguf_name(name)]
        if name.endswith(("q_proj.weight", "k_proj.weight")):
            data = _separate(data, config["num_attention_heads"])
        weights[name] = torch.from_numpy(np.array(data, dtype=np.float32))
    return config, weights


def _gguf_name(name: str) -> str:
    if name == "embed_tokens.weight":
        return "token_embd.weight"
    if name == "norm.weight":
        return "output_norm.weight"
    _, layer, rest = name.split(".", 2)
    return f"blk.{layer}.{_NAMES[rest.removesuffix('.weight')]}.weight"


def _interleave(matrix: np.ndarray, heads: int) -> np.ndarray:  # type: ignore[type-arg]
    """Reorder rotary halves into neighbouring pairs (llama.cpp: convert_hf_to_gguf.py, permute)."""
    rows, columns = matrix.shape
    return matrix.reshape(heads, 2, rows // heads // 2, columns).swapaxes(1, 2).reshape(rows, columns)


def _separate(matrix: np.ndarray, heads: int) -> np.ndarray:  # type: ignore[type-arg]
    """Undo `_interleave`."""
    rows, columns = matrix.shape
    return matrix.reshape(heads, rows // heads // 2, 2, columns).swapaxes(1, 2).reshape(rows, columns)


def _describe(writer: gguf.GGUFWriter, config: dict[str, Any], q8: bool) -> None:
    writer.add_name("Pocket")
    writer.add_description("Tiny chat model of the Assistant app: knows the app, not the world.")
    writer.add_license("MIT")
    writer.add_languages(["en", "zh"])
    writer.add_context_length(config["max_position_embeddings"])
    writer.add_embedding_length(config["hidden_size"])
    writer.add_block_count(config["num_hidden_layers"])
    writer.add_feed_forward_length(config["intermediate_size"])
    writer.add_head_count(config["num_attention_heads"])
    writer.add_head_count_kv(config["num_attention_heads"])
    writer.add_rope_dimension_count(config["hidden_size"] // config["num_attention_heads"])
    writer.add_rope_freq_base(config["rope_theta"])
    writer.add_layer_norm_rms_eps(config["rms_norm_eps"])
    writer.add_vocab_size(config["vocab_size"])
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_Q8_0 if q8 else gguf.LlamaFileType.MOSTLY_F16)
    for key, value in SAMPLING.items():
        if isinstance(value, int):
            writer.add_int32(f"general.sampling.{key}", value)
        else:
            writer.add_float32(f"general.sampling.{key}", value)


def _vocabulary(writer: gguf.GGUFWriter, tokenizer: Tokenizer) -> None:
    vocabulary = sorted(tokenizer.get_vocab().items(), key=lambda item: item[1])
    kinds = dict.fromkeys(CONTROL + MARKS, gguf.TokenType.CONTROL)
    merges = json.loads(tokenizer.to_str())["model"]["merges"]
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("qwen2")
    writer.add_token_list([text for text, _ in vocabulary])
    writer.add_token_types([kinds.get(text, gguf.TokenType.NORMAL) for text, _ in vocabulary])
    writer.add_token_merges([" ".join(merge) if isinstance(merge, list) else merge for merge in merges])
    writer.add_eos_token_id(tokenizer.token_to_id("<|im_end|>"))
    writer.add_eot_token_id(tokenizer.token_to_id("<|im_end|>"))
    writer.add_pad_token_id(tokenizer.token_to_id("<|endoftext|>"))
    writer.add_bos_token_id(tokenizer.token_to_id("<|endoftext|>"))
    writer.add_add_bos_token(False)
    writer.add_chat_template(TEMPLATE_PATH.read_text("utf-8").rstrip("\n"))


def main() -> None:
    """Write pocket-f16.gguf, pocket.gguf (Q8_0) and the folder `transformers` below `output`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("tokenizer", type=Path)
    parser.add_argument("output", type=Path)
    parser.add_argument(
        "--samples", type=Path, help="JSON list of texts; their tokens go to tokens.json beside it"
    )
    options = parser.parse_args()
    config, weights = load(options.checkpoint)
    options.output.mkdir(parents=True, exist_ok=True)
    write_transformers(options.output / "transformers", config, weights, options.tokenizer)
    write_gguf(options.output / "pocket-f16.gguf", config, weights, options.tokenizer, q8=False)
    write_gguf(options.output / "pocket.gguf", config, weights, options.tokenizer, q8=True)
    if options.samples:
        tokenizer = Tokenizer.from_file(str(options.tokenizer))
        texts = json.loads(options.samples.read_text("utf-8"))
        tokens = [tokenizer.encode(text, add_special_tokens=False).ids for text in texts]
        options.samples.with_name("tokens.json").write_text(json.dumps(tokens) + "\n", "utf-8")


if __name__ == "__main__":
    main()
