"""Inputs of voice settings whose choices are found on this computer: microphone, languages, voices, keys."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from pydantic.fields import FieldInfo
from PySide6.QtWidgets import QFormLayout, QLabel, QVBoxLayout, QWidget

from assistant_app.core.events import Event, HotkeyChanged
from assistant_app.core.hotkeys import HotkeyState
from assistant_app.core.voice import MicrophoneRow, VoiceRow
from assistant_app.i18n import _
from assistant_app.ui.no_wheel import NoWheelCombo
from assistant_app.ui.pages.key_field import KeyField
from assistant_app.ui.pages.setting_fields import named
from assistant_app.ui.voice.languages import name_of, spoken_languages

if TYPE_CHECKING:
    from assistant_app.ui.pages.page import Page

Changed = Callable[[Any], object]


def _microphone(page: "Page", name: str, field: FieldInfo, value: Any, changed: Changed) -> QWidget:
    box = NoWheelCombo()
    box.addItem(_("The system's own"), "")
    if value:
        # Until the list is here, and where the device is not connected now.
        box.addItem(str(value).partition("|")[0], value)
        box.setCurrentIndex(1)

    def show(rows: Sequence[MicrophoneRow]) -> None:
        names = [row.name for row in rows]
        for row in rows:
            shown = f"{row.name} ({row.host})" if names.count(row.name) > 1 else row.name
            at = box.findData(row.id)
            if at < 0:
                box.addItem(shown, row.id)
            else:
                box.setItemText(at, shown)
        if value and value not in [row.id for row in rows]:
            at = box.findData(value)
            box.setItemText(at, _("{name} (not connected)").format(name=box.itemText(at)))

    box.activated.connect(lambda index: changed(box.itemData(index)))
    page.bridge.ask(lambda api: api.voice.microphones(), show, page.show_error, box)
    return named(box, name, field)


def _language(page: "Page", name: str, field: FieldInfo, value: Any, changed: Changed) -> QWidget:
    box = NoWheelCombo()
    for code, shown in spoken_languages():
        box.addItem(shown, code)
    box.setCurrentIndex(max(0, box.findData(value)))
    box.activated.connect(lambda index: changed(box.itemData(index)))
    return named(box, name, field)


def _key(page: "Page", name: str, field: FieldInfo, value: Any, changed: Changed) -> QWidget:
    tooltip = _(field.description) if field.description else ""
    return named(KeyField(str(value), _(field.title or name), tooltip, changed), name, field)


def _key_everywhere(page: "Page", name: str, field: FieldInfo, value: Any, changed: Changed) -> QWidget:
    tooltip = _(field.description) if field.description else ""
    return KeyEverywhere(
        page, named(KeyField(str(value), _(field.title or name), tooltip, changed), name, field)
    )


class KeyEverywhere(QWidget):
    """A key, and below it whether the desktop lets it work."""

    def __init__(self, page: "Page", key: QWidget) -> None:
        super().__init__()
        self._state = QLabel(self)
        self._state.setObjectName("hotkey_state")
        self._state.setWordWrap(True)
        self._state.hide()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(key)
        layout.addWidget(self._state)
        self.setFocusProxy(key)
        page.bridge.happened.connect(self._on_event)
        page.bridge.ask(lambda api: api.voice.follow_hotkey(), self._show, page.show_error, self)

    def _on_event(self, event: Event) -> None:
        if isinstance(event, HotkeyChanged):
            self._show(event.state)

    def _show(self, state: HotkeyState) -> None:
        self._state.setText(state.sentence)
        self._state.setProperty("role", "muted" if state.works else "danger")
        self._state.style().polish(self._state)
        self._state.setVisible(bool(state.sentence))


def _voices(page: "Page", name: str, field: FieldInfo, value: Any, changed: Changed) -> QWidget:
    return named(VoicesByLanguage(page, value, changed), name, field)


class VoicesByLanguage(QWidget):
    """A voice for English, for Chinese, and for each other language that was given one."""

    def __init__(self, page: "Page", chosen: Mapping[str, str], changed: Changed) -> None:
        super().__init__()
        self._chosen = dict(chosen)
        self._changed = changed
        self._note = QLabel(_("Looking for voices…"), self)
        self._note.setProperty("role", "muted")
        self._note.setWordWrap(True)
        self._form = QFormLayout()
        self._form.setContentsMargins(0, 0, 0, 0)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._note)
        layout.addLayout(self._form)
        page.bridge.ask(lambda api: api.voice.voices(), self._show, page.show_error, self)

    def _show(self, rows: Sequence[VoiceRow]) -> None:
        spoken: dict[str, list[VoiceRow]] = {}
        for row in rows:
            spoken.setdefault(row.language.partition("-")[0].lower(), []).append(row)
        self._note.setVisible(not rows)
        if not rows:
            self._note.setText(
                _(
                    "Nothing on this computer can read aloud; install the package espeak-ng or"
                    " speech-dispatcher."
                )
            )
        for language in dict.fromkeys(("en", "zh", *sorted(self._chosen))):
            if language in spoken:
                self._add(language, spoken[language])

    def _add(self, language: str, rows: Sequence[VoiceRow]) -> None:
        box = NoWheelCombo()
        box.setObjectName(f"voice_{language}")
        box.setAccessibleName(_("Voice for {language}").format(language=name_of(language)))
        box.setToolTip(box.accessibleName())
        box.setSizeAdjustPolicy(NoWheelCombo.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        box.setMinimumContentsLength(24)
        box.addItem(_("Chosen for you"), "")
        for row in rows:
            box.addItem(f"{row.name} ({row.language})", row.id)
        box.setCurrentIndex(max(0, box.findData(self._chosen.get(language, ""))))
        box.activated.connect(partial(self._choose, language, box))
        self._form.addRow(name_of(language), box)

    def _choose(self, language: str, box: NoWheelCombo, index: int) -> None:
        self._chosen[language] = box.itemData(index)
        self._changed({code: voice for code, voice in self._chosen.items() if voice})


Make = Callable[["Page", str, FieldInfo, Any, Changed], QWidget]

VOICE_FIELDS: Mapping[str, Make] = {
    "microphone": _microphone,
    "speech_language": _language,
    "talk_key": _key,
    "global_hotkey": _key_everywhere,
    "speak_voices": _voices,
}
