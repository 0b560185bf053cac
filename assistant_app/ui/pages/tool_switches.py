"""One switch per tool: what it is called, what it does, what it may change."""

from collections.abc import Collection, Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QCheckBox, QLabel, QVBoxLayout, QWidget

from assistant_app.core.text import N_
from assistant_app.core.tools import Risk
from assistant_app.core.views import ToolRow
from assistant_app.i18n import _

_RISKS = {
    Risk.READ: N_("Only reads."),
    Risk.WRITE: N_("Changes your notes and reminders in Assistant."),
    Risk.EXECUTE: N_("Runs programs or changes files."),
    Risk.NETWORK: N_("Sends something out of this computer."),
}


class ToolSwitches(QWidget):
    """A row for each tool.

    Signals:
        changed: names of the tools that are switched off, as a tuple.
    """

    changed = Signal(tuple)

    def __init__(self, rows: Sequence[ToolRow], off: Collection[str], parent: QWidget) -> None:
        """Show the tools; `off` are the names of those that are switched off."""
        super().__init__(parent)
        self._boxes: dict[str, QCheckBox] = {}
        # What this version does not know stays as it is: another version may.
        self._unknown = tuple(name for name in off if name not in {row.name for row in rows})
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 4, 0, 0)
        layout.setSpacing(2)
        for row in rows:
            text = f"{_(row.summary)} {_(_RISKS[Risk(row.risk)])}"
            box = QCheckBox(_(row.title), self)
            box.setObjectName(f"tool_{row.name}")
            box.setAccessibleName(_(row.title))
            box.setAccessibleDescription(text)
            box.setToolTip(text)
            box.setChecked(row.name not in off)
            box.toggled.connect(self._on_toggled)
            self._boxes[row.name] = box
            says = QLabel(text, self)
            says.setProperty("role", "muted")
            says.setWordWrap(True)
            says.setTextFormat(Qt.TextFormat.PlainText)
            says.setIndent(26)
            layout.addWidget(box)
            layout.addWidget(says)
            layout.addSpacing(8)

    def _on_toggled(self) -> None:
        off = (name for name, box in self._boxes.items() if not box.isChecked())
        self.changed.emit((*self._unknown, *off))
