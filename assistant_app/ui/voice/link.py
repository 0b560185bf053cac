"""Connects voice to the window: its keys, its pane, what it says in the conversation."""

import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Qt

from assistant_app.core.events import (
    EngineState,
    EngineStateChanged,
    Event,
    HotkeyChanged,
    HotkeyUsed,
    SpeechModelsChanged,
    TextDelta,
    TranscriptFinal,
    TurnEnded,
    TurnStarted,
)
from assistant_app.core.hotkeys import HotkeyState
from assistant_app.core.voice import NOT_SET_UP, SpeechModelRow, Talk, TalkState, TalkTarget
from assistant_app.i18n import _
from assistant_app.ui.notices import Button
from assistant_app.ui.voice.dictation import Dictation
from assistant_app.ui.voice.keys import TalkKeys
from assistant_app.ui.voice.place import PanePlace
from assistant_app.ui.voice.talker import Talker
from assistant_app.ui.voice.wording import way_on

if TYPE_CHECKING:
    from assistant_app.ui.main_window import MainWindow
    from assistant_app.ui.voice.microphone_watch import MicrophoneWatch
    from assistant_app.ui.voice.pane import VoicePane

log = logging.getLogger(__name__)

_BANNER = "voice"
_HOTKEY = "hotkey"
"""Holder of presses and name of the banner."""
_HEARING = (TalkState.ARMING, TalkState.LISTENING)


