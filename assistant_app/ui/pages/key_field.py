"""An input that takes one key, with its modifiers, by having it pressed."""

import re
from collections.abc import Callable

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import (
    QHBoxLayout,
    QKeySequenceEdit,
    QLabel,
    QLineEdit,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from assistant_app.i18n import _
from assistant_app.ui.actions import ACTIONS
from assistant_app.ui.icons import icon

_STRONG = ("Ctrl+", "Alt+", "Meta+")
_ALONE = re.compile(r"(Shift\+)?(F\d+|Pause|ScrollLock|Insert|Menu|Launch.*|Media.*)")
"""Keys that type nothing and move nothing, so that they need no other key beside them."""


class KeyField(QWidget):
    """Shows a key; a sentence below says why another one was refused."""

    def __init__(self, keys: str, title: str, tooltip: str, changed: Callable[[str], object]) -> None:
        super().__init__()
        self._keys = keys
        self._changed = changed
        self.edit = QKeySequenceEdit(QKeySequence(keys), self)
        self.edit.setMaximumSequenceLength(1)
        self.edit.setObjectName("key_edit")
        self.edit.setAccessibleName(title)
        self.edit.setToolTip(_("Press the key that you want"))
        self.edit.setMaximumWidth(260)
        for line in self.edit.findChildren(QLineEdit):
            line.setPlaceholderText(_("Press a key"))
            line.setAccessibleName(title)
            line.setToolTip(tooltip)
        clear = QToolButton(self)
        clear.setObjectName("key_clear")
        clear.setIcon(icon("close", self.palette().text().color().name()))
        clear.setIconSize(QSize(14, 14))
        clear.setAccessibleName(_("No key"))
        clear.setToolTip(_("Use no key"))
        clear.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._refused = QLabel(self)
        self._refused.setObjectName("key_refused")
        self._refused.setProperty("role", "danger")
        self._refused.setWordWrap(True)
        self._refused.hide()
        row = QHBoxLayout()
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.edit)
        row.addWidget(clear)
        row.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(row)
        layout.addWidget(self._refused)
        self.setFocusProxy(self.edit)
        self.edit.editingFinished.connect(self._on_edited)
        clear.clicked.connect(self._on_cleared)

    def _on_cleared(self) -> None:
        self.edit.clear()
        self._on_edited()

    def _on_edited(self) -> None:
        keys = self.edit.keySequence().toString(QKeySequence.SequenceFormat.PortableText)
        if keys == self._keys:
            return
        reason = refusal(keys)
        self._refused.setText(reason)
        self._refused.setVisible(bool(reason))
        if reason:
            self.edit.setKeySequence(QKeySequence(self._keys))
        else:
            self._keys = keys
            self._changed(keys)


def refusal(keys: str) -> str:
    """Return why a key cannot talk, as a sentence; empty where it can."""
    sequence = QKeySequence(keys)
    if sequence.count() == 0:
        return ""
    shown = sequence.toString(QKeySequence.SequenceFormat.NativeText)
    for spec in ACTIONS:
        if sequence in [QKeySequence(used) for used in spec.keys]:
            return _("{key} is taken by “{action}”; choose another one.").format(
                key=shown, action=_(spec.text).rstrip("…")
            )
    if not any(name in keys for name in _STRONG) and not _ALONE.fullmatch(keys):
        return _("{key} is needed for typing; choose a function key, or one with Ctrl or Alt.").format(
            key=shown
        )
    return ""
