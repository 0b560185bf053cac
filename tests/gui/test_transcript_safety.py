"""A message touches neither network nor files, and no text can make the window hang."""

import os
import random
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt, QTimer, QUrl
from PySide6.QtGui import QImage, QTextCursor
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from assistant_app.core.conversation import MessageState, Role
from assistant_app.core.events import TextDelta, TurnEnded
from assistant_app.ui.transcript.view import TranscriptView
from tests.gui import transcript_samples as samples

HANG_S = 5.0


class Server:
    """Counts requests on the loopback interface."""

    def __init__(self) -> None:
        requests: list[str] = []
        self.requests = requests

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                requests.append(self.path)
                self.send_response(200)
                self.end_headers()

            do_HEAD = do_POST = do_GET

            def log_message(self, *args: object) -> None:
                """Stay silent."""

        self._server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def server() -> Iterator[Server]:
    """A server that nobody may call."""
    running = Server()
    yield running
    running.close()


def carriers(web: str, file: str) -> list[str]:
    """Return texts that make a careless renderer fetch `web` or read `file`."""
    result = []
    for target in (web, f"file://{file}", file):
        result += [
            f"![x]({target})",
            f"![x](<{target}>)",
            f'![x]({target} "title")',
            f"![x][r]\n\n[r]: {target}",
            f"![r]\n\n[r]: <{target}>",
            f"[![x]({target})]({target})",
            f"<img src='{target}'>",
            f'<img src="{target}" width=1 height=1/>',
            f"<IMG SRC={target}>",
            f'<link rel="stylesheet" href="{target}">',
            f"<style>@import url({target});</style>",
            f'<style>body {{ background: url("{target}") }}</style>',
            f'<div style="background-image: url({target})">x</div>',
            f'<table background="{target}"><tr><td>x</td></tr></table>',
            f'<body background="{target}">',
            f'<iframe src="{target}"></iframe>',
            f'<object data="{target}"></object>',
            f'<embed src="{target}">',
            f'<video src="{target}" autoplay></video>',
            f'<audio src="{target}" autoplay></audio>',
            f'<script src="{target}"></script>',
            f'<meta http-equiv="refresh" content="0;url={target}">',
            f'<svg><image href="{target}"/></svg>',
            f'<input type="image" src="{target}">',
            f"| a |\n|---|\n| ![x]({target}) |",
            f"- ![x]({target})\n  - <img src={target}>",
            f"> ![x]({target})",
            f"# ![x]({target})",
            f"**![x]({target})**",
            f"$\\includegraphics{{{target}}}$",
            f"$$\\input{{{target}}}$$",
            f"```\n<img src={target}>\n```",
            f"`![x]({target})`",
            f"<{target}>",
            f"[x]({target})",
        ]
    result += [
        "![x](//127.0.0.1/share/x.png)",
        r"![x](\\127.0.0.1\share\x.png)",
        "![x](data:image/png;base64,iVBORw0KGgo=)",
        "![x](qrc:/x.png)",
        "![x](resource.png)",
        "![x](../../../../etc/hostname)",
        "<img src=data:image/svg+xml,%3Csvg/%3E>",
        "[x](javascript:alert(1))",
        "[x](vbscript:x)",
        "<javascript:alert(1)>",
    ]
    return result


@pytest.fixture
def view(qtbot: QtBot) -> TranscriptView:
    """An open transcript."""
    shown = TranscriptView()
    qtbot.addWidget(shown)
    shown.resize(800, 700)
    shown.show()
    qtbot.waitExposed(shown)
    return shown


def show_answer(view: TranscriptView, text: str, identifier: str = "c1") -> None:
    view.set_view(samples.view(samples.message("a1", Role.ASSISTANT, text), identifier=identifier))


def settle(view: TranscriptView, qtbot: QtBot, timeout: int = 60_000) -> None:
    qtbot.waitUntil(lambda: not view.rendering, timeout=timeout)
    QApplication.processEvents()


def test_no_message_touches_network_or_files(
    view: TranscriptView, qtbot: QtBot, server: Server, tmp_path: Path
) -> None:
    secret = tmp_path / "secret.png"
    picture = QImage(40, 40, QImage.Format.Format_RGB32)
    picture.fill(Qt.GlobalColor.red)
    assert picture.save(str(secret))
    os.utime(secret, (1_000_000, 2_000_000_000))
    texts = carriers(f"{server.url}/leak.png", str(secret))
    assert len(texts) >= 50
    show_answer(view, "\n\n".join(texts))
    settle(view, qtbot)
    widget = view.message_widget("a1")
    assert widget is not None
    for text in texts:
        show_answer(view, text, identifier=f"c{hash(text)}")
        settle(view, qtbot)
        widget = view.message_widget("a1")
        assert widget is not None
        drawn = view.grab().toImage()
        assert drawn.pixelColor(100, 60) != Qt.GlobalColor.red
    # A streamed message takes another way to the screen.
    streaming = samples.message("a1", Role.ASSISTANT, "", state=MessageState.STREAMING)
    view.set_view(samples.view(streaming, identifier="stream"))
    for text in texts:
        view.apply(TextDelta("stream", "a1", text + "\n\n"))
    settle(view, qtbot)
    assert server.requests == []
    # Reading moves the access time of a file whose access time lies before its change.
    assert secret.stat().st_atime == 1_000_000


