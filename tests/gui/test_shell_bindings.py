"""The Qt bindings that are pinned do not give away what they do not own."""

import sys

from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot


def test_calls_that_return_nothing_cost_no_references_of_none(qtbot: QtBot) -> None:
    """PySide6 6.12.0 under Python 3.11 took one each time, until the interpreter aborted."""
    label = QLabel()
    qtbot.addWidget(label)
    before = sys.getrefcount(None)
    for _ in range(1000):
        label.setText("x")
    assert before - sys.getrefcount(None) < 500
