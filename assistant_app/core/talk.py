"""The talk machine: what keys, sounds and results make of a spoken turn. Pure, explicit times, no I/O.

`step` takes the machine, what happened and the rules, and returns the next machine and what is to be
done. Times are monotonic seconds. A recording is begun by exactly one Record and ended by exactly one
Finish or Drop; what was finished is answered by exactly one Recognised, or was forgotten by Forget.
"""

import math
from dataclasses import dataclass, field, replace
from typing import Literal, assert_never

from assistant_app.core.talk_events import (
    Again,
    Broken,
    Cancel,
    Command,
    Drop,
    DropText,
    End,
    Finish,
    Flowed,
    Forget,
    Happening,
    Insert,
    Interrupt,
    Lost,
    Press,
    Recognise,
    Recognised,
    Record,
    Release,
    Review,
    Reviewed,
    Send,
    Sent,
    Speaking,
    SpeechEnded,
    Start,
    Thinking,
    Tick,
    Toggle,
    Trouble,
)
from assistant_app.core.text import N_
from assistant_app.core.voice import MAX_RECORDING_S, WARN_RECORDING_S, Talk, TalkState, TalkTarget

TAP_S = 0.25
"""A press shorter than this is a tap; a recording shorter than this holds no word."""
BOUNCE_S = 0.03
"""A second press within this time is the key's bouncing."""
PAIR_S = 0.05
"""A release followed by a press within this time never happened: X11 repeats keys in such pairs."""

NEARLY_FULL = "nearly-full"
BLOCKED = frozenset({"only-zeros", "microphone-refused"})
"""Troubles of a recording that may still end well: the sound may begin to flow after all."""
SENTENCES = {
    "too-short": N_(
        "That was too short, so nothing was sent; hold the key while you speak, or tap it to start and tap"
        " again to stop."
    ),
    "silence": N_(
        "No speech was heard, so nothing was sent. Speak a little louder or choose another microphone, and"
        " try again."
    ),
    "unclear": N_(
        "That could not be understood, so nothing was sent; the recording is kept. Try again with it, or say"
        " it once more."
    ),
    NEARLY_FULL: N_("The recording ends in ten seconds; what you have said so far is kept."),
}
"""What the codes of the machine itself mean; failures of devices and engines bring their own sentence."""


@dataclass(frozen=True, slots=True)
class TalkRules:
    """What the user chose; looked at when something happens."""

    mode: Literal["both", "hold", "toggle"] = "both"
    hands_free: bool = False
    review: bool = False


# --- the machine
@dataclass(frozen=True, slots=True)
class Key:
    """The talk key, bounces taken away."""

    down: bool = False
    pressed_at: float = -math.inf
    released_at: float = -math.inf


@dataclass(frozen=True, slots=True)
class Capture:
    """The recording that is being made."""

    number: int
    began_at: float
    target: TalkTarget
    hands_free: bool
    latched: bool
    flowing: bool = False
    latched_at: float = -math.inf
    """The release that made a hold a tap."""
    released_at: float | None = None
    """The release that ends it, unless a press follows at once."""
    warned: bool = False


@dataclass(frozen=True, slots=True)
class Machine:
    """The whole state of talking."""

    key: Key = field(default_factory=Key)
    capture: Capture | None = None
    pending: tuple[tuple[int, TalkTarget], ...] = ()
    """Finished recordings that are not text yet, oldest first."""
    reviewing: bool = False
    sending: tuple[int, ...] = ()
    """Texts on their way to their conversation."""
    thinking: bool = False
    speaking: bool = False
    target: TalkTarget = TalkTarget.CONVERSATION
    """Of the newest recording."""
    code: str = ""
    sentence: str = ""
    last_number: int = 0

    @property
    def state(self) -> TalkState:
        """The one state that is shown: what was begun last comes first."""
        if self.capture is not None:
            return TalkState.LISTENING if self.capture.flowing else TalkState.ARMING
        if self.pending:
            return TalkState.FINISHING
        if self.reviewing:
            return TalkState.REVIEW
        if self.speaking:
            return TalkState.SPEAKING
        return TalkState.THINKING if self.thinking or self.sending else TalkState.IDLE

    def shown(self, at: float) -> Talk:
        """Return what is told to the window; `sentence` is not translated here."""
        capture = self.capture
        return Talk(
            state=self.state,
            target=self.target,
            latched=capture is not None and capture.latched,
            hands_free=capture is not None and capture.hands_free,
            code=self.code,
            sentence=self.sentence or SENTENCES.get(self.code, ""),
            recording_s=max(0.0, at - capture.began_at) if capture is not None else 0.0,
        )


