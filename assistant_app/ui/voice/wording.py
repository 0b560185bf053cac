"""What each state of talking is called, what to do in it, and what to do when something went wrong."""

from dataclasses import dataclass

from PySide6.QtCore import QLocale
from PySide6.QtGui import QKeySequence

from assistant_app.core.text import N_
from assistant_app.core.voice import (
    MAX_RECORDING_S,
    NOT_SET_UP,
    WARN_RECORDING_S,
    Talk,
    TalkState,
    Timings,
)
from assistant_app.i18n import _

STATES = {
    TalkState.IDLE: N_("Ready"),
    TalkState.ARMING: N_("Getting ready"),
    TalkState.LISTENING: N_("Listening"),
    TalkState.FINISHING: N_("Understanding"),
    TalkState.REVIEW: N_("Check the text"),
    TalkState.THINKING: N_("Thinking"),
    TalkState.SPEAKING: N_("Speaking"),
}
_STARTS = {
    "both": N_("Hold Space, or tap to start"),
    "hold": N_("Hold Space while you speak"),
    "toggle": N_("Press Space to start"),
}
_STARTS_WITH_KEY = {
    "both": N_("Hold Space, or tap to start. {key} does the same anywhere in the window."),
    "hold": N_("Hold Space while you speak. {key} does the same anywhere in the window."),
    "toggle": N_("Press Space to start. {key} does the same anywhere in the window."),
}
_HINTS = {
    TalkState.ARMING: N_("One moment: no sound comes from the microphone yet"),
    TalkState.FINISHING: N_("Esc discards it"),
    TalkState.REVIEW: N_("Ctrl+Enter sends it, Esc discards it"),
    TalkState.THINKING: N_("Esc stops the answer"),
    TalkState.SPEAKING: N_("Press to interrupt, Esc to silence"),
}


def state_name(talk: Talk, problem: str) -> str:
    """Return what a state is called; `problem` is the code of what is in the way, or empty."""
    if talk.state is TalkState.IDLE and problem in NOT_SET_UP:
        return _("Not set up yet")
    return _(STATES[talk.state])


def hint(talk: Talk, mode: str, key: str, *, loading: bool = False, problem: str = "") -> str:
    """Return what to do now; empty where the problem says it.

    Args:
        talk: How things stand.
        mode: The setting "both", "hold" or "toggle".
        key: The chosen key of the window as this platform writes it; empty for none.
        loading: The speech model is not there yet, which the first words wait for.
        problem: The code of what is in the way, or empty.
    """
    if talk.state is TalkState.IDLE and problem in NOT_SET_UP:
        return ""
    if loading and talk.state is TalkState.FINISHING:
        return _("The speech model is being loaded; your words are kept. Esc discards them")
    if talk.state is TalkState.IDLE:
        return _(_STARTS_WITH_KEY[mode]).format(key=key) if key else _(_STARTS[mode])
    if talk.state is not TalkState.LISTENING:
        return _(_HINTS[talk.state])
    if talk.hands_free:
        return _("Pause when you have finished; Esc discards it")
    if talk.latched:
        return _("Tap again when you have finished; Esc discards it")
    return _("Let go when you have finished; Esc discards it")


def clock(recording_s: float) -> str:
    """Return how long it has been recorded, and near the end how long it can be."""
    shown = f"{int(recording_s) // 60}:{int(recording_s) % 60:02}"
    if recording_s < WARN_RECORDING_S:
        return shown
    return _("{time}, {left} s left").format(time=shown, left=max(0, round(MAX_RECORDING_S - recording_s)))


def native_key(keys: str) -> str:
    """Return a key as this platform writes it."""
    return QKeySequence(keys).toString(QKeySequence.SequenceFormat.NativeText)


def timings_line(timings: Timings) -> str:
    """Return where the time went, as far as it is known, in seconds after the release."""
    locale = QLocale()
    steps = (
        (N_("sound {seconds} s"), timings.capture_s),
        (N_("text {seconds} s"), timings.text_s),
        (N_("first word {seconds} s"), timings.first_token_s),
        (N_("first clause {seconds} s"), timings.first_clause_s),
        (N_("first voice {seconds} s"), timings.first_sound_s),
    )
    shown = (
        _(text).format(seconds=locale.toString(value, "f", 2)) for text, value in steps if value is not None
    )
    return " · ".join(step.replace(" ", "\u00a0") for step in shown)


@dataclass(frozen=True, slots=True)
class WayOn:
    """What can be done about a failure: the text of a button and what it does, by name."""

    text: str
    does: str
    """"microphone", "model" or "retry"."""


_MICROPHONE = WayOn(N_("Choose a microphone"), "microphone")
_MODEL = WayOn(N_("Get a speech model"), "model")
RETRY = WayOn(N_("Try again"), "retry")
_WAYS = {
    "no-microphone": _MICROPHONE,
    "microphone-refused": _MICROPHONE,
    "only-zeros": _MICROPHONE,
    "device-lost": _MICROPHONE,
    "other-microphone": _MICROPHONE,
    "silence": _MICROPHONE,
    "no-speech-engine": _MODEL,
    "speech-not-installed": RETRY,
    "model": WayOn(N_("Choose another model"), "model"),
    "unclear": RETRY,
    "engine-stopped": RETRY,
    "speech-gap": RETRY,
    "busy": RETRY,
    "error": RETRY,
}


def way_on(code: str) -> WayOn | None:
    """Return what to offer for the code of a failure; None where only speaking again helps."""
    return _WAYS.get(code)
