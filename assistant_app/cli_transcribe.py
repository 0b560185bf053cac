"""The command `transcribe`: a sound file as text or subtitles, and how accurate the fast path is."""

import argparse
import asyncio
import json
import signal
import sys
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from assistant_app.app import prepare
from assistant_app.app_voice import DeviceVoiceParts
from assistant_app.core import word_errors
from assistant_app.core.errors import AssistantError, Cancelled, NotFound, RequestInvalid
from assistant_app.core.events import Event, FileProgress
from assistant_app.core.subtitles import FORMS
from assistant_app.core.text import N_
from assistant_app.core.voice import Heard, ListenOptions, NoText, TranscriptIncomplete
from assistant_app.i18n import _, ngettext, translate
from assistant_app.paths import Paths
from assistant_app.worker.voice.wishes import listen_options

if TYPE_CHECKING:
    from assistant_app.worker.voice.parts import Transcribing

OK, FAILED, USAGE, INTERRUPTED = 0, 1, 2, 130
MOST_LOSS_POINTS = 0.5
"""Word errors that the fast path may have more than the full window."""
_LONGEST_CLIP_S = 28.0
_SOUND_SUFFIXES = {".wav", ".flac", ".ogg", ".oga", ".opus", ".mp3", ".m4a", ".aac", ".aiff", ".webm"}
T = TypeVar("T")


def add_command(commands: Any) -> None:
    """Declare `transcribe` and its options."""
    command = commands.add_parser(
        "transcribe",
        help="turn a sound file into text or subtitles",
        description="Turns a sound file (WAV, FLAC, Ogg, Opus, MP3; films and others where ffmpeg is"
        " installed) into text, on this computer. Ctrl+C stops and keeps what is done.",
        epilog="--accuracy DIR takes every sound file in DIR that has a .txt of the same name with the words"
        " that are spoken. It recognises each one twice, the fast way of push-to-talk and with Whisper's"
        " full window of 30 seconds, and prints the errors of both: by words, by characters where no spaces"
        f" stand. The fast way is accepted (exit code 0) with at most {MOST_LOSS_POINTS} points more errors"
        " and without a single runaway; otherwise switch on “Full 30 s window” under Settings, Voice.",
    )
    command.add_argument("file", nargs="?", type=Path, metavar="FILE", help="the sound file")
    command.add_argument(
        "--accuracy", type=Path, metavar="DIR", help="compare the fast way with the full one"
    )
    command.add_argument(
        "--language", metavar="CODE", help="what is spoken, for instance en or zh; auto finds it out"
    )
    command.add_argument("--translate", action="store_true", help="write English whatever is spoken")
    command.add_argument("--model", default="", metavar="PATH|NAME", help="a .pt file, or tiny, base.en, …")
    forms = command.add_mutually_exclusive_group()
    for form, help_text in (
        ("json", "text, segments and times as one JSON object"),
        ("srt", "subtitles in SubRip form"),
        ("vtt", "subtitles in WebVTT form"),
    ):
        forms.add_argument(f"--{form}", dest="form", action="store_const", const=form, help=help_text)
    command.add_argument("--output", type=Path, metavar="FILE", help="write there instead of to stdout")
    command.set_defaults(run=run, form="")


def run(options: argparse.Namespace) -> int:
    """Do what the options ask for and return the exit code."""
    if (options.file is None) == (options.accuracy is None):
        print(_("Name one sound file, or a folder with --accuracy."), file=sys.stderr)
        return USAGE
    form = options.form or _form_of(options.output)
    if options.output is not None and options.output.is_dir():
        raise RequestInvalid(reason=_("{name} is a folder").format(name=options.output))
    return asyncio.run(_measure(options) if options.accuracy is not None else _transcribe(options, form))


def _form_of(output: Path | None) -> str:
    ending = output.suffix.removeprefix(".") if output is not None else ""
    return ending if ending in FORMS else "txt"


# --- one file
async def _transcribe(options: argparse.Namespace, form: str) -> int:
    line = _ProgressLine()
    parts, listen = _parts(options, line.take)
    work = parts.transcribing.transcribe_file(options.file, listen, options.model)
    code = OK
    try:
        transcript = await _until_interrupted(work, parts.transcribing.cancel_transcription)
    except TranscriptIncomplete as error:
        transcript, code = error.transcript, INTERRUPTED if error.stopped else FAILED
        line.clear()
        print(error.sentence(translate), file=sys.stderr)
    except Cancelled:
        return INTERRUPTED
    finally:
        line.clear()
        await parts.close()
    if code == OK and not transcript.segments:
        print(_("No speech was found in {name}.").format(name=options.file.name), file=sys.stderr)
    _write(FORMS[form](transcript), options.output)
    return code


