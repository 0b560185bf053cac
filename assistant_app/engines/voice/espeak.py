"""Reads aloud with the program espeak-ng: it computes the sound, and this process plays it.

espeak-ng is free software under a licence (GPL) that a program linked with it would have to take over.
It is run as a program of the system, neither linked nor shipped.
"""

import contextlib
import re
import shutil
import subprocess
import threading
import time
from collections.abc import Sequence
from functools import partial

from assistant_app.core.errors import AssistantError
from assistant_app.core.processes import NO_WINDOW
from assistant_app.core.text import N_
from assistant_app.core.voice import VoiceMissing, VoiceRow
from assistant_app.engines.voice.engine import OnEnd, OnStart, Utterance, choose
from assistant_app.engines.voice.loop import Loop
from assistant_app.engines.voice.player import NoOutput, Player, prepare_output

WORDS_A_MINUTE = 175
"""The rate of an espeak-ng that is not told one."""
KEEP_OPEN_S = 5.0
"""How long the output stays open after the last sound: opening it costs the listener time."""
STALLED_S = 3.0
_LONGEST_TEXT = 10_000
_NO_OUTPUT = N_(
    "No loudspeaker or headphones were found, so answers stay text; connect some and have it read again."
)
_LISTED = re.compile(r"\s*(\d+)\s+(\S+)\s+\S+\s+(\S+)\s+(\S+)")
_LANGUAGES = {"cmn": "zh-CN", "cmn-latn-pinyin": "zh-CN"}


