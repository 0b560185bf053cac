"""Links from elsewhere ask for a text, the window or a page, and for nothing else."""

from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant_app.core.app_links import (
    LINKED_PAGES,
    MAX_LINK_CHARACTERS,
    MAX_TEXT_CHARACTERS,
    AskLink,
    LinkError,
    OpenLink,
    PageLink,
    parse_link,
)


@pytest.mark.parametrize(
    ("link", "text"),
    [
        ("assistant-app:ask?text=hello", "hello"),
        ("assistant-app://ask?text=hello", "hello"),
        ("ASSISTANT-APP:ask?text=hello", "hello"),
        ("assistant-app:ask?text=What+is+1%2B1%3F", "What is 1+1?"),
        ("assistant-app:ask?text=C%23%20%26%20a=b", "C# & a=b"),
        ("assistant-app:ask?text=%E4%BD%A0%E5%A5%BD", "你好"),
        ("assistant-app:ask?text=你好，世界", "你好，世界"),
        ("assistant-app:ask?text=100%", "100%"),
        ("assistant-app:ask?text=one%0Atwo%0D%0Athree%0Dfour%E2%80%A8five", "one\ntwo\nthree\nfour\nfive"),
        # What cannot be seen goes: bells, escapes, changes of direction, hidden words; joiners stay.
        ("assistant-app:ask?text=a%00b%07c%1B%5B31md%7F", "abc[31md"),
        ("assistant-app:ask?text=safe%E2%80%AEexe.txt%E2%81%A6%EF%BB%BF", "safeexe.txt"),
        ("assistant-app:ask?text=a\u200bb\u2066c\u061cd", "abcd"),
        ("assistant-app:ask?text=hi" + quote("".join(chr(0xE0000 + ord(c)) for c in "run")), "hi"),
        ("assistant-app:ask?text=hi" + quote("\U000e0100\U000e01ef"), "hi"),
        ("assistant-app:ask?text=" + quote("👩\u200d💻"), "👩\u200d💻"),
        ("assistant-app:ask?text=a\udcffb", "a?b"),
        # A text is a text, whatever it looks like.
        ("assistant-app:ask?text=file:///etc/passwd", "file:///etc/passwd"),
        ("assistant-app:ask?text=%2E%2E%2F%2E%2E%2Fetc", "../../etc"),
        ("assistant-app:ask?text=assistant-app:open", "assistant-app:open"),
        ("assistant-app:ask?text=%3Ctool_call%3E%7B%7D%3C/tool_call%3E", "<tool_call>{}</tool_call>"),
        # Decoded once: what is encoded twice stays what it is.
        ("assistant-app:ask?text=%2500%250A", "%00%0A"),
    ],
)
def test_text_is_taken_as_it_can_be_read(link: str, text: str) -> None:
    assert parse_link(link) == AskLink(text)


def test_window_and_pages_can_be_asked_for() -> None:
    assert parse_link("assistant-app:open") == OpenLink()
    assert parse_link("assistant-app://open/") == OpenLink()
    assert [parse_link(f"assistant-app:page/{page}") for page in LINKED_PAGES] == [
        PageLink(page) for page in LINKED_PAGES
    ]


@pytest.mark.parametrize(
    "link",
    [
        "",
        "assistant-app",
        "assistant-app:",
        "assistant-app:///",
        "assistant-app:quit",
        "assistant-app:Open",
        "assistant-app:open?text=x",
        "assistant-app:open\nraise",
        "assistant-app:ask",
        "assistant-app:ask?",
        "assistant-app:ask?q=hello",
        "assistant-app:ask/../open",
        "assistant-app:ask?text=hello&send=1",
        "assistant-app:ask?text=one&text=two",
        "assistant-app:ask?send=1&text=hello",
        "assistant-app:ask?text=C# or Java",
        "assistant-app:ask?text=%FF%FE",
        "assistant-app:ask?text=%C0%AF",
        "assistant-app:ask?text=%ED%A0%80",
        "assistant-app:%61sk?text=hello",
        "assistant-app:page/",
        "assistant-app:page/trash",
        "assistant-app:page/models/",
        "assistant-app:page/models?install=evil.gguf",
        "assistant-app:page/../settings",
        "assistant-app:page/%2e%2e",
        "assistant-app:tool/add_note",
        "assistant-app:--talk",
        "assistant-app:file:///etc/passwd",
        "assistant-apps:open",
        " assistant-app:open",
        "http://example.org/assistant-app:open",
        "file:///home/somebody/.ssh/id_rsa",
        "javascript:alert(1)",
        "/usr/bin/assistant-app:open",
    ],
)
def test_anything_else_is_one_sentence(link: str) -> None:
    with pytest.raises(LinkError) as refused:
        parse_link(link)
    assert "does not know" in refused.value.sentence()


@pytest.mark.parametrize("text", ["", "%20%0A+", "%E2%80%8B%E2%80%AE"])
def test_link_without_a_text_that_can_be_seen_says_so(text: str) -> None:
    with pytest.raises(LinkError, match="no text"):
        parse_link(f"assistant-app:ask?text={text}")


@pytest.mark.parametrize("letter", ["a", "字", "😀"])
def test_longest_text_fits_however_it_is_written_and_one_more_is_refused_whole(letter: str) -> None:
    text = letter * MAX_TEXT_CHARACTERS
    for written in (text, quote(text)):
        assert parse_link(f"assistant-app:ask?text={written}") == AskLink(text)
    with pytest.raises(LinkError, match=f"more than {MAX_TEXT_CHARACTERS} characters"):
        parse_link(f"assistant-app:ask?text={quote(text + letter)}")


def test_endless_link_is_not_read() -> None:
    with pytest.raises(LinkError, match="more than"):
        parse_link("x" * (MAX_LINK_CHARACTERS + 1))


@given(st.text(st.characters(codec="utf-8"), max_size=200))
def test_every_text_gives_the_same_in_both_spellings_and_nothing_unseen(text: str) -> None:
    def read(written: str) -> AskLink | str:
        try:
            link = parse_link(f"assistant-app:ask?text={written}")
        except LinkError as error:
            return error.sentence()
        assert isinstance(link, AskLink)
        return link

    found = read(quote(text, safe=""))
    assert found == read(quote_plus(text))
    if isinstance(found, AskLink):
        assert found.text == found.text.strip()
        assert not set(found.text) & set("\r\x00\x1b\u202e\u2066\u200b\ufeff")
        # Reading what was read changes nothing more.
        assert read(quote(found.text, safe="")) == found


@given(st.text(max_size=60))
def test_no_link_is_a_crash(rest: str) -> None:
    try:
        parse_link(f"assistant-app:{rest}")
    except LinkError as error:
        assert error.sentence().endswith(".")
