"""Trains the pocket Whisper: resumable, from a seed, within a time budget, on a GPU if there is one.

The encoder learns the phonemes (CTC) beside the text, which teaches it to listen within minutes. Windows are
as short as the sentences, for a window of 30 s costs fifteen times as much; whole ones come at the end.
Matrices are trained with Muon, the rest with AdamW; the learning rate falls to zero along a cosine.
"""

import argparse
import math
import random
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from augment import Batch, Material
from network import Learner
from pieces import Pieces
from whisper.model import disable_sdpa

sys.path.insert(1, str(Path(__file__).parents[1]))

import checkpoints


@dataclass
class Progress:
    """What a resumed run has to know."""

    step: int = 0
    examples: int = 0
    seconds: float = 0.0


def rate(done: float) -> float:
    """Return the factor of the learning rate after the share `done` of the budget: a rise, then a cosine."""
    if done < 0.02:
        return 0.05 + done / 0.02 * 0.95
    return 0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * min(1.0, (done - 0.02) / 0.98)))


def window(done: float, seed: int) -> int:
    """Return the frames of a batch's window after the share `done` of the budget; 0: as needed."""
    chance = random.Random(seed).random()
    if done > 0.7 and chance < 0.14:
        return 3000
    return 0 if done < 0.1 or chance < 0.94 else 800 if chance < 0.97 else 1200


def optimisers(learner: Learner, muon_rate: float, adam_rate: float) -> list[torch.optim.Optimizer]:
    """Return Muon for the matrices of the blocks and AdamW for all others."""
    names = dict(learner.named_parameters())
    matrices = [p for name, p in names.items() if ".blocks." in name and p.dim() == 2]
    chosen = {id(p) for p in matrices}
    rest = [p for p in names.values() if id(p) not in chosen]
    muon = torch.optim.Muon(
        matrices, lr=muon_rate, weight_decay=0.05, ns_steps=4, adjust_lr_fn="match_rms_adamw"
    )
    adam = torch.optim.AdamW(rest, lr=adam_rate, betas=(0.9, 0.98), weight_decay=0.0)
    for optimiser in (muon, adam):
        for group in optimiser.param_groups:
            group["base"] = group["lr"]
    return [muon, adam]


def moved(batch: Batch, device: torch.device) -> Batch:
    """Return the batch on `device`."""
    return Batch(*(getattr(batch, name).to(device) for name in Batch.__dataclass_fields__))


def update(
    learner: Learner, opts: list[torch.optim.Optimizer], batch: Batch, factor: float, wrong: float
) -> list[float]:
    """Take one step with the rates times `factor`; return the losses of text and phonemes."""
    checkpoints.set_rates(opts, factor)
    replaced = torch.rand(batch.inputs.shape, device=batch.inputs.device) < wrong
    replaced[:, :2] = False
    others = torch.where(replaced, torch.randint_like(batch.inputs, learner.text_rows), -1)
    with torch.autocast(batch.mels.device.type, torch.bfloat16), disable_sdpa():
        text, spoken = learner.losses(batch, others)
    (text + 0.3 * spoken).backward()
    torch.nn.utils.clip_grad_norm_(learner.parameters(), 1.0)
    for optimiser in opts:
        optimiser.step()
        optimiser.zero_grad(set_to_none=True)
    return [float(text.detach()), float(spoken.detach())]


def save(path: Path, learner: Learner, opts: list[torch.optim.Optimizer], progress: Progress) -> None:
    """Write a checkpoint atomically."""
    checkpoints.write(
        path, {"dims": asdict(learner.whisper.dims), "learner": learner.state_dict()}, opts, progress
    )


def resume(path: Path, learner: Learner, opts: list[torch.optim.Optimizer]) -> Progress:
    """Load a checkpoint into learner and optimisers; the base rates stay as they were just set."""
    state = checkpoints.read(path, next(learner.parameters()).device, opts)
    learner.load_state_dict(state["learner"])
    return Progress(**state["progress"])


def main() -> None:
    """Train until the budget is spent."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="what recordings.py made")
    parser.add_argument(
        "checkpoint", type=Path, help="written every --save-every seconds, resumed when it exists"
    )
    parser.add_argument("--minutes", type=float, default=75, help="training time over all runs")
    parser.add_argument("--until", type=float, default=0, help="end at this Unix time instead")
    parser.add_argument("--save-every", type=float, default=120)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--batch-frames", type=int, default=8000)
    parser.add_argument("--muon-rate", type=float, default=3e-3)
    parser.add_argument("--adam-rate", type=float, default=2e-3)
    parser.add_argument(
        "--wrong", type=float, default=0.04, help="share of the decoder's inputs that are replaced"
    )
    parser.add_argument("--pieces", type=Path, default=Path(__file__).with_name("pieces.json"))
    parser.add_argument(
        "--plain",
        action="store_true",
        help="do not compile the blocks, which is 1.3 times as fast but needs g++",
    )
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    pieces = Pieces.read(options.pieces)
    learner = Learner(len(pieces.ids), pieces.text_rows).to(device)
    if not options.plain:
        for block in (*learner.whisper.encoder.blocks, *learner.whisper.decoder.blocks):
            block.compile(dynamic=True)
    opts = optimisers(learner, options.muon_rate, options.adam_rate)
    progress = resume(options.checkpoint, learner, opts) if options.checkpoint.exists() else Progress()
    material = Material(options.folder, pieces)
    print(f"{len(material.recordings)} recordings, {sum(p.numel() for p in learner.parameters())} parameters")
    began = time.time() - progress.seconds
    budget = options.until - began if options.until else options.minutes * 60
    saved_at = shown_at = time.time()
    mean: list[float] = []
    groups = material.groups(options.batch_frames, options.seed, progress.step)
    done = progress.seconds / budget
    while done < 1:
        seed = options.seed + progress.step
        group, frames = next(groups), window(done, seed)
        if frames:
            group = group[: max(3, options.batch_frames // frames)]
        batch = moved(material.batch(group, seed, frames), device)
        losses = update(learner, opts, batch, rate(done), options.wrong)
        mean = [0.97 * m + 0.03 * x for m, x in zip(mean, losses, strict=True)] if mean else losses
        progress.step += 1
        progress.examples += len(batch.mels)
        progress.seconds = time.time() - began
        done = progress.seconds / budget
        if time.time() - shown_at > 20:
            shown_at = time.time()
            print(
                f"{progress.seconds / 60:.1f} min step {progress.step} examples {progress.examples} "
                f"text {mean[0]:.3f} phonemes {mean[1]:.3f} rate {rate(done):.2f}",
                flush=True,
            )
        if done >= 1 or time.time() - saved_at > options.save_every:
            saved_at = time.time()
            save(options.checkpoint, learner, opts, progress)


if __name__ == "__main__":
    main()
