"""Transcripts as text, SubRip, WebVTT and JSON."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant_app.core.subtitles import FORMS, LINE_COLUMNS, cues, to_json, to_srt, to_text, to_vtt, wrapped
from assistant_app.core.voice import Segment, Transcript


def transcript(*segments: Segment, language: str = "en") -> Transcript:
    return Transcript("talk.wav", language, 10.0, segments)


HELLO = transcript(Segment(0.0, 1.5, " Hello there."), Segment(3661.25, 3662.0, " An hour later."))


def test_text_has_a_line_for_each_segment() -> None:
    assert to_text(HELLO) == "Hello there.\nAn hour later.\n"


def test_subrip() -> None:
    assert to_srt(HELLO) == (
        "1\n00:00:00,000 --> 00:00:01,500\nHello there.\n\n2\n01:01:01,250 --> 01:01:02,000\nAn hour later.\n"
    )


def test_webvtt() -> None:
    assert to_vtt(HELLO) == (
        "WEBVTT\n\n00:00:00.000 --> 00:00:01.500\nHello there.\n"
        "\n01:01:01.250 --> 01:01:02.000\nAn hour later.\n"
    )


def test_json_has_everything() -> None:
    data = json.loads(to_json(HELLO))
    assert data["text"] == "Hello there. An hour later."
    assert data["segments"][1] == {"id": 1, "start": 3661.25, "end": 3662.0, "text": "An hour later."}
    assert (data["file"], data["language"], data["duration"]) == ("talk.wav", "en", 10.0)


def test_chinese_is_joined_without_spaces() -> None:
    said = transcript(Segment(0, 1, "你好"), Segment(1, 2, "世界"), language="zh")
    assert json.loads(to_json(said))["text"] == "你好世界"


@pytest.mark.parametrize("form", FORMS)
def test_a_transcript_without_words_is_valid(form: str) -> None:
    text = FORMS[form](transcript())
    assert text == {"txt": "", "srt": "", "vtt": "WEBVTT\n"}.get(form, text)
    if form == "json":
        assert json.loads(text)["segments"] == []


def test_marks_that_mean_something_in_the_form_are_made_harmless() -> None:
    tricky = transcript(Segment(0, 1, "a --> b\n\n2\n<i>c & d"))
    assert to_srt(tricky).count("-->") == 1
    assert "\n\n" not in to_srt(tricky).rstrip()
    assert "&lt;i&gt;c &amp; d" in to_vtt(tricky)


def test_long_text_is_shown_two_lines_at_a_time_each_for_its_part_of_the_time() -> None:
    words = " ".join(f"word{number:03}" for number in range(30))
    shown = list(cues([Segment(0.0, 30.0, words)]))
    assert len(shown) > 1
    assert all(len(cue.lines) <= 2 for cue in shown)
    assert (shown[0].start_ms, shown[-1].end_ms) == (0, 30_000)
    assert " ".join(line for cue in shown for line in cue.lines) == words


def test_chinese_is_wrapped_where_it_must_be_and_a_mark_never_begins_a_line() -> None:
    lines = wrapped("今天天气很好，我们去公园走走吧。" * 4)
    assert len(lines) > 1
    assert not any(line[0] in "，。" for line in lines)
    assert "".join(lines) == "今天天气很好，我们去公园走走吧。" * 4


SEGMENTS = st.lists(
    st.builds(
        Segment,
        st.floats(-5, 20_000, allow_nan=False),
        st.floats(-5, 20_000, allow_nan=False),
        st.text(max_size=200),
    ),
    max_size=20,
)


@given(SEGMENTS)
def test_times_are_never_negative_backwards_or_overlapping(segments: list[Segment]) -> None:
    before = 0
    for cue in cues(segments):
        assert before <= cue.start_ms < cue.end_ms
        assert cue.lines and all(line.strip() for line in cue.lines)
        before = cue.end_ms


@given(SEGMENTS)
def test_no_word_is_lost_in_any_form(segments: list[Segment]) -> None:
    whole = transcript(*segments)
    wanted = "".join(
        "".join(one.text.replace("-->", "→").split())
        for one in sorted(segments, key=lambda one: one.start_s)
        if one.text.split()
    )
    shown = "".join(line for cue in cues(segments) for line in cue.lines)
    assert "".join(shown.split()) == wanted
    assert len(re.findall(r"^\d+\n[\d:,]+ --> ", to_srt(whole), re.M)) == len(list(cues(segments)))


@given(st.text(alphabet="abc déé 你好，。", max_size=300))
def test_lines_are_not_too_long(text: str) -> None:
    for line in wrapped(text):
        narrow = sum(2 if character in "你好，。" else 1 for character in line)
        assert narrow <= LINE_COLUMNS + 2 * sum(line.count(mark) for mark in "，。") + 1
