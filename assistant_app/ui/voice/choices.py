"""The two choices that one makes while talking: hands-free, and the language that is spoken."""

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from assistant_app.i18n import _
from assistant_app.ui.no_wheel import NoWheelCombo
from assistant_app.ui.voice.languages import spoken_languages


class VoiceChoices(QWidget):
    """Two settings where they are needed; the others are in the settings.

    Signals:
        changed: a dictionary with the setting that was changed.
    """

    changed = Signal(dict)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("voice_choices")
        self._hands_free = QCheckBox(_("Hands-free"), self)
        self._hands_free.setObjectName("voice_hands_free")
        self._hands_free.setAccessibleName(_("Hands-free"))
        self._hands_free.setToolTip(_("When you stop speaking, the recording ends by itself."))
        label = QLabel(_("I speak"), self)
        label.setProperty("role", "muted")
        self._language = NoWheelCombo(self)
        self._language.setObjectName("voice_language")
        self._language.setAccessibleName(_("Spoken language"))
        self._language.setToolTip(_("A fixed language is quicker and surer than finding it out each time."))
        self._language.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._language.setMinimumContentsLength(5)
        self._language.setSizeAdjustPolicy(
            NoWheelCombo.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        for code, name in spoken_languages():
            self._language.addItem(name, code)
        label.setBuddy(self._language)
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(label)
        row.addWidget(self._language, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 6, 0)
        layout.setSpacing(8)
        layout.addLayout(row)
        layout.addWidget(self._hands_free)
        self.setTabOrder(self._language, self._hands_free)
        self._hands_free.clicked.connect(lambda on: self.changed.emit({"hands_free": on}))
        self._language.activated.connect(
            lambda index: self.changed.emit({"speech_language": self._language.itemData(index)})
        )

    def take_settings(self, settings: Mapping[str, Any]) -> None:
        """Show what is chosen."""
        self._hands_free.setChecked(bool(settings.get("hands_free", False)))
        index = self._language.findData(str(settings.get("speech_language", "")))
        self._language.setCurrentIndex(max(0, index))
