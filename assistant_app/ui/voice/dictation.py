"""Dictation: the microphone of the message box, and words that go where its cursor is."""

import unicodedata
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt

from assistant_app.core.events import TranscriptFinal
from assistant_app.core.voice import Talk, TalkState, TalkTarget
from assistant_app.i18n import _
from assistant_app.ui.voice.hold import Hold
from assistant_app.ui.voice.talker import Talker
from assistant_app.ui.voice.wording import STATES

if TYPE_CHECKING:
    from assistant_app.ui.composer import Composer

_HEARING = (TalkState.ARMING, TalkState.LISTENING)


class Dictation(QObject):
    """Joins the message box to the Talker."""

    def __init__(self, composer: "Composer", talker: Talker) -> None:
        super().__init__(composer)
        self._composer = composer
        self._talker = talker
        self.hold = Hold(composer.microphone_button)
        self.hold.pressed.connect(lambda at: talker.press(self.hold, at, TalkTarget.COMPOSER))
        self.hold.released.connect(lambda at: talker.release(self.hold, at))
        self.hold.lost.connect(lambda at: talker.lose(self.hold, at))
        self.hold.tapped.connect(self._on_tapped)
        talker.changed.connect(self._on_talk)
        talker.partial.connect(self._on_partial)
        talker.heard.connect(self._on_heard)

    @property
    def _active(self) -> bool:
        talk = self._talker.talk
        return talk.target is TalkTarget.COMPOSER and talk.state is not TalkState.IDLE

    def _on_tapped(self) -> None:
        self.hold.pressed.emit(at := self._talker.now())
        self.hold.released.emit(at)

    def _on_talk(self, talk: Talk) -> None:
        hearing = self._active and talk.state in _HEARING
        self._composer.show_dictation(f"{_(STATES[talk.state])}…" if self._active else "", hearing=hearing)

    def _on_partial(self, text: str) -> None:
        if self._active and text:
            hearing = self._talker.talk.state in _HEARING
            self._composer.show_dictation(text, hearing=hearing)

    def _on_heard(self, heard: TranscriptFinal) -> None:
        if heard.target is not TalkTarget.COMPOSER or not heard.text.strip():
            return
        edit = self._composer.edit
        cursor = edit.textCursor()
        text = edit.toPlainText()
        before = text[: cursor.selectionStart()][-1:]
        after = text[cursor.selectionEnd() :][:1]
        cursor.insertText(fitted(heard.text, before, after))
        edit.setTextCursor(cursor)
        edit.setFocus(Qt.FocusReason.OtherFocusReason)


def fitted(text: str, before: str, after: str) -> str:
    """Return dictated words with the spaces that they need between two letters (either may be empty)."""
    text = text.strip()
    left = " " if before and _joins(before, text[:1]) and before not in "([{“‘\"'" else ""
    right = " " if after and after.isalnum() and _joins(text[-1:], after) else ""
    return left + text + right


def _joins(before: str, after: str) -> bool:
    """Tell whether a space belongs between: not beside another one, not in Chinese."""
    return not (before.isspace() or after.isspace() or _wide(before) or _wide(after))


def _wide(letter: str) -> bool:
    return unicodedata.east_asian_width(letter) in ("W", "F")
