"""Writes the trained pocket Whisper as a checkpoint that `whisper.load_model` loads, in half precision."""

import argparse
from dataclasses import asdict
from pathlib import Path

import torch
from network import Learner
from pieces import Pieces


def main() -> None:
    """Write one file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("checkpoint", type=Path, help="what train.py wrote")
    parser.add_argument("output", type=Path)
    parser.add_argument("--pieces", type=Path, default=Path(__file__).with_name("pieces.json"))
    options = parser.parse_args()
    pieces = Pieces.read(options.pieces)
    learner = Learner(len(pieces.ids), pieces.text_rows)
    learner.load_state_dict(torch.load(options.checkpoint, map_location="cpu", weights_only=True)["learner"])
    whole = learner.full(pieces.ids)
    weights = {name: tensor.half() for name, tensor in whole.state_dict().items()}
    torch.save({"dims": asdict(whole.dims), "model_state_dict": weights}, options.output)
    print(f"{options.output.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
