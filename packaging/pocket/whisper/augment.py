"""Makes training batches from recordings: another speed, throat, distance, room, noise each time.

All of it happens on spectra, which is a hundred times cheaper than on sound: stretching time is speed,
stretching the frequencies is the size of the speaker, powers of independent sounds add up.
"""

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from pieces import Pieces
from speech import NOISES
from torch import Tensor

FLOOR = -10.0
"""log10 of the least power that Whisper knows."""


PHONEMES = (
    ": @ @L A: A@ D E I IR N O O: O@ OI S T U U@ V VR Z a aI aI@ aU aa b d dZ e@ eI f g h i i: i@ j k l m n "
    "o@ oU p r s t tS u: v w z"
).split()
"""espeak-ng's English phonemes without stress and variants; 0 stands for the blank of CTC."""


@dataclass(frozen=True)
class Recording:
    """One spoken sentence: where its spectrum lies, and what is said."""

    start: int
    frames: int
    text: str
    phonemes: tuple[int, ...]


@dataclass(frozen=True)
class Batch:
    """Spectra as Whisper normalises them, the decoder's input and labels (-1: no label), phonemes."""

    mels: Tensor
    inputs: Tensor
    labels: Tensor
    weights: Tensor
    phonemes: Tensor
    phoneme_counts: Tensor


