"""Which voice reads what, what plays it, and how the reading goes on when a way to speak fails."""

import os
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from assistant_app.core.errors import AssistantError
from assistant_app.core.voice import VoiceRow
from assistant_app.engines import protocol
from assistant_app.engines.voice import player as player_module
from assistant_app.engines.voice.desk import Desk
from assistant_app.engines.voice.engine import OnEnd, OnStart, Utterance, choose
from assistant_app.engines.voice.espeak import parse_voices
from assistant_app.engines.voice.player import BLOCKS_A_SECOND, STEADY_BLOCKS, Player
from assistant_app.engines.voice.speechd import speech_dispatcher_answers

LISTED = """\
Pty Language       Age/Gender VoiceName          File                 Other Languages
 5  cmn             --/M      Chinese_(Mandarin,_latin_as_English) sit/cmn              (zh-cmn 5)(zh 5)
 5  cmn-latn-pinyin --/M      Chinese_(Mandarin,_latin_as_Pinyin) sit/cmn-Latn-pinyin  (zh-cmn 5)(zh 5)
 5  de              --/M      German             gmw/de
 5  en-029          --/M      English_(Caribbean) gmw/en-029           (en 10)
 2  en-gb           --/M      English_(Great_Britain) gmw/en               (en 2)
 2  en-us           --/M      English_(America)  gmw/en-US            (en 3)
"""


@pytest.mark.parametrize(
    ("language", "chosen", "name"),
    [
        ("en", "", "English (America)"),
        ("en-GB", "", "English (Great Britain)"),
        ("en-AU", "", "English (America)"),
        ("en", "espeak:gmw/en-029", "English (Caribbean)"),
        ("en", "gone", "English (America)"),
        ("de", "espeak:gmw/en-029", "German"),
        ("zh", "", "Chinese (Mandarin, latin as English)"),
        ("zh_TW", "", "Chinese (Mandarin, latin as English)"),
        ("tlh", "", "English (America)"),
    ],
)
def test_a_voice_that_speaks_the_language_is_chosen(language: str, chosen: str, name: str) -> None:
    row = choose(parse_voices(LISTED), language, chosen)
    assert row is not None
    assert row.name == name


def test_without_a_voice_none_is_chosen() -> None:
    assert choose([], "en") is None
    assert parse_voices("") == []


# --- playing
class FakeStream:
    """The outermost edge: PortAudio, which calls back when it wants samples."""

    latency = 0.06

    def __init__(self) -> None:
        self.closed = False

    def abort(self) -> None: ...

    def close(self) -> None:
        self.closed = True


RATE = 10_000
BLOCK = RATE // BLOCKS_A_SECOND


class Listening:
    def __init__(self, player: Player) -> None:
        self.player = player
        self.first: list[float] = []
        self.last: list[float] = []

    def begin(self, samples: int, volume: float = 1.0) -> None:
        self.player.begin(volume, self.first.append, self.last.append)
        self.player.feed(np.full(samples, 10_000, np.int16).tobytes())

    def block(self, *, late: bool = False) -> np.ndarray[Any, Any]:
        out = np.full((BLOCK, 1), 77, np.int16)
        self.player._callback(out, BLOCK, None, SimpleNamespace(output_underflow=late))
        return out[:, 0]


@pytest.fixture
def listening(monkeypatch: pytest.MonkeyPatch) -> Listening:
    monkeypatch.setattr(player_module, "_open", lambda rate, callback: FakeStream())
    listening = Listening(Player(RATE))
    for _ in range(STEADY_BLOCKS):
        assert not listening.block().any()
    return listening


def test_samples_are_played_whole_and_the_end_is_told_when_it_has_sounded(listening: Listening) -> None:
    listening.begin(2 * BLOCK + 10)
    listening.player.complete()
    played = [listening.block() for _ in range(4)]
    assert [int(np.count_nonzero(block)) for block in played] == [BLOCK, BLOCK, 10, 0]
    assert len(listening.first) == len(listening.last) == 1
    assert listening.last[0] > listening.first[0]


