"""Speech recognition against stock whisper: CPU time at true sizes, word errors, text out of silence."""

import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from tests.benchmarks.table import Row, at_most
from tests.fixtures import POCKET_WHISPER

SIZES = ("tiny", "base", "small")
SPOKEN = {3: 13, 5: 23, 10: 46}
"""Seconds of an utterance and the tokens that a person says in them."""
NEW_TOKENS = 4
"""Said since the last partial."""
GOALS = {"tiny": 3.0, "base": 5.0, "small": 8.0}
HINT_GOAL = 10.0
ROUNDS = 3
"""Of each the best counts, for other work on the machine only ever slows down."""
CLIPS = 200
SCRIPTS = Path(__file__).parents[2] / "packaging" / "pocket" / "whisper"


def speech_time() -> Iterator[Row]:
    """From the release to the text: CPU time of one thread, same random weights, same number of tokens."""
    import numpy as np
    import torch
    import whisper

    from assistant_app.engines.stop import StopByte
    from assistant_app.engines.whisper.listener import Wish
    from assistant_app.engines.whisper.model import SpeechModel
    from assistant_app.engines.whisper.window import positions_of
    from tests.fixtures.random_whisper import make_random_whisper

    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        for size in SIZES:
            # One token for ever: in eight bits chance would decide between equals, and a right hint be wrong.
            path = make_random_whisper(Path(folder) / f"{size}.pt", size, always=1000)
            stock = whisper.load_model(str(path), device="cpu")
            model = SpeechModel(path, StopByte(), n_threads=1)
            parts = ", ".join(model.quantised_parts) or model.note
            for seconds, tokens in SPOKEN.items():
                noise = np.random.default_rng(seconds).normal(size=seconds * 16000)
                sound = (noise * 0.1).astype(np.float32)

                def theirs(model: Any = stock, sound: Any = sound, tokens: int = tokens) -> Any:
                    # What transcribe() does with each window, without its second tries.
                    mel = whisper.log_mel_spectrogram(whisper.pad_or_trim(sound))
                    options = whisper.DecodingOptions(language="en", fp16=False, sample_len=tokens)
                    return whisper.decode(model, mel, options)

                def ours(
                    hint: Any = (),
                    model: SpeechModel = model,
                    sound: Any = sound,
                    seconds: int = seconds,
                    tokens: int = tokens,
                ) -> Any:
                    features = model.encode(sound, positions_of(seconds))
                    return model.decode(features, Wish("en"), tokens, hint)

                hint = ours().tokens[:-NEW_TOKENS]
                theirs_ms, ours_ms = cpu_ms(theirs), cpu_ms(ours)
                hinted_ms = cpu_ms(partial(ours, hint))
                name = f"{size}, {seconds} s to text"
                yield _less(name, ours_ms, theirs_ms, GOALS[size], f"8 bits: {parts}")
                yield _less(
                    f"{name}, with a hint", hinted_ms, theirs_ms, HINT_GOAL, f"{NEW_TOKENS} tokens new"
                )


def cpu_ms(work: Callable[[], Any]) -> float:
    """Return the least CPU time of some rounds, all threads together."""
    times = []
    for _ in range(ROUNDS):
        began = time.process_time()
        work()
        times.append(time.process_time() - began)
    return min(times) * 1000


def _less(what: str, ours_ms: float, theirs_ms: float, goal: float, note: str) -> Row:
    ratio = theirs_ms / ours_ms
    return Row(
        what, f"{ours_ms:.0f} ms", f"{theirs_ms:.0f} ms", ratio, f"≥ {goal:g} × less", ratio >= goal, note
    )


def speech_words() -> Iterator[Row]:
    """Word errors of the fast path against the 30 s window, its second tries, and text out of no speech."""
    from assistant_app.core.voice import ListenOptions, NoText
    from assistant_app.engines.stop import StopByte
    from assistant_app.engines.whisper.gate import SpeechFinder
    from assistant_app.engines.whisper.model import SpeechModel
    from assistant_app.engines.whisper.session import Session
    from tests.fixtures.spoken import KINDS, pcm, quiet, word_errors

    sys.path.insert(0, str(SCRIPTS))
    import evaluate_whisper  # type: ignore[import-not-found]

    sys.path.remove(str(SCRIPTS))
    clips = evaluate_whisper.clips(CLIPS, seed=2026)
    session = Session(SpeechFinder())
    for bits in ("32", "8"):
        model = SpeechModel(
            POCKET_WHISPER, StopByte(), n_threads=1, quantised=bits == "8", gains=lambda *_: True
        )
        wrong = {"fast": 0, "hinted": 0, "full": 0}
        words = retries = unclear = differ = 0
        for number, (sound, text) in enumerate(clips):
            wanted, samples = text.split(), pcm(sound)
            words += len(wanted)
            session.take(f"{bits} {number}", 0, samples)
            fast = session.recognise(model, ListenOptions(), final=True)
            full = session.recognise(model, ListenOptions(full_window=True), final=True)
            session.take(f"{bits} {number} hinted", 0, samples[: len(samples) * 7 // 20 * 2])
            session.recognise(model, ListenOptions(), final=False)
            session.take(f"{bits} {number} hinted", 0, samples)
            hinted = session.recognise(model, ListenOptions(), final=True)
            for name, heard in (("fast", fast), ("full", full), ("hinted", hinted)):
                wrong[name] += word_errors(heard.text.split(), wanted)
            retries += fast.retried
            unclear += fast.no_text is NoText.UNCLEAR
            differ += hinted.text != fast.text
        rates = {name: 100 * count / words for name, count in wrong.items()}
        note = f"{CLIPS} clips, {retries} tried twice, {unclear} unclear"
        yield at_most(
            f"word errors, {bits} bits, fast − full",
            rates["fast"] - rates["full"],
            0.5,
            "points",
            note,
            f"{rates['fast']:.1f} − {rates['full']:.1f}",
        )
        yield at_most(f"texts that a hint changed, {bits} bits", differ, 0, "texts", f"of {CLIPS}")
        texts = 0
        for kind in KINDS:
            for number in range(10):
                session.take(f"{bits} {kind} {number}", 0, pcm(quiet(kind, number)))
                texts += bool(session.recognise(model, ListenOptions(), final=True).text)
        yield at_most(f"texts out of silence and noise, {bits} bits", texts, 0, "texts", "of 60 clips")


def speech_feed() -> Iterator[Row]:
    """What following the microphone costs: a tenth of a second of sound at a time."""
    import numpy as np

    from assistant_app.engines.whisper.gate import SpeechFinder
    from assistant_app.engines.whisper.session import Session

    session = Session(SpeechFinder())
    sound = (np.random.default_rng(0).normal(size=60 * 16000) * 3000).astype("<i2").tobytes()
    number = 0

    def minute() -> None:
        nonlocal number
        number += 1
        for at in range(0, len(sound), 3200):
            session.take(f"minute {number}", at // 2, sound[at : at + 3200])
            session.heard()

    frames = len(sound) // 2 // 512
    yield at_most("following speech, 32 ms of sound", cpu_ms(minute) / frames, 1.0, "ms", "CPU, silero-vad")