Step = tuple[Machine, tuple[Command, ...]]


def due(machine: Machine) -> float | None:
    """Return when a Tick is needed next; None: it is not."""
    capture = machine.capture
    if capture is None:
        return None
    times = [capture.began_at + MAX_RECORDING_S]
    if not capture.warned:
        times.append(capture.began_at + WARN_RECORDING_S)
    if capture.released_at is not None:
        times.append(capture.released_at + PAIR_S)
    return min(times)


def step(machine: Machine, happened: Happening, rules: TalkRules) -> Step:
    """Return the machine after something happened and what is to be done, in order."""
    match happened:
        case Press() | Release() | Lost() | Start() | End() | Toggle() | Cancel() | Tick():
            machine, before = _time_passed(machine, happened.at)
            machine, after = _asked(machine, happened, rules)
            return machine, before + after
        case Flowed(number):
            capture = machine.capture
            if capture is None or capture.number != number:
                return machine, ()
            machine = replace(machine, capture=replace(capture, flowing=True))
            return replace(machine, code="", sentence="") if machine.code in BLOCKED else machine, ()
        case SpeechEnded(number, at):
            capture = machine.capture
            wanted = capture is not None and capture.number == number
            return _end(machine, at) if wanted and capture and capture.latched else (machine, ())
        case Broken():
            return _broken(machine, happened)
        case Recognised():
            return _recognised(machine, happened, rules)
        case Again(target):
            number = machine.last_number + 1
            pending = (*machine.pending, (number, target))
            machine = replace(machine, last_number=number, pending=pending, target=target)
            return replace(machine, code="", sentence=""), (Recognise(number),)
        case Reviewed(sent):
            sending = machine.sending if sent is None else (*machine.sending, sent)
            return replace(machine, reviewing=False, sending=sending), ()
        case Sent(number):
            return replace(machine, sending=tuple(n for n in machine.sending if n != number)), ()
        case Thinking(on):
            return replace(machine, thinking=on), ()
        case Speaking(on):
            return replace(machine, speaking=on), ()
        case Trouble(code, sentence):
            return replace(machine, code=code, sentence=sentence), ()
        case _:
            assert_never(happened)


def _asked(
    machine: Machine,
    happened: Press | Release | Lost | Start | End | Toggle | Cancel | Tick,
    rules: TalkRules,
) -> Step:
    match happened:
        case Press():
            return _press(machine, happened, rules)
        case Release(at):
            return _release(machine, at, rules)
        case Lost(at):
            if not machine.key.down:
                return machine, ()
            held = machine.capture is not None and not machine.capture.latched
            machine = replace(machine, key=Key(pressed_at=machine.key.pressed_at))
            return _end(machine, at) if held else (machine, ())
        case Toggle(at, conversation_id):
            if machine.capture is not None:
                return _end(machine, at)
            return _begin(machine, at, conversation_id, TalkTarget.CONVERSATION, rules, latched=True)
        case Start(at, conversation_id):
            if machine.capture is not None:
                return machine, ()
            return _begin(machine, at, conversation_id, TalkTarget.CONVERSATION, rules, latched=True)
        case End(at):
            return _end(machine, at)
        case Cancel():
            return _cancel(machine)
        case Tick():
            return machine, ()
        case _:
            assert_never(happened)


def _press(machine: Machine, press: Press, rules: TalkRules) -> Step:
    key, capture, at = machine.key, machine.capture, press.at
    if key.down or at - key.pressed_at < BOUNCE_S:
        return machine, ()
    if at < key.released_at + PAIR_S:
        machine = replace(machine, key=replace(key, down=True))
        if capture is None:
            return machine, ()
        held_again = capture.latched_at == key.released_at
        return replace(
            machine,
            capture=replace(capture, released_at=None, latched=capture.latched and not held_again),
        ), ()
    machine = replace(machine, key=replace(key, down=True, pressed_at=at))
    if capture is not None:
        return _end(machine, at)
    latched = rules.mode == "toggle"
    return _begin(machine, at, press.conversation_id, press.target, rules, latched=latched)


