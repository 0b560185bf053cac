"""Renders the training material: spectra of spoken sentences, and of noise, written to a folder.

A recording is kept as the logarithm of its mel power, trimmed and clean; distance, noise, echo, speed and
voice are varied when it is used (augment.py), so one recording gives many examples.
"""

import argparse
import itertools
import json
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from pieces import Pieces
from sentences import sentences
from speech import NOISES, Sound, draw_voice, noise, silence, speak, trimmed
from whisper.audio import HOP_LENGTH, N_FFT, mel_filters

NOISE_SECONDS = 12
"""Length of a noise recording."""
BLOCK = 1000
"""Recordings in which no sentence comes twice."""


def log_power(sound: Sound) -> NDArray[np.float16]:
    """Return log10 of the mel power, (frames, 80), as Whisper computes it before it normalises."""
    wave = torch.from_numpy(sound)
    spectrum = torch.stft(wave, N_FFT, HOP_LENGTH, window=torch.hann_window(N_FFT), return_complex=True)
    mel = mel_filters(torch.device("cpu"), 80) @ (spectrum[..., :-1].abs() ** 2)
    return torch.clamp(mel, min=1e-10).log10().T.to(torch.float16).numpy()


def babble(rng: np.random.Generator) -> Sound:
    """Return several voices at once, root mean square at 0.1."""
    total = silence(NOISE_SECONDS)
    pool = list(itertools.islice(sentences(int(rng.integers(1 << 30))), 40))
    for _ in range(int(rng.integers(4, 10))):
        voices = np.concatenate([speak(text, draw_voice(rng))[0] for text in rng.choice(pool, 6)])
        total += np.resize(np.roll(voices, int(rng.integers(len(voices)))), len(total)) * rng.uniform(0.4, 1)
    return (total * (0.1 / np.sqrt(np.mean(total**2)))).astype(np.float32)


def _texts(seed: int) -> Iterator[str]:
    """Yield sentences, every block drawn anew, so that short everyday ones come in many voices."""
    for block in itertools.count():
        yield from itertools.islice(sentences(seed * 1000 + block), BLOCK)


def render(folder: Path, count: int, seed: int) -> None:
    """Append recordings until there are `count`; with one seed, recording i is always the same."""
    have = _items(folder)
    texts = itertools.islice(_texts(seed), len(have), count)
    began = time.time()
    with (folder / "items.jsonl").open("a") as items, (folder / "mels.f16").open("ab") as mels:
        for number, text in enumerate(texts, len(have)):
            voice = draw_voice(np.random.default_rng([seed, number]))
            sound, phonemes = speak(text, voice)
            mel = log_power(np.pad(trimmed(sound), 800))
            mel.tofile(mels)
            items.write(
                json.dumps({"text": text, "phonemes": phonemes, "voice": voice.name, "frames": len(mel)})
                + "\n"
            )
            if number % 2000 == 1999:
                print(f"{number + 1} recordings, {time.time() - began:.0f} s", flush=True)


def _items(folder: Path) -> list[dict]:  # type: ignore[type-arg]
    """Return the items on disk, cutting off what an interrupted run left half written."""
    items, mels = folder / "items.jsonl", folder / "mels.f16"
    if not items.exists() or not mels.exists():
        return []
    lines = items.read_text("utf-8").splitlines(keepends=True)
    whole = [json.loads(line) for line in lines if line.endswith("\n")]
    room = mels.stat().st_size // 160
    while sum(item["frames"] for item in whole) > room:
        whole.pop()
    with items.open("r+b") as file:
        file.truncate(sum(len(line.encode()) for line in lines[: len(whole)]))
    with mels.open("r+b") as file:
        file.truncate(160 * sum(item["frames"] for item in whole))
    return whole


def render_noises(folder: Path, each: int, seed: int) -> None:
    """Write `each` recordings of every kind of noise and of babble."""
    rng = np.random.default_rng([seed, 7])
    for kind in (*NOISES, "babble"):
        made = (babble(rng) if kind == "babble" else noise(kind, NOISE_SECONDS, rng) for _ in range(each))
        np.save(folder / f"noise-{kind}.npy", np.stack([log_power(sound) for sound in made]))


def main() -> None:
    """Render recordings and noises, and choose the pieces when there are none yet."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--count", type=int, default=30_000)
    parser.add_argument("--noises", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--pieces", type=Path, default=Path(__file__).with_name("pieces.json"))
    options = parser.parse_args()
    torch.set_num_threads(1)
    options.folder.mkdir(parents=True, exist_ok=True)
    if not options.pieces.exists():
        Pieces.of(itertools.islice(sentences(options.seed), 40_000)).write(options.pieces)
    if not (options.folder / "noise-babble.npy").exists():
        render_noises(options.folder, options.noises, options.seed)
    render(options.folder, options.count, options.seed)


if __name__ == "__main__":
    main()
