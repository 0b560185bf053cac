"""Text on its way out: stop strings, whole characters, few messages, nothing lost."""

import time

from hypothesis import given
from hypothesis import strategies as st

from assistant_app.engines.llama.stream import StopStrings, TextSender, Utf8Decoder


@given(
    st.text(alphabet="abc", max_size=30),
    st.lists(st.text(alphabet="abc", min_size=1, max_size=4), max_size=3),
)
def test_any_cutting_gives_the_text_before_the_first_stop_string(text: str, stops: list[str]) -> None:
    window, out, ended = StopStrings(stops), "", False
    for character in text:
        ready, ended = window.feed(character)
        out += ready
        if ended:
            break
    else:
        out += window.finish()
    ends = [text.find(stop) + len(stop) for stop in stops if stop in text]
    if not ends:
        assert (out, ended) == (text, False)
        return
    seen = text[: min(ends)]
    assert ended
    assert out == seen[: min(seen.find(stop) for stop in stops if stop in seen)]


@given(st.text(max_size=30))
def test_characters_cut_into_bytes_come_out_whole(text: str) -> None:
    decoder = Utf8Decoder()
    encoded = text.encode("utf-8", "replace")
    out = "".join(decoder.decode(encoded[i : i + 1]) for i in range(len(encoded))) + decoder.finish()
    assert out == encoded.decode()


def test_sender_joins_pieces_and_loses_none() -> None:
    sent: list[str] = []
    sender = TextSender(sent.append)
    for number in range(2000):
        sender.add(f"{number} ")
        if number % 100 == 0:
            time.sleep(0.001)  # lets the other thread run; no outcome depends on it
    sender.finish()
    assert "".join(sent) == "".join(f"{number} " for number in range(2000))
    assert len(sent) < 1000
