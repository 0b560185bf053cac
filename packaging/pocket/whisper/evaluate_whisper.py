"""Prints the figures of the card: exact sentences of voices and phrasings never trained, and silence."""

import argparse
import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch
import whisper
from sentences import Part, key, sentences
from speech import HELD_ACCENT, NOISES, RATE, Sound, Voice, draw_voice, noise, silence, speak

Clip = tuple[Sound, str]
Transcriber = Callable[[Any, Sound], str]


def stock(model: Any, sound: Sound, timestamps: bool = True) -> str:
    """Return what `whisper.transcribe` hears, as any program would call it."""
    result = model.transcribe(
        sound, language="en", temperature=0.0, fp16=False, without_timestamps=not timestamps
    )
    return str(result["text"]).strip()


def without_timestamps(model: Any, sound: Sound) -> str:
    """Return what `whisper.transcribe` hears without timestamps."""
    return stock(model, sound, timestamps=False)


@contextmanager
def cut_window(model: Any, positions: int) -> Iterator[None]:
    """Let the model take windows of `positions` (50 a second) instead of 1500."""
    table, size = model.encoder.positional_embedding, model.dims.n_audio_ctx
    model.encoder.positional_embedding, model.dims.n_audio_ctx = table[:positions], positions
    try:
        yield
    finally:
        model.encoder.positional_embedding, model.dims.n_audio_ctx = table, size


def short_window(model: Any, sound: Sound) -> str:
    """Return what is heard in a window that ends 0.6 s after the sound."""
    positions = min(1500, -(-len(sound) // 320) + 30)
    mel = whisper.log_mel_spectrogram(whisper.pad_or_trim(sound, positions * 320))
    with cut_window(model, positions):
        options = whisper.DecodingOptions(language="en", without_timestamps=True, fp16=False)
        return str(model.decode(mel, options).text).strip()


def placed(sound: Sound, rng: np.random.Generator, noisy: bool) -> Sound:
    """Return the sound after up to 1.5 s of silence, louder or softer; in noise of 12 to 30 dB if `noisy`."""
    lead, tail = silence(float(rng.uniform(0, 1.5))), silence(float(rng.uniform(0, 1)))
    whole = np.concatenate([lead, sound * float(rng.uniform(0.1, 1.6)), tail])
    if noisy:
        kind = str(rng.choice(NOISES))
        loud = float(np.sqrt(np.mean(whole[len(lead) : len(lead) + len(sound)] ** 2)))
        whole = whole + noise(kind, len(whole) / RATE, rng) * (
            loud / 0.1 * 10 ** (-float(rng.uniform(12, 30)) / 20)
        )
    return np.clip(whole, -1, 1).astype(np.float32)


def clips(
    count: int, seed: int, part: Part = "sentences", noisy: bool = False, accent: str = ""
) -> list[Clip]:
    """Return spoken sentences of a part, by voices that were never trained unless the part was."""
    rng = np.random.default_rng(seed)
    made = []
    for text in itertools.islice(sentences(seed, part), count):
        voice = draw_voice(rng, held=part != "training")
        if accent:
            voice = Voice(accent, voice.speed, voice.pitch)
        made.append((placed(speak(text, voice)[0], rng, noisy), text))
    return made


def quiet(count: int, seed: int) -> list[Clip]:
    """Return clips without speech: silence, noises from -70 to -10 dBFS, moments too short for a word."""
    rng = np.random.default_rng(seed)
    made: list[Clip] = [(silence(seconds), "") for seconds in (0.05, 0.3, 1.0, 3.0, 8.0)]
    for number in range(count - len(made)):
        kind, seconds = NOISES[number % len(NOISES)], float(rng.uniform(0.1, 8))
        loud = 10 ** float(rng.uniform(-70, -10) / 20) / 0.1
        made.append((np.clip(noise(kind, seconds, rng) * loud, -1, 1).astype(np.float32), ""))
    return made


def score(model: Any, hear: Transcriber, material: list[Clip], show: bool) -> tuple[int, int]:
    """Return how many texts are exact, and how many have the right words."""
    exact = words = 0
    for sound, text in material:
        heard = hear(model, sound)
        exact += heard == text
        words += key(heard) == key(text)
        if show and heard != text:
            print(f"    {text!r} heard as {heard!r}", flush=True)
    return exact, words


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=Path)
    parser.add_argument("--count", type=int, default=300)
    parser.add_argument("--seed", type=int, default=101)
    parser.add_argument("--quick", action="store_true", help="short windows only")
    parser.add_argument("--show", action="store_true", help="print what went wrong")
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    model = whisper.load_model(str(options.model), device="cpu")
    count, seed = options.count, options.seed
    strange, unheard = clips(count, seed), clips(count, seed + 1, "phrasings")
    noisy, empty = clips(count, seed + 2, noisy=True), quiet(count, seed + 3)
    rows: list[tuple[str, Transcriber, list[Clip]]] = [
        ("held-out voices and sentences, short window", short_window, strange),
        ("the same in noise, short window", short_window, noisy),
        ("held-out voices and phrasings, short window", short_window, unheard),
        ("trained voices and sentences, short window", short_window, clips(count // 2, seed + 4, "training")),
        ("silence and noise, short window", short_window, empty),
    ]
    if not options.quick:
        rows += [
            ("held-out voices and sentences, stock transcribe", stock, strange),
            ("the same without timestamps", without_timestamps, strange),
            ("the same in noise, stock transcribe", stock, noisy),
            (
                "held-out accent and sentences, stock transcribe",
                stock,
                clips(count // 2, seed + 5, accent=HELD_ACCENT),
            ),
            ("held-out voices and phrasings, stock transcribe", stock, unheard),
            ("silence and noise, stock transcribe", stock, empty),
            ("silence and noise without timestamps", without_timestamps, empty),
        ]
    print("| | clips | exact | right words |\n| --- | --- | --- | --- |")
    for name, hear, material in rows:
        exact, words = score(model, hear, material, options.show)
        size = len(material)
        print(f"| {name} | {size} | {exact / size:.1%} | {words / size:.1%} |", flush=True)


if __name__ == "__main__":
    main()
