"""Sound at 16 kHz: sentences spoken by espeak-ng, and everything that is not speech."""

import functools
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

RATE = 16_000
"""Samples a second, as Whisper expects."""
Sound = NDArray[np.float32]

ACCENTS = ("en-us", "en-us", "en-us", "en-gb", "en-gb", "en-gb-scotland", "en-us-nyc", "en-gb-x-gbclan")
"""Accents of the training, by weight."""
VARIANTS = (
    "m1 m2 m4 m5 m7 m8 f1 f2 f4 f5 Alex Andy Denis Gene Lee Mario Michael adam anika belinda caleb david "
    "edward grandma grandpa john linda marcelo max michel miguel norbert paul pedro quincy robert sandro "
    "shelby steph2 travis Andrea Gene2 Henrique Jacky Mike Nguyen RicishayMax RicishayMax2 RicishayMax3 "
    "Storm Tweaky antonio aunty boris ed edward2 gustave iven iven2 iven3 kaukovalta pablo zac klatt klatt2 "
    "klatt3 klatt4 klatt5 klatt6 steph3 announcer"
).split()
"""Voices of the training."""
HELD_VARIANTS = "m3 m6 f3 Annie Diogo Hugo Marco Alicia rob steph victor benjamin".split()
"""Voices that only the evaluation hears."""
HELD_ACCENT = "en-gb-x-rp"
"""An accent that only the evaluation hears."""
MADE_VARIANTS = 1000
"""Voices of the training that espeak-ng does not bring along: `made0`, `made1` … (made_variant)."""
_MADE_SHARE = 0.6
"""Share of the training's sentences that they speak: its own alone do not teach what a voice is."""


@dataclass(frozen=True)
class Voice:
    """How espeak-ng speaks: voice name, words a minute, pitch from 0 to 99."""

    name: str
    speed: int = 160
    pitch: int = 50


def draw_voice(rng: np.random.Generator, held: bool = False) -> Voice:
    """Return a voice of the training, or with `held` one that is never trained."""
    accent = str(rng.choice(ACCENTS))
    variant = str(rng.choice(HELD_VARIANTS if held else VARIANTS))
    plain = not held and rng.random() < 0.12
    if not held and not plain and rng.random() < _MADE_SHARE:
        variant = f"made{rng.integers(MADE_VARIANTS)}"
    name = accent if plain else f"{accent}+{variant}"
    return Voice(name, int(rng.integers(125, 205)), int(rng.integers(25, 76)))


def made_variant(number: int) -> str:
    """Return espeak-ng's description of a voice drawn at random, for one number always the same.

    Pitches are in Hz, frequencies, heights and widths of the formants in percent, and the ranges those that
    the voices of the training span.
    """
    rng = np.random.default_rng([number, 90])

    def some(share: float) -> bool:
        return bool(rng.random() < share)

    def drawn(low: float, high: float, count: int) -> str:
        return " ".join(str(round(value)) for value in rng.uniform(low, high, count))

    def trait(share: float, name: str, *ranges: tuple[float, float, int]) -> None:
        if some(share):
            lines.append(f"{name} {' '.join(drawn(*limits) for limits in ranges)}")

    base = 52 * 4.2 ** rng.random()
    # Small throats have high voices, mostly.
    size = 100 * (0.9 + 0.3 * np.log(base / 52) / np.log(4.2) + rng.normal(0, 0.05))
    dull = some(0.25)
    top = base * rng.uniform(1.15, 1.95)
    lines = ["language variant", f"name made{number}", f"pitch {base:.0f} {top:.0f}"]
    for formant in range(9):
        place = 100 + (size - 100) * (0.3 if formant == 0 else 1)
        place *= rng.uniform(0.3, 0.8) if dull and formant > 3 else rng.normal(1, 0.04)
        strength = 0 if formant > 5 and some(0.3) else rng.uniform(55, 160)
        lines.append(f"formant {formant} {place:.0f} {strength:.0f} {rng.uniform(55, 165):.0f}")
    trait(0.5, "voicing", (30, 150, 1))
    trait(0.6, "consonants", (40, 150, 2))
    trait(0.3, "breath 0", (0, 6, 7))
    trait(0.4, "flutter", (0, 10, 1))
    trait(0.4, "roughness", (0, 6, 1))
    trait(0.2, "echo", (80, 160, 1), (5, 100, 1))
    if some(0.4):
        levels = rng.integers(10, 256, 4)
        places = np.sort(rng.uniform(100, 3600, 4))
        pairs = (f"{at:.0f} {level}" for at, level in zip(places, levels, strict=True))
        lines.append(f"tone {' '.join(pairs)}")
    trait(0.3, "stressAdd", (-30, 90, 8))
    trait(0.4, "stressAmp", (14, 25, 8))
    if some(0.3):
        lines.append(f"intonation {rng.integers(1, 5)}")
    if some(0.15):
        lines.append(f"klatt {rng.integers(1, 7)}")
    return "\n".join(lines) + "\n"


@functools.cache
def _data() -> "tempfile.TemporaryDirectory[str]":
    """Return a folder with espeak-ng's data, linked, to which a voice can be added."""
    run = subprocess.run(["espeak-ng", "--version"], stdout=subprocess.PIPE, text=True, check=True)
    own = Path(run.stdout.rpartition("Data at: ")[2].strip())
    folder = tempfile.TemporaryDirectory(dir=_memory())
    data = Path(folder.name, "espeak-ng-data")
    variants = data / "voices" / "!v"
    variants.mkdir(parents=True)
    for there, here in ((own, data), (own / "voices", data / "voices"), (own / "voices" / "!v", variants)):
        for entry in there.iterdir():
            if not (here / entry.name).exists():
                (here / entry.name).symlink_to(entry)
    return folder


