import asyncio
import socket
import struct
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant_app.core.conversation import UsageSummary
from assistant_app.core.generation import ChatMessage, FinishReason, ModelInfo, ToolSpec
from assistant_app.core.sampling import Sampling
from assistant_app.engines import protocol
from assistant_app.engines.wire import (
    MAX_FRAME_BYTES,
    AsyncConnection,
    Connection,
    Message,
    WireError,
    decode,
    encode,
)

CALL = {"id": "1", "type": "function", "function": {"name": "f", "arguments": {"a": [1, None, "é"]}}}

MESSAGES: list[Message] = [
    protocol.Load(1, "/models/模型.gguf", "id", "Name"),
    protocol.Unload(2),
    protocol.Count(3, ()),
    protocol.Render(4, (ChatMessage("user", "a\x00b\u2028"),), (ToolSpec("f", "d", {"type": "object"}),)),
    protocol.Generate(
        5,
        (ChatMessage("assistant", "", (CALL,)), ChatMessage("tool", "result", tool_call_id="1")),
        Sampling(seed=7, stop=("\n\n", "終")),
        json_schema={"type": "object", "properties": {}},
    ),
    protocol.Embed(6, ("a", "b")),
    protocol.ForgetState(7, ""),
    protocol.Cancel(8),
    protocol.Ping(9),
    protocol.Shutdown(10),
    protocol.Hello(4711, "llama-cpp-python", "AVX2"),
    protocol.LoadProgress(1, 0.5),
    protocol.Loaded(1, ModelInfo("id", "name", details={"gpu": False})),
    protocol.Counted(3, (1, 2, 3)),
    protocol.Rendered(4, "text", 1),
    protocol.Reading(5, 1, 2, 0),
    protocol.Delta(5, "🙂"),
    protocol.Generated(5, FinishReason.LENGTH, UsageSummary(10, 5, 3, 0.1, 0.2, 42), "prompt"),
    protocol.Embedded(6, ((0.5, -0.5), (1.0, 0.0))),
    protocol.Ok(7),
    protocol.Pong(9, True),
    protocol.Failed(1, "model", "{name} is damaged.", {"name": "x"}, "detail"),
]


@pytest.mark.parametrize("message", MESSAGES, ids=lambda message: type(message).__name__)
def test_every_message_arrives_as_it_was_sent(message: Message) -> None:
    frame = encode(message)
    assert struct.unpack(">I", frame[:4])[0] == len(frame) - 4
    assert decode(frame[4:]) == message


@given(st.text())
def test_any_text_arrives_and_lone_surrogates_become_question_marks(text: str) -> None:
    assert decode(encode(protocol.Delta(1, text))[4:]) == protocol.Delta(1, text)
    broken = encode(protocol.Delta(1, text + "\ud800"))
    assert decode(broken[4:]) == protocol.Delta(1, text + "?")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b"null",
        b'{"type":"Delta"}',
        b'{"type":"Explode","id":1}',
        b'{"type":"Delta","id":1}',
        b'{"type":"Delta","id":1,"text":"a","more":1}',
        b'{"type":"Delta","id":"1","text":"a"}',
        b'{"type":"Delta","id":1.5,"text":"a"}',
        b'{"type":"Delta","id":1,"text":null}',
        b'{"type":"Delta","id":1,"text":"\xff"}',
        b'{"type":"Delta","id":1,"text":"a"',
        b'{"type":"Delta","id":1,"text":"a"} ',
        b'{"type":"Generated","id":1,"reason":"tired","usage":{},"prompt":""}',
        b'{"type":"Failed","id":1,"code":"","sentence":"","params":' + b'{"a":' * 9999 + b"}" * 9999 + b"}",
    ],
    ids=range(15),
)
def test_anything_else_is_refused(body: bytes) -> None:
    if body.endswith(b"} "):
        assert decode(body) == protocol.Delta(1, "a")  # space around JSON is JSON
        return
    with pytest.raises(WireError):
        decode(body)


@given(st.binary(max_size=200))
def test_random_bytes_are_refused(body: bytes) -> None:
    with pytest.raises(WireError):
        decode(b'{"type":"Delta",' + body + b"\x00")


def test_a_message_too_long_is_not_sent() -> None:
    with pytest.raises(WireError, match="too long"):
        encode(protocol.Delta(1, "x" * MAX_FRAME_BYTES))


def test_values_of_another_kind_are_not_sent() -> None:
    with pytest.raises(WireError):
        encode("hello")  # type: ignore[arg-type]


@pytest.fixture
def pair() -> tuple[Connection, socket.socket]:
    ours, theirs = socket.socketpair()
    return Connection(ours), theirs


def test_messages_arrive_in_order_however_the_bytes_are_cut(pair: tuple[Connection, socket.socket]) -> None:
    connection, other = pair
    sent = b"".join(encode(message) for message in MESSAGES)

    def dribble() -> None:
        for at in range(0, len(sent), 7):
            other.sendall(sent[at : at + 7])
        other.close()

    thread = threading.Thread(target=dribble)
    thread.start()
    with connection:
        assert [connection.receive() for _ in MESSAGES] == MESSAGES
        assert connection.receive() is None
    thread.join()


@pytest.mark.parametrize("cut", [1, 3, 5, 20])
def test_an_end_in_mid_message_is_an_end(pair: tuple[Connection, socket.socket], cut: int) -> None:
    connection, other = pair
    other.sendall(encode(protocol.Delta(1, "hello"))[:cut])
    other.close()
    with connection:
        assert connection.receive() is None


def test_a_length_beyond_the_limit_is_refused_before_it_is_read(
    pair: tuple[Connection, socket.socket],
) -> None:
    connection, other = pair
    other.sendall(b"\xff\xff\xff\xff")
    with other, connection, pytest.raises(WireError, match="too long"):
        connection.receive()


def test_threads_that_send_at_once_do_not_mix_their_messages(pair: tuple[Connection, socket.socket]) -> None:
    connection, other = pair
    text = "x" * 100_000

    def send(number: int) -> None:
        for _ in range(10):
            connection.send(protocol.Delta(number, text))

    threads = [threading.Thread(target=send, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    with Connection(other) as receiver:
        received = [receiver.receive() for _ in range(40)]
    for thread in threads:
        thread.join()
    connection.close()
    assert sorted(m.id for m in received if isinstance(m, protocol.Delta)) == sorted([0, 1, 2, 3] * 10)


def test_close_wakes_a_thread_that_waits(pair: tuple[Connection, socket.socket]) -> None:
    connection, other = pair
    received: list[object] = []
    thread = threading.Thread(target=lambda: received.append(connection.receive()))
    thread.start()
    connection.close()
    thread.join(5)
    other.close()
    assert not thread.is_alive()
    assert received in ([None], [])  # [] where the thread came after the close and found it closed


async def test_both_ends_understand_each_other() -> None:
    ours, theirs = socket.socketpair()
    worker = await AsyncConnection.open(ours)
    engine = Connection(theirs)
    await worker.send(MESSAGES[0])
    assert await asyncio.to_thread(engine.receive) == MESSAGES[0]
    engine.send(MESSAGES[-1])
    assert await worker.receive() == MESSAGES[-1]
    engine.close()
    assert await worker.receive() is None
    worker.close()