def test_silence_wanted_is_silence_within_one_block_without_a_click(listening: Listening) -> None:
    listening.begin(10 * BLOCK)
    listening.block()
    listening.player.drop()
    fading = listening.block().astype(int)
    assert fading[0] < 10_000
    assert (np.diff(fading) <= 0).all() and fading[-1] == 0
    assert not listening.block().any()
    assert not listening.last


def test_a_held_piece_goes_on_where_it_was(listening: Listening) -> None:
    listening.begin(6 * BLOCK)
    listening.block()
    listening.player.hold(True)
    listening.block()
    assert not listening.block().any()
    assert not listening.block().any()
    listening.player.hold(False)
    assert listening.block()[-1] == 10_000
    listening.player.complete()
    rest = sum(int(np.count_nonzero(listening.block())) for _ in range(5))
    assert rest >= 2 * BLOCK
    assert len(listening.last) == 1


def test_words_are_not_given_to_a_stream_that_forgets_them(listening: Listening) -> None:
    listening.begin(2 * BLOCK)
    listening.player.complete()
    assert not listening.block(late=True).any()
    for _ in range(STEADY_BLOCKS - 1):
        assert not listening.block().any()
    assert listening.block().all() and listening.block().all()


def test_volume_and_shortened_silence_at_the_end(listening: Listening) -> None:
    listening.begin(BLOCK, volume=0.5)
    listening.player.feed(np.zeros(RATE, np.int16).tobytes())
    listening.player.complete()
    assert (listening.block() == 5_000).all()
    blocks = 0
    while not listening.last:
        listening.block()
        blocks += 1
    assert blocks == 10  # a tenth of the second of silence


# --- the order of pieces, and failing over
class ScriptedEngine:
    def __init__(self, name: str, fails: bool = False) -> None:
        self.name = name
        self.rows: Sequence[VoiceRow] = [VoiceRow("v", "V", "en", name)]
        self.fails = fails
        self.said: list[str] = []
        self.end: OnEnd | None = None
        self.calls: list[str] = []

    def say(self, utterance: Utterance, on_start: OnStart, on_end: OnEnd) -> None:
        self.said.append(utterance.text)
        if self.fails:
            on_end(AssistantError(detail="broken"))
            return
        on_start(1.0)
        self.end = on_end

    def finish(self) -> None:
        assert self.end is not None
        end, self.end = self.end, None
        end(None)

    def hush(self) -> None:
        self.calls.append("hush")

    def pause(self, paused: bool) -> None:
        self.calls.append(f"pause {paused}")

    def close(self) -> None:
        self.calls.append("close")


def desk(*openers: Callable[[], ScriptedEngine | None]) -> tuple[Desk, list[Any]]:
    sent: list[Any] = []
    return Desk(list(openers), sent.append), sent


def say(identifier: int, text: str = "Text.") -> protocol.Say:
    return protocol.Say(identifier, text, "en")


def test_pieces_are_read_one_after_the_other_and_the_engine_is_opened_late() -> None:
    opened: list[str] = []
    engine = ScriptedEngine("qt")
    table, sent = desk(lambda: opened.append("qt") or engine)
    assert not opened
    for identifier in (1, 2):
        table.take(say(identifier, f"Text {identifier}."))
    assert engine.said == ["Text 1."]
    engine.finish()
    engine.finish()
    assert sent == [protocol.Sounding(1, 1.0), protocol.Ok(1), protocol.Sounding(2, 1.0), protocol.Ok(2)]


def test_hush_ends_every_piece_before_it_is_answered_itself() -> None:
    engine = ScriptedEngine("qt")
    table, sent = desk(lambda: engine)
    for identifier in (1, 2, 3):
        table.take(say(identifier))
    table.take(protocol.Hush(4))
    assert sent[1:] == [protocol.Ok(1), protocol.Ok(2), protocol.Ok(3), protocol.Ok(4)]
    assert "hush" in engine.calls
    engine.finish()  # a late word of the engine's
    assert len(sent) == 5


def test_hush_that_has_come_while_the_engine_was_opened_keeps_the_piece_silent() -> None:
    engine = ScriptedEngine("qt")
    tables: list[Desk] = []
    table, sent = desk(lambda: tables[0].overtake(protocol.Hush(2)) or engine)
    tables.append(table)
    table.take(say(1))
    table.take(protocol.Hush(2))
    table.take(say(3))
    assert engine.said == ["Text."]
    assert sent == [protocol.Ok(1), protocol.Ok(2), protocol.Sounding(3, 1.0)]