@contextmanager
def _options_of(voice: Voice) -> Iterator[list[str]]:
    """Give espeak-ng's options for `voice`; made voices are there one at a time, for it reads 350 at most."""
    options = ["-v", voice.name, "-s", str(voice.speed), "-p", str(voice.pitch)]
    _accent, _plus, variant = voice.name.partition("+")
    if not variant.startswith("made"):
        yield options
        return
    folder = _data().name
    file = Path(folder, "espeak-ng-data", "voices", "!v", variant)
    file.write_text(made_variant(int(variant.removeprefix("made"))))
    try:
        yield [f"--path={folder}", *options]
    finally:
        file.unlink()


def speak(text: str, voice: Voice) -> tuple[Sound, list[str]]:
    """Return the sound of `text`, peak at half of full scale, and its phonemes in espeak-ng's notation.

    Raises OSError when espeak-ng is missing, CalledProcessError when it refuses the voice.
    """
    with tempfile.NamedTemporaryFile("r", dir=_memory()) as notes, _options_of(voice) as options:
        command = ["espeak-ng", *options, "-x", "--sep=_", f"--phonout={notes.name}", "--stdout", "--", text]
        run = subprocess.run(command, stdout=subprocess.PIPE, check=True)
        phonemes = notes.read().replace("_", " ").split()
    at = run.stdout.index(b"data") + 8
    rate = int.from_bytes(run.stdout[24:28], "little")
    samples = np.frombuffer(run.stdout[at : at + (len(run.stdout) - at) // 2 * 2], dtype="<i2")
    sound = resample(samples.astype(np.float32) / 32768, rate)
    return sound * (0.5 / max(1e-3, float(np.abs(sound).max()))), phonemes


def _memory() -> str | None:
    return "/dev/shm" if Path("/dev/shm").is_dir() else None


def resample(sound: Sound, rate: int) -> Sound:
    """Return `sound` at 16 kHz, band-limited exactly by way of its spectrum."""
    length = round(len(sound) * RATE / rate)
    padded = np.concatenate([sound, np.zeros(rate // 10, np.float32)])
    whole = round(len(padded) * RATE / rate)
    spectrum = np.fft.rfft(padded)[: whole // 2 + 1]
    if len(spectrum) < whole // 2 + 1:
        spectrum = np.pad(spectrum, (0, whole // 2 + 1 - len(spectrum)))
    return (np.fft.irfft(spectrum, whole)[:length] * (whole / len(padded))).astype(np.float32)


def trimmed(sound: Sound, floor: float = 0.004) -> Sound:
    """Return the part from the first to the last sample that is louder than `floor`."""
    loud = np.flatnonzero(np.abs(sound) > floor)
    return sound[loud[0] : loud[-1] + 1] if len(loud) else sound[:0]


def silence(seconds: float) -> Sound:
    """Return digital silence."""
    return np.zeros(round(seconds * RATE), np.float32)


NOISES = ("white", "pink", "brown", "hum", "clicks", "breath", "rustle", "tone", "fan")


def noise(kind: str, seconds: float, rng: np.random.Generator) -> Sound:
    """Return noise of a kind of `NOISES`, its root mean square at 0.1. Raises KeyError for another kind."""
    count = round(seconds * RATE)
    clock = np.arange(count) / RATE
    white = rng.standard_normal(count)

    def shaped(curve: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.fft.irfft(np.fft.rfft(white) * curve, count)

    hertz = np.fft.rfftfreq(count, 1 / RATE)
    makers = {
        "white": lambda: white,
        "pink": lambda: shaped(1 / np.sqrt(np.maximum(hertz, 20))),
        "brown": lambda: shaped(1 / np.maximum(hertz, 20)),
        "hum": lambda: _hum(clock, rng) + 0.02 * white,
        "clicks": lambda: _clicks(count, rng) + 0.001 * white,
        "breath": lambda: (
            shaped(np.exp(-(((hertz - rng.uniform(300, 2500)) / 900) ** 2))) * _swell(clock, rng)
        ),
        "rustle": lambda: shaped(np.minimum(1.0, hertz / 3000)) * _swell(clock * 6, rng) ** 2,
        "tone": lambda: np.sin(2 * np.pi * rng.uniform(100, 3000) * clock) + 0.01 * white,
        "fan": lambda: (
            shaped(1 / np.maximum(hertz, 60)) * (1 + 0.3 * np.sin(2 * np.pi * rng.uniform(5, 40) * clock))
        ),
    }
    sound = makers[kind]()
    return (sound * (0.1 / max(1e-9, float(np.sqrt(np.mean(sound**2)))))).astype(np.float32)


def _hum(clock: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float64]:
    base = rng.choice([50.0, 60.0, 100.0, 120.0])
    return sum(
        rng.uniform(0, 1 / k) * np.sin(2 * np.pi * base * k * clock + rng.uniform(0, 6)) for k in range(1, 9)
    )


def _clicks(count: int, rng: np.random.Generator) -> NDArray[np.float64]:
    sound = np.zeros(count)
    for _ in range(int(rng.integers(1, 2 + count // 4000))):
        length = int(rng.integers(16, 500))
        at = int(rng.integers(0, max(1, count - length)))
        burst = (
            rng.standard_normal(length)
            * np.exp(-np.arange(length) / rng.uniform(10, 120))
            * rng.uniform(0.2, 1)
        )
        sound[at : at + length] += burst[: count - at]
    return sound


def _swell(clock: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float64]:
    return np.clip(np.sin(2 * np.pi * rng.uniform(0.15, 0.6) * clock + rng.uniform(0, 6)), 0.02, 1)