def open_espeak(loop: Loop) -> "EspeakVoice | None":
    """Return the engine; None where the program is missing or does not work."""
    program = shutil.which("espeak-ng")
    if program is None:
        return None
    try:
        listed = subprocess.run(
            [program, "--voices"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=5.0,
            check=True,
            creationflags=NO_WINDOW,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    with contextlib.suppress(NoOutput):  # whoever wants to hear something will be told
        prepare_output()
    rows = parse_voices(listed.stdout.decode(errors="replace"))
    return EspeakVoice(loop, program, rows) if rows else None


def parse_voices(listed: str) -> list[VoiceRow]:
    """Return the voices of `espeak-ng --voices`, preferred ones first."""
    found: list[tuple[int, bool, VoiceRow]] = []
    for line in listed.splitlines()[1:]:
        if parts := _LISTED.match(line):
            priority, code, name, file = parts.groups()
            row = VoiceRow(f"espeak:{file}", name.replace("_", " "), _tag(code), "espeak")
            found.append((int(priority), code != "en-us", row))
    return [row for _priority, _other, row in sorted(found, key=lambda item: item[:2])]


def _tag(code: str) -> str:
    """Return espeak-ng's name of a language as BCP 47 writes it."""
    if code in _LANGUAGES:
        return _LANGUAGES[code]
    primary, *rest = code.split("-")
    return "-".join([primary, *(part.upper() if len(part) == 2 else part for part in rest)])


class EspeakVoice:
    """The program, and the sound that it makes."""

    name = "espeak"

    def __init__(self, loop: Loop, program: str, rows: list[VoiceRow]) -> None:
        self._loop = loop
        self._program = program
        self.rows: Sequence[VoiceRow] = rows
        self._player: Player | None = None
        self._piece: _Piece | None = None
        self._rate = 22_050
        """Samples per second of its voices, as far as is known."""
        self._idle_since = time.monotonic()

    def say(self, utterance: Utterance, on_start: OnStart, on_end: OnEnd) -> None:
        """Begin to read."""
        row = choose(self.rows, utterance.language, utterance.voice)
        assert row is not None
        words = round(WORDS_A_MINUTE * 2.0**utterance.rate)
        command = [self._program, "-v", row.id.partition(":")[2], "-s", str(words), "-b", "1"]
        # Two brackets would mean that phonemes follow.
        text = utterance.text[:_LONGEST_TEXT].replace("[[", "[ [")
        piece = self._piece = _Piece(utterance, on_start, on_end)
        try:
            child = subprocess.Popen(
                [*command, "--stdin", "--stdout"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                creationflags=NO_WINDOW,
            )
        except OSError as error:
            missing = AssistantError(detail=f"espeak-ng: {error}")
            self._loop.post(lambda: self._end(piece, missing))
            return
        piece.child = child
        # Both take their time, the program and the output.
        with contextlib.suppress(NoOutput):
            self._open(self._rate)
        threading.Thread(
            target=self._read, args=(piece, child, text.encode()), name="espeak-ng", daemon=True
        ).start()

    def hush(self) -> None:
        """Fade out."""
        piece, self._piece = self._piece, None
        if piece is not None:
            piece.kill()
            if self._player is not None:
                self._player.drop()
            self._rest()

    def pause(self, paused: bool) -> None:
        """Hold it where it is, or go on."""
        if self._piece is not None:
            self._piece.paused = paused
        if self._player is not None:
            self._player.hold(paused)

    def close(self) -> None:
        """End the program and give the output back."""
        self.hush()
        if self._player is not None:
            self._player.close()
            self._player = None

    # --- the thread that follows the program
    def _read(self, piece: "_Piece", child: "subprocess.Popen[bytes]", text: bytes) -> None:
        stdin, stdout = child.stdin, child.stdout
        assert stdin is not None and stdout is not None
        with contextlib.suppress(OSError), stdin:
            stdin.write(text)
        rate = 0
        with stdout:
            header = stdout.read(44)
            if len(header) == 44 and header[:4] == b"RIFF":
                rate = int.from_bytes(header[24:28], "little")
                odd = b""
                while chunk := stdout.read1(1 << 16):  # type: ignore[attr-defined]
                    chunk = odd + chunk
                    whole = len(chunk) // 2 * 2
                    odd = chunk[whole:]
                    self._loop.post(partial(self._feed, piece, rate, chunk[:whole]))
        status = child.wait()
        self._loop.post(lambda: self._complete(piece, status if rate else status or 1))

    # --- on the loop
    def _feed(self, piece: "_Piece", rate: int, samples: bytes) -> None:
        if self._piece is not piece:
            return
        if not piece.playing:
            try:
                player = self._open(rate)
            except NoOutput as error:
                self._end(piece, VoiceMissing(_NO_OUTPUT, detail=str(error)))
                return
            piece.playing = True
            player.begin(
                piece.utterance.volume,
                lambda at: self._loop.post(lambda: self._began(piece, at)),
                lambda at: self._loop.post(lambda: self._played(piece, at)),
            )
            player.hold(piece.paused)
            self._watch(piece)
        if self._player is not None:
            self._player.feed(samples)

    def _open(self, rate: int) -> Player:
        if self._player is not None and self._player.rate != rate:
            self._player.close()
            self._player = None
        if self._player is None:
            self._player = Player(rate)
            self._rate = rate
        return self._player

    def _complete(self, piece: "_Piece", status: int) -> None:
        if self._piece is not piece:
            return
        if status or not piece.playing:
            # Nothing to hear in it is no failure.
            error = AssistantError(detail=f"espeak-ng ended with {status}") if status else None
            self._end(piece, error)
        elif self._player is not None:
            self._player.complete()

    def _began(self, piece: "_Piece", at: float) -> None:
        if self._piece is piece:
            piece.on_start(at)

    def _played(self, piece: "_Piece", at: float) -> None:
        self._loop.later(at - time.monotonic(), lambda: self._end(piece, None))

    def _end(self, piece: "_Piece", error: AssistantError | None) -> None:
        if self._piece is not piece:
            return
        self._piece = None
        piece.kill()
        if error is not None and self._player is not None:
            self._player.close()
            self._player = None
        self._rest()
        piece.on_end(error)

    def _watch(self, piece: "_Piece") -> None:
        """Notice when the sound server does not take samples any more."""
        if self._piece is not piece or self._player is None:
            return
        if time.monotonic() - self._player.seen_at > STALLED_S:
            self._end(piece, VoiceMissing(_NO_OUTPUT, detail="the output has stalled"))
        else:
            self._loop.later(1.0, lambda: self._watch(piece))

    def _rest(self) -> None:
        self._idle_since = since = time.monotonic()
        self._loop.later(KEEP_OPEN_S, lambda: self._close_idle(since))

    def _close_idle(self, since: float) -> None:
        if self._piece is None and self._idle_since == since and self._player is not None:
            self._player.close()
            self._player = None


class _Piece:
    def __init__(self, utterance: Utterance, on_start: OnStart, on_end: OnEnd) -> None:
        self.utterance = utterance
        self.on_start = on_start
        self.on_end = on_end
        self.child: subprocess.Popen[bytes] | None = None
        self.playing = False
        self.paused = False

    def kill(self) -> None:
        """End the program if it still computes; the thread that follows it waits for its end."""
        if self.child is not None:
            with contextlib.suppress(OSError):
                self.child.kill()
