"""Trains the pocket model: resumable, from a seed, within a time budget, on a GPU if there is one.

Dialogues of similar length share a batch, padded at the end, so no dialogue ever sees another. The loss
counts the assistant's tokens fully and a tenth of the others a little. Matrices are trained with Muon, the
rest with AdamW; the learning rate falls to zero along a cosine over the budget.
"""

import argparse
import json
import math
import random
import signal
import time
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import checkpoints
import torch
import torch.nn.functional as F
from chat import ChatEncoder
from export import read_gguf
from induction import plant
from model import PocketConfig, PocketModel
from tokenizers import Tokenizer
from torch import Tensor


@dataclass(frozen=True)
class Example:
    """One tokenised dialogue."""

    ids: array  # type: ignore[type-arg]
    ours: bytes
    """1 where the assistant has to produce the token."""


@dataclass
class Progress:
    """What a resumed run has to know."""

    step: int = 0
    tokens: int = 0
    seconds: float = 0.0


def read(data: Path, tokenizer: Tokenizer, longest: int) -> list[Example]:
    """Tokenise the data file; dialogues of more than `longest` tokens are left out."""
    encoder = ChatEncoder(tokenizer)
    examples = []
    with data.open(encoding="utf-8") as file:
        for line in file:
            item = json.loads(line)
            ids, ours = encoder.encode(item["messages"], item["tools"])
            if len(ids) <= longest:
                examples.append(Example(array("H", ids), bytes(ours)))
    return examples


def batches(examples: list[Example], tokens: int, seed: int, start: int) -> Iterator[list[Example]]:
    """Yield batches of about `tokens` tokens forever; the first `start` batches are skipped, not yielded."""
    number = 0
    for epoch in range(1_000_000):
        rng = random.Random(seed * 1000 + epoch)
        order = sorted(examples, key=lambda example: len(example.ids) * (1 + 0.2 * rng.random()))
        groups: list[list[Example]] = [[]]
        for example in order:
            if groups[-1] and (len(groups[-1]) + 1) * max(len(example.ids), len(groups[-1][-1].ids)) > tokens:
                groups.append([])
            groups[-1].append(example)
        rng.shuffle(groups)
        for group in groups:
            number += 1
            if number > start:
                yield group


def tensors(group: list[Example], seed: int, context: int, others: float) -> tuple[Tensor, Tensor, Tensor]:
    """Return ids, positions and loss weights (batch, time) of a batch.

    A part of the dialogues gets gaps in its positions between tokens, up to the whole context, so that
    distances longer than any training dialogue are not new to the model.
    """
    rng = random.Random(seed)
    chance = torch.Generator().manual_seed(seed)
    width = max(len(example.ids) for example in group)
    ids = torch.zeros(len(group), width, dtype=torch.long)
    weights = torch.zeros(len(group), width)
    positions = torch.arange(width).repeat(len(group), 1)
    for row, example in enumerate(group):
        n = len(example.ids)
        ids[row, :n] = torch.tensor(example.ids, dtype=torch.long)
        ours = torch.frombuffer(bytearray(example.ours), dtype=torch.uint8)
        heard = torch.rand(n, generator=chance) < 0.1
        weights[row, :n] = torch.where(ours == 1, 1.0, torch.where(heard, others, 0.0))
        if rng.random() < 0.25 and width < context:
            for _ in range(rng.randint(1, 4)):
                at = rng.randrange(1, width)
                room = context - 1 - int(positions[row, -1])
                positions[row, at:] += int(room ** rng.random()) if room > 0 else 0
    return ids, positions, weights


def rate(done: float) -> float:
    """Return the factor of the learning rate after the share `done` of the budget: a rise, then a cosine."""
    if done < 0.02:
        return 0.05 + done / 0.02 * 0.95
    return 0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * min(1.0, (done - 0.02) / 0.98)))


def optimisers(model: PocketModel, muon_rate: float, adam_rate: float) -> list[torch.optim.Optimizer]:
    """Return Muon for the matrices of the blocks, and AdamW for embeddings and (slower) norms."""
    blocks = [p for name, p in model.named_parameters() if p.dim() == 2 and name.startswith("layers.")]
    norms = [p for p in model.parameters() if p.dim() == 1]
    muon = torch.optim.Muon(
        blocks, lr=muon_rate, weight_decay=0.05, ns_steps=4, adjust_lr_fn="match_rms_adamw"
    )
    groups = [{"params": [model.embed_tokens.weight]}, {"params": norms, "lr": adam_rate / 10}]
    adam = torch.optim.AdamW(groups, lr=adam_rate, betas=(0.9, 0.98), weight_decay=0.0)
    for optimiser in (muon, adam):
        for group in optimiser.param_groups:
            group["base"] = group["lr"]
    return [muon, adam]