def _write(text: str, output: Path | None) -> None:
    if output is None:
        sys.stdout.write(text)
        sys.stdout.flush()
        return
    try:
        output.write_text(text, encoding="utf-8")
    except OSError as error:
        sys.stdout.write(text)  # hours of work are not lost for a wrong path
        raise AssistantError(
            N_("{name} cannot be written: {reason}. The text was printed instead."),
            name=str(output),
            reason=error.strerror or str(error),
        ) from error


class _ProgressLine:
    """How far it is, on stderr if that is a terminal."""

    def __init__(self) -> None:
        self._shows = sys.stderr.isatty()
        self._any = False

    def take(self, event: Event) -> None:
        """Show an event."""
        if self._shows and isinstance(event, FileProgress):
            tail = " ".join(event.text.split())[-50:]
            sys.stderr.write(f"\r\x1b[K{event.fraction:4.0%}  {tail}")
            sys.stderr.flush()
            self._any = True

    def clear(self) -> None:
        """Take the line away."""
        if self._any:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
            self._any = False


# --- accuracy
@dataclass(frozen=True, slots=True)
class Clip:
    """What one clip brought, both ways."""

    name: str
    units: int
    """Words, or characters where no spaces stand."""
    full_errors: int
    fast_errors: int
    retried: bool
    runaway: bool
    full_cpu_s: float
    fast_cpu_s: float


@dataclass(frozen=True, slots=True)
class Report:
    """All clips together."""

    clips: tuple[Clip, ...]

    def rate(self, way: Literal["full", "fast"]) -> float:
        """Return the errors in percent."""
        units = sum(clip.units for clip in self.clips)
        errors = sum(clip.full_errors if way == "full" else clip.fast_errors for clip in self.clips)
        return 100 * errors / max(1, units)

    @property
    def retries(self) -> int:
        """Clips that needed the full window after all."""
        return sum(clip.retried for clip in self.clips)

    @property
    def runaways(self) -> int:
        """Clips whose fast text went on and on."""
        return sum(clip.runaway for clip in self.clips)

    @property
    def accepted(self) -> bool:
        """Whether the fast path may be used with this model."""
        return self.rate("fast") - self.rate("full") <= MOST_LOSS_POINTS and not self.runaways


async def _measure(options: argparse.Namespace) -> int:
    folder: Path = options.accuracy
    pairs = _pairs(folder)
    parts, listen = _parts(options, lambda _event: None)
    try:
        work = measure(pairs, parts.transcribing, listen, options.model, print_row=options.form != "json")
        report = await _until_interrupted(work, parts.transcribing.cancel_transcription)
    except Cancelled:
        return INTERRUPTED
    finally:
        await parts.close()
    if options.form == "json":
        values = {
            "clips": [asdict(clip) for clip in report.clips],
            "full_percent": round(report.rate("full"), 3),
            "fast_percent": round(report.rate("fast"), 3),
            "retries": report.retries,
            "runaways": report.runaways,
            "accepted": report.accepted,
        }
        print(json.dumps(values, ensure_ascii=False))
    else:
        _print_summary(report)
    return OK if report.accepted else FAILED


def _pairs(folder: Path) -> list[tuple[Path, str]]:
    try:
        files = sorted(path for path in folder.iterdir() if path.suffix.lower() in _SOUND_SUFFIXES)
        pairs = [
            (path, path.with_suffix(".txt").read_text("utf-8-sig"))
            for path in files
            if path.with_suffix(".txt").is_file()
        ]
    except (OSError, UnicodeError) as error:
        raise NotFound(
            N_("The clips in {folder} cannot be read: {reason}."), folder=str(folder), reason=str(error)
        ) from error
    if not pairs:
        raise NotFound(
            N_("There is no sound file in {folder} with its words in a .txt of the same name."),
            folder=str(folder),
        )
    return pairs


