"""Edits the examples: pairs of a question and the answer one would like."""

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPlainTextEdit, QPushButton, QVBoxLayout, QWidget

from assistant_app.i18n import _


class FewShotEditor(QWidget):
    """One frame per example.

    Signals:
        changed: all complete pairs, as a tuple of (question, answer).
    """

    changed = Signal(object)

    def __init__(self, pairs: Sequence[Sequence[str]], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("setting_few_shot")
        self.setAccessibleName(_("Examples"))
        self._pairs: list[tuple[QFrame, QPlainTextEdit, QPlainTextEdit]] = []
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(8)
        for question, answer in pairs:
            self._add(question, answer)
        add = QPushButton(_("Add an example"), self)
        add.setObjectName("add_example")
        add.setAccessibleName(_("Add an example"))
        add.setToolTip(_("Show the model how you would like to be answered"))
        add.setAutoDefault(False)
        add.clicked.connect(lambda: self._add("", "", focus=True))
        row = QHBoxLayout()
        row.addWidget(add)
        row.addStretch(1)
        self._layout.addLayout(row)

    def pairs(self) -> tuple[tuple[str, str], ...]:
        """Return the pairs of which both sides are filled in."""
        both = ((q.toPlainText().strip(), a.toPlainText().strip()) for _frame, q, a in self._pairs)
        return tuple((question, answer) for question, answer in both if question and answer)

    def _add(self, question: str, answer: str, *, focus: bool = False) -> None:
        frame = QFrame(self)
        frame.setObjectName("card")
        layout = QVBoxLayout(frame)
        layout.setContentsMargins(10, 10, 10, 8)
        layout.setSpacing(6)
        edits = []
        for name, label, text in (
            ("example_question", _("Question"), question),
            ("example_answer", _("Answer you would like"), answer),
        ):
            edit = QPlainTextEdit(text, frame)
            edit.setObjectName(name)
            edit.setAccessibleName(label)
            edit.setPlaceholderText(label)
            edit.setToolTip(label)
            edit.setTabChangesFocus(True)
            edit.setFixedHeight(58)
            edit.textChanged.connect(lambda: self.changed.emit(self.pairs()))
            layout.addWidget(edit)
            edits.append(edit)
        remove = QPushButton(_("Remove"), frame)
        remove.setObjectName("remove_example")
        remove.setAccessibleName(_("Remove this example"))
        remove.setToolTip(_("Remove this example"))
        remove.setAutoDefault(False)
        remove.clicked.connect(lambda: self._remove(frame))
        row = QHBoxLayout()
        row.addStretch(1)
        row.addWidget(remove)
        layout.addLayout(row)
        self._layout.insertWidget(len(self._pairs), frame)
        self._pairs.append((frame, edits[0], edits[1]))
        if focus:
            edits[0].setFocus()

    def _remove(self, frame: QFrame) -> None:
        self._pairs = [pair for pair in self._pairs if pair[0] is not frame]
        self._layout.removeWidget(frame)
        frame.hide()
        frame.deleteLater()
        self.changed.emit(self.pairs())