def _release(machine: Machine, at: float, rules: TalkRules) -> Step:
    if not machine.key.down:
        return machine, ()
    machine = replace(machine, key=replace(machine.key, down=False, released_at=at))
    capture = machine.capture
    if capture is None or capture.latched:
        return machine, ()
    if rules.mode == "both" and at - machine.key.pressed_at < TAP_S:
        return replace(machine, capture=replace(capture, latched=True, latched_at=at)), ()
    return replace(machine, capture=replace(capture, released_at=at)), ()


def _begin(
    machine: Machine,
    at: float,
    conversation_id: str,
    target: TalkTarget,
    rules: TalkRules,
    *,
    latched: bool,
) -> Step:
    commands: list[Command] = []
    talks = target is TalkTarget.CONVERSATION
    if machine.speaking or (machine.thinking and talks):
        commands.append(Interrupt(stop=talks, cut=talks))
    number = machine.last_number + 1
    commands.append(Record(number, at, conversation_id, target, hands_free=rules.hands_free))
    capture = Capture(number, at, target, rules.hands_free, latched)
    machine = replace(machine, capture=capture, target=target, last_number=number, code="", sentence="")
    return machine, tuple(commands)


def _end(machine: Machine, at: float, code: str = "", sentence: str = "") -> Step:
    """End the recording: recognise it, or throw it away where no word can be in it."""
    capture = machine.capture
    if capture is None:
        return machine, ()
    blocked = machine.code in BLOCKED
    if at - capture.began_at < TAP_S or blocked:
        if blocked:
            code, sentence = machine.code, machine.sentence
        code = code or "too-short"
        return replace(machine, capture=None, code=code, sentence=sentence), (Drop(capture.number),)
    pending = (*machine.pending, (capture.number, capture.target))
    machine = replace(machine, capture=None, pending=pending, code=code, sentence=sentence)
    return machine, (Finish(capture.number, at),)


def _cancel(machine: Machine) -> Step:
    if machine.capture is not None:
        number = machine.capture.number
        return replace(machine, capture=None, code="", sentence=""), (Drop(number),)
    if machine.pending:
        number = machine.pending[-1][0]
        return replace(machine, pending=machine.pending[:-1]), (Forget(number),)
    if machine.reviewing:
        return replace(machine, reviewing=False), (DropText(),)
    if machine.speaking or machine.thinking:
        return machine, (Interrupt(stop=True, cut=False),)
    return replace(machine, code="", sentence=""), ()


def _broken(machine: Machine, broken: Broken) -> Step:
    capture = machine.capture
    if capture is None or capture.number != broken.number:
        return machine, ()
    if capture.flowing:
        return _end(machine, broken.at, broken.code, broken.sentence)
    machine = replace(machine, capture=None, code=broken.code, sentence=broken.sentence)
    return machine, (Drop(capture.number),)


def _recognised(machine: Machine, result: Recognised, rules: TalkRules) -> Step:
    targets = dict(machine.pending)
    number = result.number
    if number not in targets:
        return machine, ()
    machine = replace(machine, pending=tuple(item for item in machine.pending if item[0] != number))
    if result.code:
        return replace(machine, code=result.code, sentence=result.sentence), ()
    if targets[number] is TalkTarget.COMPOSER:
        return machine, (Insert(number),)
    if rules.review:
        return replace(machine, reviewing=True), (Review(number),)
    return replace(machine, sending=(*machine.sending, number)), (Send(number),)


def _time_passed(machine: Machine, at: float) -> Step:
    """Do what was due before `at`."""
    capture = machine.capture
    if capture is None:
        return machine, ()
    released_at, full_at = capture.released_at, capture.began_at + MAX_RECORDING_S
    if released_at is not None and at >= released_at + PAIR_S:
        return _end(machine, min(released_at, full_at))
    if at >= full_at:
        return _end(machine, full_at)
    if not capture.warned and at >= capture.began_at + WARN_RECORDING_S:
        machine = replace(machine, capture=replace(capture, warned=True))
        return replace(machine, code=NEARLY_FULL, sentence="") if capture.flowing else machine, ()
    return machine, ()