def test_while_it_is_paused_no_further_piece_begins() -> None:
    engine = ScriptedEngine("qt")
    table, sent = desk(lambda: engine)
    table.take(say(1))
    table.take(protocol.Pause(2, True))
    engine.finish()
    table.take(say(3))
    assert engine.said == ["Text."]
    table.take(protocol.Pause(4, False))
    assert engine.said == ["Text.", "Text."]
    assert engine.calls == ["pause True", "pause False"]
    assert sent[-1] == protocol.Sounding(3, 1.0)


def test_what_one_engine_cannot_say_the_next_one_says() -> None:
    broken, sound = ScriptedEngine("qt", fails=True), ScriptedEngine("espeak")
    table, sent = desk(lambda: broken, lambda: sound)
    table.take(say(1))
    sound.finish()
    table.take(say(2))
    assert (broken.said, sound.said) == (["Text."], ["Text.", "Text."])
    assert broken.calls == ["close"]
    assert protocol.Ok(1) in sent


def test_an_engine_that_broke_down_is_made_anew_where_there_is_no_other() -> None:
    engines = [ScriptedEngine("qt", fails=True), ScriptedEngine("qt")]
    table, _sent = desk(lambda: engines.pop(0), lambda: None)
    table.take(say(1))
    assert engines == []


def test_when_nothing_can_speak_each_piece_says_so() -> None:
    table, sent = desk(lambda: None)
    for message in (protocol.OpenVoices(1), say(2), say(3, "...")):
        table.take(message)
    assert sent[0] == protocol.Voices(1, (), "")
    assert (sent[1].id, sent[1].code) == (2, "no-voice")
    assert sent[2] == protocol.Ok(3)  # three points need no voice


def test_an_engine_that_always_fails_is_not_asked_for_ever() -> None:
    table, sent = desk(lambda: ScriptedEngine("qt", fails=True))
    table.take(say(1))
    assert [type(reply) for reply in sent] == [protocol.Failed]


# --- asking speech-dispatcher
@pytest.fixture
def dispatcher(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[bytes | None], None]]:
    """Serve one client on speech-dispatcher's socket; None: accept and be silent."""
    path = Path("/tmp") / f"speechd-{os.getpid()}-{time.monotonic_ns()}"
    server = socket.socket(socket.AF_UNIX)
    monkeypatch.setenv("SPEECHD_ADDRESS", f"unix_socket:{path}")
    monkeypatch.setenv("SPEECHD_CMD", "/nonexistent")

    def serve(answer: bytes | None) -> None:
        server.bind(str(path))
        server.listen(1)

        def answer_one() -> None:
            client, _address = server.accept()
            with client:
                client.recv(4096)
                if answer is not None:
                    client.sendall(answer)
                while client.recv(4096):
                    pass

        threading.Thread(target=answer_one, daemon=True).start()

    yield serve
    server.close()
    path.unlink(missing_ok=True)


@pytest.mark.parametrize(
    ("answer", "works"),
    [
        (
            b"208 OK\r\n250-espeak-ng\r\n250-dummy\r\n250 OK MODULES LISTED\r\n231 HAPPY HACKING\r\n",
            True,
        ),
        (b"208 OK CLIENT NAME SET\r\n250-dummy\r\n250 OK MODULES LISTED\r\n231 HAPPY HACKING\r\n", False),
        (b"300 ERR INTERNAL\r\n231 HAPPY HACKING\r\n", False),
        (None, False),
    ],
)
def test_a_speech_dispatcher_works_when_it_lists_a_voice_in_time(
    answer: bytes | None, works: bool, dispatcher: Callable[[bytes | None], None]
) -> None:
    dispatcher(answer)
    assert speech_dispatcher_answers(answer_s=30.0 if works else 0.3) is works


def test_where_there_is_no_speech_dispatcher_it_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPEECHD_ADDRESS", "unix_socket:/nonexistent/socket")
    monkeypatch.setenv("SPEECHD_CMD", "/nonexistent")
    assert speech_dispatcher_answers() is False