def test_resources_are_never_loaded(view: TranscriptView, qtbot: QtBot, tmp_path: Path) -> None:
    show_answer(view, "text")
    settle(view, qtbot)
    widget = view.message_widget("a1")
    assert widget is not None
    path = tmp_path / "x.html"
    path.write_text("<b>loaded</b>")
    widget.body.setSource(QUrl.fromLocalFile(str(path)))
    assert widget.body.plain_text() == "text"
    for kind in (1, 2, 3, 4):
        found = widget.body.loadResource(kind, QUrl.fromLocalFile(str(path)))
        assert isinstance(found, QImage) if kind == 2 else bytes(found.data()) == b" "  # type: ignore[attr-defined]


def test_links_are_shown_first_and_opened_by_the_owner(view: TranscriptView, qtbot: QtBot) -> None:
    show_answer(
        view, "[a](https://ex.org/a) [b](javascript:alert(1)) [c](file:///etc/passwd) [d](mailto:a@b.org)"
    )
    settle(view, qtbot)
    widget = view.message_widget("a1")
    assert widget is not None
    opened: list[str] = []
    view.link_activated.connect(opened.append)
    for url in ("https://ex.org/a", "javascript:alert(1)", "file:///etc/passwd", "mailto:a@b.org", "x.html"):
        widget.body.anchorClicked.emit(QUrl(url))
    assert opened == ["https://ex.org/a", "mailto:a@b.org"]
    assert "b (javascript:alert(1))" in widget.body.plain_text()
    widget.body.highlighted.emit(QUrl("https://еxample.org/"))
    assert "xn--" in widget.body.viewport().toolTip()


def pathological() -> dict[str, str]:
    """Return texts that have hung other renderers."""
    dice = random.Random(1)
    zalgo = "".join(c + "".join(chr(dice.randint(0x300, 0x36F)) for _n in range(40)) for c in "He comes" * 60)
    wide = "|" + " a |" * 50 + "\n|" + "---|" * 50 + "\n" + ("|" + " x |" * 50 + "\n") * 200
    return {
        "a megabyte without a line break": "x" * 1_000_000,
        "a megabyte of words without a line break": "word " * 200_000,
        "table of 2000 x 20": "|" + "a|" * 20 + "\n|" + "-|" * 20 + "\n" + ("|" + "x|" * 20 + "\n") * 2000,
        "table of 200 x 50": wide,
        "table of 2000 columns": "|" + "a|" * 2000 + "\n|" + "-|" * 2000 + "\n|" + "x|" * 2000,
        "nested html tables": "<table><tr><td>" * 300 + "x" + "</td></tr></table>" * 300,
        "50,000 brackets": "[" * 50_000,
        "25,000 bracket pairs": "[](" * 25_000,
        "nested links": "[a" * 5_000 + "](x)" * 5_000,
        "20,000 quotes in a line": ">" * 20_000 + " x",
        "20,000 quote lines": "\n".join(">" * (n % 60) + " x" for n in range(20_000)),
        "deep lists": "\n".join("  " * n + "- x" for n in range(600)),
        "lists in a line": "- " * 20_000,
        "20,000 links": "[a](https://b.org) " * 20_000,
        "zalgo": zalgo,
        "bidi": "\u202eabc\u202d\u2066\u2067\u2069\u05d0\u0627" * 5_000,
        "lone surrogates": "\ud800a\udfff\udc00" * 5_000,
        "control characters": "".join(map(chr, range(32))) * 2_000 + "\ufdd0\ufdd1\ufffc\u2028\u2029",
        "a million backticks": "`" * 1_000_000,
        "runs of backticks": " ".join("`" * n for n in range(1, 700)),
        "stars": "*a_ " * 50_000,
        "open emphasis": "**a " * 20_000,
        "entities": "&amp;" * 50_000,
        "dollars": "$a" * 50_000,
        "backslashes": "\\" * 100_000,
        "long fence": "```python\n" + "x = 1  # comment\n" * 30_000,
        "unclosed strings in code": "```js\n" + "'" * 3_000 + '\n"\\' * 3_000,
        "newlines": "\n" * 500_000,
        "formulas": "$x^2$ " * 2_000,
        "deep formula": "$" + "\\frac{1}{" * 300 + "x" + "}" * 300 + "$",
        "headings": "# x\n" * 20_000,
    }


@pytest.mark.parametrize("name", pathological())
def test_no_text_hangs_the_window(view: TranscriptView, qtbot: QtBot, name: str) -> None:
    """The longest stall is reported; only a hang fails."""
    text = pathological()[name]
    longest, last = 0.0, time.perf_counter()

    def tick() -> None:
        nonlocal longest, last
        now = time.perf_counter()
        longest, last = max(longest, now - last), now

    watchdog = QTimer()
    watchdog.setInterval(1)
    watchdog.timeout.connect(tick)
    watchdog.start()
    show_answer(view, text)
    settle(view, qtbot)
    tick()
    at_once = longest
    longest, last = 0.0, time.perf_counter()
    view.set_view(
        samples.view(samples.message("a1", Role.ASSISTANT, "", state=MessageState.STREAMING), identifier="s")
    )
    for at in range(0, min(len(text), 40_000), 2_000):
        view.apply(TextDelta("s", "a1", text[at : at + 2_000]))
        QApplication.processEvents()
    view.apply(TurnEnded("s", samples.message("a1", Role.ASSISTANT, text[:40_000])))
    settle(view, qtbot)
    tick()
    watchdog.stop()
    print(f"{name}: longest stall {at_once * 1000:.0f} ms at once, {longest * 1000:.0f} ms streamed")
    assert max(at_once, longest) < HANG_S
    widget = view.message_widget("a1")
    assert widget is not None
    widget.body.setTextCursor(QTextCursor(widget.body.document()))
    assert widget.mapTo(view, QPoint(0, 0)) is not None
