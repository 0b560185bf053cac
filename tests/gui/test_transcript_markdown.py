"""Markdown becomes text, panels and links; streamed or at once, the same."""

from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PySide6.QtCore import QUrl
from PySide6.QtGui import QTextCursor, QTextTable
from PySide6.QtWidgets import QApplication, QToolButton, QWidget
from pytestqt.qtbot import QtBot

from assistant_app.ui.markdown.blocks import BlockSplitter, Kind
from assistant_app.ui.markdown.formats import Formats
from assistant_app.ui.markdown.links import is_safe, split_bare
from assistant_app.ui.markdown.look import Look
from assistant_app.ui.markdown.slicer import Slicer
from assistant_app.ui.transcript.body import MessageBody
from tests.gui import transcript_samples as samples

NewBody = Callable[..., MessageBody]


@pytest.fixture
def new_body(qtbot: QtBot, qapp: QApplication) -> NewBody:
    """Make bodies of 700 pixels."""
    kept: list[QWidget] = []

    def make(source: str | None = None, *, plain: bool = False) -> MessageBody:
        holder = QWidget()
        kept.append(holder)
        qtbot.addWidget(holder)
        body = MessageBody(Formats(Look.of(qapp.palette(), qapp.font())), Slicer(holder), holder, plain=plain)
        body.set_width(700)
        if source is not None:
            body.set_source(source, final=True)
            body.finish_now()
        return body

    return make


def stream(body: MessageBody, source: str, step: int) -> None:
    for at in range(0, len(source), step):
        body.append(source[at : at + step])
        body.finish_now()
    body.finish()
    body.finish_now()


def drawn(body: MessageBody) -> list[tuple[str, float, list[tuple[str, int, bool, bool, str]]]]:
    """Return everything visible: text, left margin and formats of each block."""
    result = []
    block = body.document().begin()
    while block.isValid():
        pieces: list[tuple[str, int, bool, bool, str]] = []
        iterator = block.begin()
        while not iterator.atEnd():
            fragment = iterator.fragment()
            form = fragment.charFormat()
            piece = (
                fragment.text(),
                form.fontWeight(),
                form.fontItalic(),
                form.isAnchor(),
                form.anchorHref(),
            )
            if pieces and pieces[-1][1:] == piece[1:]:
                piece = (pieces.pop()[0] + piece[0], *piece[1:])
            pieces.append(piece)
            iterator += 1
        result.append((block.text(), block.blockFormat().leftMargin(), pieces))
        block = block.next()
    return result


def test_a_message_reads_as_written(new_body: NewBody) -> None:
    text = new_body(samples.MARKDOWN).plain_text()
    for expected in (
        "Boiling eggs, properly",
        "1. Bring the water to a boil.",
        "◦ soft: 6 minutes",
        "☑ buy eggs",
        "☐ buy salt",
        "$t \\propto d^2$",
        "[Picture not loaded: a diagram] <b>Not HTML</b>.",
    ):
        assert expected in text
    assert "**" not in text.replace("diameter_mm ** 2", "")


@pytest.mark.parametrize("step", [1, 7, 64])
@pytest.mark.parametrize("source", [samples.MARKDOWN, samples.CHINESE], ids=["english", "chinese"])
def test_streamed_text_looks_like_text_that_came_at_once(new_body: NewBody, source: str, step: int) -> None:
    streamed = new_body()
    stream(streamed, source, step)
    at_once = new_body(source)
    assert drawn(streamed) == drawn(at_once)
    assert streamed.regions == at_once.regions


def test_finished_blocks_keep_their_selection_while_more_comes(new_body: NewBody) -> None:
    body = new_body()
    body.append("First **paragraph**.\n\nSecond")
    body.finish_now()
    cursor = body.textCursor()
    cursor.setPosition(0)
    cursor.setPosition(15, QTextCursor.MoveMode.KeepAnchor)
    body.setTextCursor(cursor)
    stream(body, " goes on\n\n- a\n- b\n\n```py\nx = 1\n```\n", 3)
    assert body.selected_text() == "First paragraph"


def test_the_tail_alone_is_parsed_again(new_body: NewBody, monkeypatch: pytest.MonkeyPatch) -> None:
    from assistant_app.ui.markdown import writer

    parsed: list[str] = []
    real = writer.parse
    monkeypatch.setattr(writer, "parse", lambda source, env: parsed.append(source) or real(source, env))
    body = new_body()
    stream(body, "".join(f"Paragraph {number} of the text.\n\n" for number in range(50)), 11)
    assert max(len(source) for source in parsed) < 40
    assert sum("Paragraph 3 " in source for source in parsed) <= 6


def test_code_has_a_label_colours_and_a_copy_button(new_body: NewBody, qapp: QApplication) -> None:
    body = new_body("Text\n\n```python\ndef f():\n    return 1\n```\n\nEnd")
    region = next(region for region in body.regions if region.kind == "code")
    assert region.label == "python"
    line = body.document().findBlock(region.start)
    assert line.layout().formats(), "no colours"
    button = body.findChild(QToolButton, "copyCodeButton")
    assert button is not None and button.accessibleName() == "Copy this code"
    button.click()
    assert qapp.clipboard().text() == "def f():\n    return 1\n"