class VoiceLink(QObject):
    """Owns everything of voice in one window; the pane is made when it is wanted first."""

    def __init__(self, window: "MainWindow", place: PanePlace) -> None:
        super().__init__(window)
        self._window = window
        self._place = place
        self._settings: dict[str, Any] = {}
        self._loading = False
        """The speech model is on its way."""
        self._watch: MicrophoneWatch | None = None
        self._asked_in: str | None = None
        """The conversation in which the last words were spoken, until their answer begins."""
        self.pane: VoicePane | None = None
        self.talker = Talker(window.bridge, lambda: window.chat.conversation_id, self)
        self.dictation = Dictation(window.composer, self.talker)
        window.winId()  # makes the native window, which sees the keys first
        self.keys = TalkKeys(window.windowHandle(), self._space_talks, self)
        self._connect()

    def _connect(self) -> None:
        keys, talker = self.keys, self.talker
        keys.pressed.connect(lambda at: talker.press(keys, at))
        keys.released.connect(lambda at: talker.release(keys, at))
        keys.lost.connect(lambda at: talker.lose(keys, at))
        talker.changed.connect(self._on_talk)
        talker.partial.connect(self._on_partial)
        talker.heard.connect(self._on_heard)
        talker.failed.connect(self._on_failed)
        talker.reading.connect(lambda _progress: self._on_reading())
        self._window.bridge.happened.connect(self._on_event)
        # Where it fails, it does so for a reason that is told already: there is no voice, or no service.
        self._window.bridge.ask(
            lambda api: api.voice.follow_hotkey(), None, lambda error: log.info("no key: %s", error), self
        )

    # --- for the window
    @property
    def shown(self) -> bool:
        """Whether the pane is there."""
        return self.pane is not None and self.pane.isVisibleTo(self._window)

    def toggle_pane(self) -> None:
        """Show the pane, or hide it."""
        self.hide_pane() if self.shown else self.show_pane(focus=True)

    def show_pane(self, *, focus: bool) -> None:
        """Show the pane, and load in the background what recognises and speaks."""
        pane = self.pane or self._make_pane()
        if not self.shown:
            self._place.take(pane)
            self._window.actions_["voice"].setChecked(True)
            self.talker.ask(lambda voice: voice.ready())
            self._watch_microphones()
        if focus:
            pane.button.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def hide_pane(self) -> None:
        """Hide the pane; what is heard or said goes on."""
        if self.pane is not None:
            had_focus = self.pane.isAncestorOf(self._window.focusWidget() or self._window)
            self._place.leave()
            if had_focus:
                self._window.composer.edit.setFocus(Qt.FocusReason.OtherFocusReason)
        self._window.actions_["voice"].setChecked(False)

    def take_settings(self, settings: dict[str, Any]) -> None:
        """Obey the settings of voice."""
        self._settings = dict(settings)
        self.keys.choose(str(settings.get("talk_key", "")))
        if self.pane is not None:
            self.pane.take_settings(settings)

    def read_aloud(self, message_id: str) -> None:
        """Read a message, from its beginning."""
        self.talker.ask(lambda voice: voice.say(message_id))

    def hush(self) -> None:
        """Stop reading aloud."""
        self.talker.ask(lambda voice: voice.hush())

    # --- what happens
    def _on_talk(self, talk: Talk) -> None:
        if talk.target is TalkTarget.CONVERSATION and talk.state in _HEARING:
            if talk.state is TalkState.ARMING:
                self._window.chat.begin()
                self._asked_in = self._window.chat.conversation_id
            self.show_pane(focus=False)
        self._watch_microphones()
        if talk.sentence and not self.shown:
            self._show_banner(talk.code, talk.sentence)
        elif talk.state in _HEARING:
            self._window.banners.hide_banner(_BANNER)

    def _on_partial(self, text: str) -> None:
        if self.pane is not None and self.talker.talk.target is TalkTarget.CONVERSATION:
            self.pane.heard.show_text(text, final=False)

    def _on_heard(self, heard: TranscriptFinal) -> None:
        if self.pane is not None and heard.target is TalkTarget.CONVERSATION:
            self.pane.heard.show_text(heard.text, final=True)

    def _on_failed(self, code: str, sentence: str) -> None:
        if self.shown and self.pane is not None:
            self.pane.show_failure(code, sentence)
        else:
            self._show_banner(code, sentence)

    def _on_reading(self) -> None:
        """Mark the message in the conversation, and show it in the pane if it is another one."""
        spoken = self.talker.spoken
        self._window.logic.transcript().view.show_spoken(spoken.message_id if spoken.speaking else "")
        if self.pane is not None and spoken.speaking and spoken.message_id != self.pane.answer.message_id:
            text = next(
                (
                    shown.message.text
                    for shown in self._window.chat.view.messages
                    if shown.message.id == spoken.message_id
                ),
                "",
            )
            self.pane.show_answer(spoken.message_id, text)

    def _on_event(self, event: Event) -> None:
        if isinstance(event, TextDelta):
            if self.pane is not None and event.message_id == self.pane.answer.message_id:
                self.pane.answer.add_text(event.text)
        elif isinstance(event, TurnStarted):
            self._on_turn(event)
        elif isinstance(event, TurnEnded):
            self._on_turn_ended(event)
        elif isinstance(event, EngineStateChanged) and event.engine == "speech":
            self._loading = event.state in (EngineState.STARTING, EngineState.LOADING)
            if self.pane is not None:
                self.pane.show_loading(self._loading)
        elif isinstance(event, SpeechModelsChanged):
            self._look_for_model()
        elif isinstance(event, HotkeyUsed):
            self._on_hotkey(event)
        elif isinstance(event, HotkeyChanged):
            self._on_hotkey_changed(event.state)

    def _look_for_model(self) -> None:
        """The pane that asked for a speech model gets ready as soon as there is one."""
        if self.pane is None or not self.shown or self.pane.problem.code not in NOT_SET_UP:
            return

        def found(rows: Sequence[SpeechModelRow]) -> None:
            if any(row.chosen and row.present for row in rows):
                self.talker.ask(lambda voice: voice.ready())

        self.talker.ask(lambda voice: voice.speech_models(), found)

    def _on_hotkey(self, used: HotkeyUsed) -> None:
        """The key everywhere is one more key that talks."""
        tell = {"press": self.talker.press, "release": self.talker.release, "lost": self.talker.lose}
        tell[used.action](_HOTKEY, used.at)

    def _on_hotkey_changed(self, state: HotkeyState) -> None:
        """A key that does nothing must not be found out by pressing it."""
        if state.keys and not state.works and state.sentence:
            self._window.banners.show_banner(_HOTKEY, state.sentence, level="warning")
        else:
            self._window.banners.hide_banner(_HOTKEY)

    def _on_turn(self, event: TurnStarted) -> None:
        asked_in, self._asked_in = self._asked_in, None
        if asked_in is None or asked_in not in ("", event.conversation_id):
            return
        if not asked_in:
            # The first words made the conversation.
            self._window.chat.adopt(event.conversation_id)
        if self.pane is not None:
            self.pane.show_answer(event.message.id, event.message.text)

    def _on_turn_ended(self, event: TurnEnded) -> None:
        if self.pane is not None and event.message.id == self.pane.answer.message_id:
            self.pane.show_answer(event.message.id, event.message.text)

    # --- ways on
    def _show_banner(self, code: str, sentence: str) -> None:
        way = way_on(code)
        button = Button(_(way.text), lambda: self._go_on(way.does)) if way is not None else None
        self._window.banners.show_banner(_BANNER, sentence, level="warning", button=button)

    def _go_on(self, does: str) -> None:
        pages = self._window.pages
        if does == "microphone":
            pages.open("settings", tab="voice")
        elif does == "model":
            pages.open("speech-models")
        else:
            self.talker.ask(lambda voice: voice.retry())

    # --- inside
    def _make_pane(self) -> "VoicePane":
        from assistant_app.ui.voice.pane import VoicePane

        pane = VoicePane(self.talker, self._window.theme, self._window)
        pane.hide()
        pane.close_wanted.connect(self.hide_pane)
        pane.way_wanted.connect(self._go_on)
        pane.changed.connect(self._change)
        pane.take_settings(self._settings)
        pane.show_loading(self._loading)
        self.pane = pane
        return pane

    def _change(self, changes: dict[str, Any]) -> None:
        self._window.bridge.ask(lambda api: api.change_settings(changes), None, owner=self)
        self._window.logic.take_settings({**self._settings, **changes})

    def _space_talks(self) -> bool:
        """Space talks in the pane wherever it does nothing else; a button there sees to itself."""
        focus = self._window.focusWidget()
        return self.pane is not None and focus is not None and focus is self.pane

    def _watch_microphones(self) -> None:
        """Notice microphones that come and go, from the first use of voice on."""
        if self._watch is None:
            from assistant_app.ui.voice.microphone_watch import MicrophoneWatch

            self._watch = MicrophoneWatch(self)
            self._watch.changed.connect(lambda: self.talker.ask(lambda voice: voice.devices_changed()))