def loss_of(model: PocketModel, ids: Tensor, positions: Tensor, weights: Tensor) -> tuple[Tensor, float]:
    """Return the weighted loss, and the plain mean over the assistant's tokens."""
    hidden = model(ids[:, :-1], positions[:, :-1])
    wanted = weights[:, 1:]
    chosen = wanted > 0
    losses = F.cross_entropy(model.logits(hidden[chosen]).float(), ids[:, 1:][chosen], reduction="none")
    scale = wanted[chosen]
    ours = scale == 1.0
    return (losses * scale).sum() / scale.sum(), float(losses.detach()[ours].mean())


def update(
    model: PocketModel,
    opts: list[torch.optim.Optimizer],
    batch: tuple[Tensor, Tensor, Tensor],
    factor: float,
) -> float:
    """Take one step with the rates times `factor`; return the mean loss of the assistant's tokens."""
    checkpoints.set_rates(opts, factor)
    with torch.autocast(batch[0].device.type, torch.bfloat16):
        loss, ours = loss_of(model, *batch)
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    for optimiser in opts:
        optimiser.step()
        optimiser.zero_grad(set_to_none=True)
    return ours


def save(path: Path, model: PocketModel, opts: list[torch.optim.Optimizer], progress: Progress) -> None:
    """Write a checkpoint atomically."""
    checkpoints.write(path, {"config": model.config.as_dict(), "model": model.state_dict()}, opts, progress)


def resume(path: Path, model: PocketModel, opts: list[torch.optim.Optimizer]) -> Progress:
    """Load a checkpoint into model and optimisers; the learning rates stay as they were just set."""
    state = checkpoints.read(path, next(model.parameters()).device, opts)
    model.load_state_dict(state["model"])
    return Progress(**state["progress"])


def main() -> None:
    """Train until the budget is spent."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("tokenizer", type=Path)
    parser.add_argument(
        "checkpoint", type=Path, help="written every --save-every seconds, resumed when it exists"
    )
    parser.add_argument("--start", type=Path, help="a GGUF of this model whose weights to go on from")
    parser.add_argument("--minutes", type=float, default=60, help="training time over all runs")
    parser.add_argument("--until", type=float, default=0, help="end at this Unix time instead")
    parser.add_argument(
        "--stop-after", type=float, default=0, help="save and stop after this many minutes of the budget"
    )
    parser.add_argument("--save-every", type=float, default=180)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--batch-tokens", type=int, default=2048)
    parser.add_argument("--longest", type=int, default=512)
    parser.add_argument("--muon-rate", type=float, default=4e-3)
    parser.add_argument("--adam-rate", type=float, default=1.5e-3)
    parser.add_argument("--others", type=float, default=0.3, help="loss weight of tokens that are not ours")
    parser.add_argument(
        "--plain",
        action="store_true",
        help="do not compile the blocks, which is 1.4 times as fast but needs g++",
    )
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    tokenizer = Tokenizer.from_file(str(options.tokenizer))
    model = PocketModel(PocketConfig(vocab_size=tokenizer.get_vocab_size()))
    plant(model)
    if options.start:
        model.load_state_dict(read_gguf(options.start)[1])
    model.to(device)
    if not options.plain:
        for layer in model.layers:
            layer.compile(dynamic=True)
    opts = optimisers(model, options.muon_rate, options.adam_rate)
    examples = read(options.data, tokenizer, options.longest)
    total = sum(len(example.ids) for example in examples)
    print(
        f"{len(examples)} dialogues, {total} tokens, {sum(p.numel() for p in model.parameters())} parameters",
        flush=True,
    )
    progress = Progress()
    if options.checkpoint.exists():
        progress = resume(options.checkpoint, model, opts)
    stopped: list[int] = []
    for wish in (signal.SIGINT, signal.SIGTERM):  # save first, whoever wants it to end
        signal.signal(wish, lambda number, _frame: stopped.append(number))
    began = time.time() - progress.seconds
    budget = options.until - began if options.until else options.minutes * 60
    saved_at = shown_at = time.time()
    mean = 0.0
    context = model.config.max_position_embeddings
    dialogues = batches(examples, options.batch_tokens, options.seed, progress.step)
    done = progress.seconds / budget
    last = min(1.0, options.stop_after * 60 / budget) if options.stop_after else 1.0
    while done < last and not stopped:
        seed = options.seed + progress.step
        ids, positions, weights = tensors(next(dialogues), seed, context, options.others)
        ours = update(model, opts, (ids.to(device), positions.to(device), weights.to(device)), rate(done))
        mean = ours if not mean else 0.95 * mean + 0.05 * ours
        progress.step += 1
        progress.tokens += int((ids != 0).sum())
        progress.seconds = time.time() - began
        done = progress.seconds / budget
        if time.time() - shown_at > 20:
            shown_at = time.time()
            print(
                f"{progress.seconds / 60:.1f} min step {progress.step} tokens {progress.tokens} "
                f"loss {mean:.3f} rate {rate(done):.2f}",
                flush=True,
            )
        if done >= last or stopped or time.time() - saved_at > options.save_every:
            saved_at = time.time()
            save(options.checkpoint, model, opts, progress)


if __name__ == "__main__":
    main()