class Material:
    """The recordings and noises of a folder that recordings.py made."""

    def __init__(self, folder: Path, pieces: Pieces) -> None:
        self.pieces = pieces
        self.mels = np.memmap(folder / "mels.f16", np.float16, "r").reshape(-1, 80)
        self.noises = {
            kind: torch.from_numpy(np.load(folder / f"noise-{kind}.npy")).float()
            for kind in (*NOISES, "babble")
        }
        symbols = {mark: number for number, mark in enumerate(PHONEMES, 1)}
        self.recordings: list[Recording] = []
        start = 0
        for line in (folder / "items.jsonl").read_text("utf-8").splitlines():
            item = json.loads(line)
            bare = ("".join(c for c in mark if c.isalpha() or c in "@:") for mark in item["phonemes"])
            known = tuple(symbols[mark] for mark in bare if mark in symbols)
            if start + item["frames"] <= len(self.mels):
                self.recordings.append(Recording(start, item["frames"], item["text"], known))
            start += item["frames"]

    def groups(self, frames: int, seed: int, start: int) -> Iterator[list[Recording]]:
        """Yield groups of recordings of similar length, about `frames` in all, from group `start` on."""
        number = 0
        for epoch in range(1_000_000):
            rng = random.Random(seed * 1000 + epoch)
            order = sorted(self.recordings, key=lambda item: item.frames * (1 + 0.3 * rng.random()))
            groups: list[list[Recording]] = [[]]
            widest = 0
            for item in order:
                widest = max(widest, item.frames)
                if groups[-1] and (len(groups[-1]) + 1) * (widest + 120) > frames:
                    groups.append([])
                    widest = item.frames
                groups[-1].append(item)
            rng.shuffle(groups)
            for group in groups:
                number += 1
                if number > start:
                    yield group

    def batch(self, group: list[Recording], seed: int, window: int = 0) -> Batch:
        """Return a batch of the group and some rows without speech.

        `window` is the number of frames of each row; 0: as many as the longest row needs and some more.
        """
        rng = random.Random(seed)
        dice = torch.Generator().manual_seed(seed)
        said: list[tuple[Recording, ...]] = [(item,) for item in group]
        if window:
            said = [self._joined(item, rng, window) for item in group]
        said += [()] * max(1, round(len(group) * 0.08))
        return self._mixed(said, rng, dice, window)

    def _joined(self, first: Recording, rng: random.Random, window: int) -> tuple[Recording, ...]:
        """Return `first` and, sometimes, more sentences after it, as far as the window holds them."""
        chosen = [first]
        while rng.random() < 0.45:
            more = rng.choice(self.recordings)
            if sum(item.frames + 60 for item in chosen) + more.frames > 0.75 * window:
                break
            chosen.append(more)
        return tuple(chosen)

    def _mixed(
        self, said: list[tuple[Recording, ...]], rng: random.Random, dice: torch.Generator, window: int
    ) -> Batch:
        sources = [self._source(parts, rng) for parts in said]
        longest = max(len(source) for source in sources)
        logs = torch.zeros(len(said), longest, 80)
        for row, source in enumerate(sources):
            logs[row, : len(source)] = source
        speed = [rng.uniform(0.87, 1.15) if rng.random() < 0.7 else 1.0 for _ in said]
        latest = rng.choices([12, 30, 60, 110, 210], [3, 3, 2, 1, 1])[0]
        lead = [rng.randrange(2, latest) for _ in said]
        ends = [lead[i] + len(source) / speed[i] for i, source in enumerate(sources)]
        spare = rng.randrange(10, rng.choice([30, 60, 200]))
        width = window or (int(max(ends)) + spare) // 2 * 2
        power = self._power(self._placed(logs, speed, lead, width, rng), rng, dice)
        for row, parts in enumerate(said):
            if not parts and rng.random() < 0.85:
                power[row] = 0  # the rest keep a fragment too short to be a word
        self._add_noise(power, said, rng)
        normal = torch.clamp(power, min=1e-10).log10()
        normal = torch.maximum(normal, normal.amax((1, 2), keepdim=True) - 8)
        inputs, labels, weights = self._texts(said, ends, rng)
        marks = [[mark for part in parts for mark in part.phonemes] for parts in said]
        counts = torch.tensor([len(row) for row in marks])
        return Batch(
            ((normal + 4) / 4).transpose(1, 2).contiguous(), inputs, labels, weights,
            torch.tensor([mark for row in marks for mark in row], dtype=torch.long), counts,
        )  # fmt: skip

    def _source(self, parts: tuple[Recording, ...], rng: random.Random) -> Tensor:
        """Return the parts' spectra one after the other, raised so that no sound at all is 0."""
        if not parts:
            item = rng.choice(self.recordings)
            at = item.start + rng.randrange(max(1, item.frames - 8))
            return torch.from_numpy(self.mels[at : at + rng.randrange(2, 8)].astype(np.float32)) - FLOOR
        pieces = []
        for item in parts:
            pieces.append(
                torch.from_numpy(self.mels[item.start : item.start + item.frames].astype(np.float32)) - FLOOR
            )
            pieces.append(torch.zeros(rng.randrange(15, 70), 80))
        return torch.cat(pieces[:-1])

    def _placed(
        self, logs: Tensor, speed: list[float], lead: list[int], width: int, rng: random.Random
    ) -> Tensor:
        """Return the spectra (rows, width, 80) after their silence, stretched in time and frequency."""
        rows, longest, _ = logs.shape
        rate = torch.tensor(speed)[:, None]
        time = (torch.arange(width)[None] - torch.tensor(lead)[:, None]) * rate
        throat = torch.tensor([rng.uniform(0.93, 1.09) if rng.random() < 0.6 else 1.0 for _ in range(rows)])
        height = (torch.arange(80)[None] * throat[:, None]).clamp(max=79)
        grid = torch.empty(rows, width, 80, 2)
        grid[..., 0] = (height / 79 * 2 - 1)[:, None, :]
        grid[..., 1] = (time / max(1, longest - 1) * 2 - 1)[:, :, None]
        return F.grid_sample(logs[:, None], grid, align_corners=True)[:, 0] + FLOOR

    def _power(self, logs: Tensor, rng: random.Random, dice: torch.Generator) -> Tensor:
        """Return powers after a random room, microphone and loudness."""
        rows, width, _ = logs.shape
        knots = torch.randn(rows, 1, 7, generator=dice) * 0.35
        curve = F.interpolate(knots, 80, mode="linear", align_corners=True)[:, 0]
        curve *= (torch.rand(rows, 1, generator=dice) < 0.5).float()
        bins = torch.arange(80)
        for row in range(rows):
            if rng.random() < 0.15:
                curve[row] -= 3.0 * (bins > rng.randrange(52, 78)).float()
            if rng.random() < 0.15:
                curve[row] -= 2.0 * (bins < rng.randrange(2, 12)).float()
        gain = torch.rand(rows, 1, 1, generator=dice) * 3.0 - 2.4
        power = 10 ** (logs + curve[:, None] + gain)
        power = torch.where(logs > FLOOR + 0.01, power, torch.zeros(()))
        if rng.random() < 0.5:
            taps = torch.arange(1, 40)
            echo = rng.uniform(0.01, 0.12) * torch.exp(-taps / rng.uniform(2, 8))
            kernel = torch.cat([torch.ones(1), echo]).flip(0).view(1, 1, -1)
            some = torch.rand(rows, generator=dice) < 0.5
            if bool(some.any()):
                flat = power[some].transpose(1, 2).reshape(-1, 1, width)
                wet = F.conv1d(F.pad(flat, (len(taps), 0)), kernel)
                power[some] = wet.view(-1, 80, width).transpose(1, 2)
        return power

    def _add_noise(self, power: Tensor, said: list[tuple[Recording, ...]], rng: random.Random) -> None:
        width = power.shape[1]
        for row, parts in enumerate(said):
            for _ in range(rng.choice([0, 0, 1, 1, 1, 2])):
                kind = rng.choice(list(self.noises))
                clips = self.noises[kind]
                clip = clips[rng.randrange(len(clips))]
                at = rng.randrange(len(clip))
                sound = 10 ** torch.roll(clip, -at, 0).repeat(-(-width // len(clip)), 1)[:width]
                if parts:
                    active = power[row].sum(1)
                    level = float(active[active > active.max() * 1e-4].mean()) * 10 ** -rng.uniform(1.0, 4.5)
                    if kind == "babble":
                        level *= 0.3
                else:
                    level = float(sound.sum(1).mean()) * 10 ** rng.uniform(-6.5, 0.8)
                    if kind == "babble":
                        level *= 10 ** rng.uniform(-4, -1)
                power[row] += sound * (level / max(1e-12, float(sound.sum(1).mean())))

    def _texts(
        self, said: list[tuple[Recording, ...]], ends: list[float], rng: random.Random
    ) -> tuple[Tensor, ...]:
        """Return decoder inputs, labels and weights, half of the rows with timestamps."""
        pieces = self.pieces
        inputs, labels = [], []
        for parts, end in zip(said, ends, strict=True):
            words = [row for part in parts for row in pieces.rows(part.text)]
            heard = pieces.times[0] if parts else pieces.silent
            if rng.random() < 0.5:
                closing = [pieces.times[round(end / 10)]] if parts else []
                inputs.append([pieces.start, pieces.times[0], *words, *closing])
                labels.append([heard, *words, *closing, pieces.end])
            else:
                written = words or [pieces.nothing]
                inputs.append([pieces.start, pieces.plain, *written])
                labels.append([heard, *written, pieces.end])
        length = max(len(row) for row in inputs)
        given = torch.tensor([row + [pieces.end] * (length - len(row)) for row in inputs])
        wanted = torch.tensor([row + [-1] * (length - len(row)) for row in labels])
        weights = torch.where((wanted >= pieces.times[1]) & (wanted <= pieces.times[-1]), 0.3, 1.0)
        return given, wanted, weights