def test_long_tables_are_cut_behind_a_link(new_body: NewBody) -> None:
    rows = "".join(f"| {number} | x |\n" for number in range(500))
    body = new_body(f"| a | b |\n|---|---|\n{rows}\nAfter.")
    assert "Show all (308 more rows)" in body.plain_text()
    assert "499" not in body.plain_text() and "After." in body.plain_text()
    body.anchorClicked.emit(QUrl("assistant:show-all"))
    body.finish_now()
    assert "| 499 | x |" in body.plain_text()


def test_bands_of_a_table_have_the_same_columns(new_body: NewBody) -> None:
    body = new_body("| a | b |\n|---|---|\n" + "".join(f"| row {n} | {n} |\n" for n in range(100)))
    tables = [frame for frame in body.document().rootFrame().childFrames() if isinstance(frame, QTextTable)]
    assert len(tables) > 2
    assert len({tuple(w.rawValue() for w in t.format().columnWidthConstraints()) for t in tables}) == 1


def test_user_text_stays_as_typed_but_fences_are_code(new_body: NewBody) -> None:
    text = "  *not* emphasis\n# no heading\n\n```py\nx = 1\n```\n1. kept"
    body = new_body(text, plain=True)
    assert body.plain_text() == "  *not* emphasis\n# no heading\nx = 1\n1. kept"


def test_formulas_copy_as_their_source_and_fall_back_to_it(new_body: NewBody, qtbot: QtBot) -> None:
    from assistant_app.ui.markdown.formulas import Setting, formula_setter

    body = new_body(r"Good $a^2$ and bad $\frac{$ end")
    assert body.plain_text() == r"Good $a^2$ and bad $\frac{$ end"
    setter = formula_setter()
    known = {setting.latex: outline for setting, outline in setter._outlines.items()}
    qtbot.waitUntil(
        lambda: {"a^2", r"\frac{"} <= {setting.latex for setting in setter._outlines}, timeout=15_000
    )
    outlines = {setting.latex: outline for setting, outline in setter._outlines.items()} | known
    assert outlines["a^2"].svg and not outlines[r"\frac{"].svg
    assert isinstance(next(iter(setter._outlines)), Setting)


def test_definitions_at_the_end_serve_links_at_the_beginning(new_body: NewBody) -> None:
    body = new_body("See [the book][1].\n\nMore.\n\n[1]: https://example.org/book\n")
    assert any(href == "https://example.org/book" for _t, _m, ps in drawn(body) for *_rest, href in ps)


@pytest.mark.parametrize(
    ("text", "bold"),
    [
        ("**“注意”**这里", "“注意”"),
        ("请看**重点：**后文", "重点："),
        ("中文**粗体**中文", "粗体"),
        ("a **b** c", "b"),
    ],
)
def test_emphasis_works_beside_chinese_punctuation(new_body: NewBody, text: str, bold: str) -> None:
    pieces = [piece for _text, _margin, pieces in drawn(new_body(text)) for piece in pieces]
    assert [piece[0] for piece in pieces if piece[1] >= 700] == [bold]


def test_numbers_go_on_through_a_list_of_ones(new_body: NewBody) -> None:
    assert new_body("1. a\n1. b\n1. c\n").plain_text() == "1. a\n2. b\n3. c"
    assert new_body("4. a\n5. b\n").plain_text() == "4. a\n5. b"


@given(st.lists(st.sampled_from([*"ab \n`|-*#>$1.[]()\\", "```", "\n\n", "- ", "| a |"]), max_size=60))
def test_the_splitter_loses_no_letters_wherever_it_is_cut(parts: list[str]) -> None:
    source = "".join(parts)

    def letters(step: int) -> str:
        splitter = BlockSplitter()
        blocks = []
        for at in range(0, len(source), step):
            blocks += splitter.feed(source[at : at + step])
        blocks += splitter.finish()
        return (
            "".join(
                "".join(block.source.split("\n")[2:])
                if block.kind is Kind.TABLE and not block.first
                else block.source
                for block in blocks
            )
            .replace("\n", "")
            .replace(" ", "")
        )

    once = letters(10_000)
    assert letters(1) == once
    kept = [letter for letter in once if letter in "ab1"]
    fences = [block for block in BlockSplitter().feed(source + "\n") if block.kind is Kind.CODE]
    if not fences and "```" not in source:
        assert kept == [letter for letter in source if letter in "ab1"]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(max_size=300))
def test_any_text_can_be_shown_and_copied(new_body: NewBody, text: str) -> None:
    body = new_body(text)
    body.plain_text()
    assert body.height() > 0


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("go to https://a.org/b.", ["https://a.org/b"]),
        ("(https://a.org/b_(c))", ["https://a.org/b_(c)"]),
        ("见 https://a.org/b，然后", ["https://a.org/b"]),
        ("ftp://a.org and file:///etc", []),
    ],
)
def test_bare_addresses_end_where_the_sentence_goes_on(text: str, expected: list[str]) -> None:
    assert [url for _text, url in split_bare(text) if url] == expected
    assert "".join(piece for piece, _url in split_bare(text)) == text


def test_only_web_and_mail_links_are_safe() -> None:
    assert all(is_safe(url) for url in ("https://a.org", "http://a.org:8/x", "mailto:a@b.org"))
    bad = (
        "file:///etc/passwd",
        "javascript:alert(1)",
        "data:text/html,x",
        "//host/x",
        "\\\\host\\x",
        "x.md",
        "https://",
        "mailto:",
        "https://a.org/\u202egnp.exe",
        "smb://h/x",
        "assistant:show-all",
    )
    assert not any(is_safe(url) for url in bad)
