"""How long the event loop stalls while an answer streams: `python -m tests.benchmarks.bench_transcript`.

200 tokens a second of Markdown come at the end of a 5,000-word answer; a timer of one millisecond
notes how late it is. A QPlainTextEdit that appends the same text is measured beside it.
"""

import os
from collections.abc import Callable
from time import perf_counter

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QTextCursor
from PySide6.QtWidgets import QApplication, QPlainTextEdit, QWidget

from assistant_app.core.conversation import MessageState, Role
from assistant_app.core.events import TextDelta
from assistant_app.ui.transcript.view import TranscriptView
from tests.benchmarks.table import Row, at_most, percentile
from tests.gui import transcript_samples as samples

_TOKENS_PER_S = 200
_TOKEN_CHARACTERS = 5
_SECONDS = 12.0
_GOAL_MS = 16.0


def stalls(app: QApplication, append: Callable[[str], None], text: str, seconds: float) -> list[float]:
    """Stream `text` for some seconds; return how late the timer was each time, in milliseconds."""
    late: list[float] = []
    last = began = perf_counter()
    sent = 0

    def tick() -> None:
        nonlocal last, sent
        now = perf_counter()
        late.append((now - last) * 1000 - 1)
        last = now
        due = int((now - began) * _TOKENS_PER_S)
        while sent < due:
            at = sent * _TOKEN_CHARACTERS % len(text)
            append(text[at : at + _TOKEN_CHARACTERS])
            sent += 1

    timer = QTimer()
    timer.setTimerType(Qt.TimerType.PreciseTimer)
    timer.setInterval(1)
    timer.timeout.connect(tick)
    timer.start()
    QTimer.singleShot(int(seconds * 1000), app.quit)
    app.exec()
    timer.stop()
    return late


def _show(widget: QWidget) -> None:
    widget.resize(900, 800)
    widget.show()


def measure(seconds: float = _SECONDS) -> tuple[list[float], list[float]]:
    """Return the stalls of the transcript and of the bare widget, in milliseconds."""
    app = QApplication.instance() or QApplication([])
    assert isinstance(app, QApplication)
    before, text = samples.five_thousand_words(), samples.five_thousand_words()
    view = TranscriptView()
    _show(view)
    answer = samples.message("a1", Role.ASSISTANT, before, parent="q1", state=MessageState.STREAMING)
    view.set_view(samples.view(samples.message("q1", Role.USER, "Tell me"), answer))
    while view.rendering:
        app.processEvents()
    QTimer.singleShot(500, app.quit)
    app.exec()
    ours = stalls(app, lambda token: view.apply(TextDelta(samples.CONVERSATION, "a1", token)), text, seconds)
    view.hide()
    view.deleteLater()
    bare = QPlainTextEdit()
    _show(bare)
    bare.setPlainText(before)
    bare.moveCursor(QTextCursor.MoveOperation.End)
    theirs = stalls(app, bare.insertPlainText, text, seconds / 2)
    bare.hide()
    return ours, theirs


def stall() -> list[Row]:
    """Return the row for the table of benchmarks."""
    ours, theirs = measure()
    p99 = percentile(ours, 0.99)
    bare = percentile(theirs, 0.99)
    note = (
        f"p50 {percentile(ours, 0.5):.1f}, max {max(ours):.1f} ms; "
        f"{p99 / max(bare, 0.05):.1f} × a bare QPlainTextEdit (max {max(theirs):.1f} ms)"
    )
    return [at_most("stall while 200 tok/s stream, p99", p99, _GOAL_MS, "ms", note, f"{bare:.1f} ms")]


def main() -> None:
    """Print the stalls of both."""
    ours, theirs = measure()
    for name, late in (("transcript", ours), ("QPlainTextEdit", theirs)):
        p50, p99 = percentile(late, 0.5), percentile(late, 0.99)
        print(f"{name:15} p50 {p50:6.2f}  p99 {p99:6.2f}  max {max(late):6.2f} ms  of {len(late)}")
    ratio = percentile(ours, 0.99) / max(percentile(theirs, 0.99), 0.05)
    print(f"ratio of p99    {ratio:.1f}")


if __name__ == "__main__":
    main()