async def measure(
    pairs: list[tuple[Path, str]],
    transcribing: "Transcribing",
    listen: ListenOptions,
    model: str,
    *,
    print_row: bool = False,
) -> Report:
    """Recognise every clip both ways; clips of more than 28 s are left out, with a sentence."""
    clips: list[Clip] = []
    if print_row:
        print(_row(_("clip"), _("units"), _("full"), _("fast"), _("full s"), _("fast s"), ""))
    for path, text in pairs:
        samples = await asyncio.to_thread(_read, path)
        if len(samples) > _LONGEST_CLIP_S * 32_000:
            print(
                _("{name} is longer than 28 seconds and is left out.").format(name=path.name), file=sys.stderr
            )
            continue
        heard = []
        for full in (True, False):
            wish = replace(listen, full_window=full)
            heard.append(await transcribing.recognise_clip(samples, wish, model))
        clip = _compared(path.name, word_errors.units(text), *heard)
        clips.append(clip)
        if print_row:
            marks = [_("retried")] * clip.retried + [_("RUNAWAY")] * clip.runaway
            print(
                _row(
                    clip.name,
                    str(clip.units),
                    str(clip.full_errors),
                    str(clip.fast_errors),
                    f"{clip.full_cpu_s:.2f}",
                    f"{clip.fast_cpu_s:.2f}",
                    " ".join(marks),
                ),
                flush=True,
            )
    return Report(tuple(clips))


def _compared(name: str, wanted: list[str], full: Heard, fast: Heard) -> Clip:
    fast_units = word_errors.units(fast.text)
    return Clip(
        name,
        len(wanted),
        word_errors.errors(word_errors.units(full.text), wanted),
        word_errors.errors(fast_units, wanted),
        fast.retried,
        # Text that goes on and on, or that the sanity checks had to throw away.
        len(fast_units) > 2 * len(wanted) + 4
        or (fast.no_text is NoText.UNCLEAR and full.no_text is not NoText.UNCLEAR),
        full.cpu_s,
        fast.cpu_s,
    )


def _read(path: Path) -> bytes:
    from assistant_app.speech.files import open_sound

    reader = open_sound(path)
    try:
        samples = bytearray()
        while (block := reader.read()) and len(samples) <= _LONGEST_CLIP_S * 32_000:
            samples += block
        return bytes(samples)
    finally:
        reader.close()


def _row(name: str, *columns: str) -> str:
    return f"{name[:32]:32}" + "".join(f"{column:>8}" for column in columns[:-1]) + f"  {columns[-1]}"


def _print_summary(report: Report) -> None:
    count = len(report.clips)
    full_s = sum(clip.full_cpu_s for clip in report.clips)
    fast_s = sum(clip.fast_cpu_s for clip in report.clips)
    print()
    print(ngettext("{count} clip", "{count} clips", count).format(count=count))
    print(_("Errors with the full window: {percent} %").format(percent=f"{report.rate('full'):.2f}"))
    print(_("Errors the fast way: {percent} %").format(percent=f"{report.rate('fast'):.2f}"))
    print(_("Retries: {count}; runaways: {runaways}").format(count=report.retries, runaways=report.runaways))
    print(
        _("Computing time: {full} s with the full window, {fast} s the fast way").format(
            full=f"{full_s:.1f}", fast=f"{fast_s:.1f}"
        )
    )
    print(
        _("The fast way is accurate enough with this model.")
        if report.accepted
        else _("The fast way loses too much with this model: switch on “Full 30 s window” under Voice.")
    )


# --- both
def _parts(
    options: argparse.Namespace, emit: Callable[[Event], None]
) -> tuple[DeviceVoiceParts, ListenOptions]:
    paths = Paths.default()
    settings = prepare(paths)
    listen = listen_options(settings.current)
    if options.language is not None:
        listen = replace(listen, language="" if options.language == "auto" else options.language)
    if options.translate:
        listen = replace(listen, translate=True)
    return DeviceVoiceParts(paths, settings, emit), listen


async def _until_interrupted(work: Coroutine[Any, Any, T], cancel: Callable[[], Awaitable[None]]) -> T:
    """Run until the end, or until Ctrl+C has stopped it; then what it raises says what there is."""
    loop = asyncio.get_running_loop()
    task = asyncio.ensure_future(work)
    cancels: set[asyncio.Future[None]] = set()
    interrupted = False

    def interrupt() -> None:
        nonlocal interrupted
        if interrupted:
            task.cancel()
        interrupted = True
        cancels.add(asyncio.ensure_future(cancel()))

    with suppress(NotImplementedError):  # Windows has no such handlers; there Ctrl+C ends the process
        loop.add_signal_handler(signal.SIGINT, interrupt)
    try:
        result = await task
    except asyncio.CancelledError:
        raise Cancelled() from None
    else:
        return result
    finally:
        with suppress(NotImplementedError):
            loop.remove_signal_handler(signal.SIGINT)
        if cancels:
            await asyncio.wait(cancels)
