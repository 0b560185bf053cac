"""The talk machine: what a person does with a key and a voice, and what comes of it."""

import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant_app.core import talk, talk_events
from assistant_app.core.talk import Machine, TalkRules, due, step
from assistant_app.core.talk_events import (
    Again,
    Broken,
    Cancel,
    Drop,
    DropText,
    End,
    Finish,
    Flowed,
    Forget,
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
from assistant_app.core.voice import MAX_RECORDING_S, WARN_RECORDING_S, TalkState, TalkTarget

T = 100.0
"""When a test begins."""


class Person:
    """Does things and notes what the machine wants done."""

    def __init__(self, **rules: Any) -> None:
        self.rules = TalkRules(**rules)
        self.machine = Machine()
        self.commands: list[talk_events.Command] = []

    def does(self, *happenings: talk_events.Happening) -> "Person":
        for happening in happenings:
            self.machine, commands = step(self.machine, happening, self.rules)
            self.commands.extend(commands)
        return self

    def waits_until(self, at: float) -> "Person":
        while (when := due(self.machine)) is not None and when <= at:
            self.does(Tick(when))
        return self

    def kinds(self) -> list[str]:
        return [type(command).__name__ for command in self.commands]

    @property
    def state(self) -> TalkState:
        return self.machine.state


# --- hold, tap, toggle
def test_hold_to_talk() -> None:
    person = Person().does(Press(T, "chat"))
    assert person.state is TalkState.ARMING
    person.does(Flowed(1))
    assert person.state is TalkState.LISTENING
    person.does(Release(T + 2)).waits_until(T + 3)
    assert person.state is TalkState.FINISHING
    person.does(Recognised(1))
    assert person.kinds() == ["Record", "Finish", "Send"]
    assert person.commands[1] == Finish(1, T + 2)
    assert person.state is TalkState.THINKING
    person.does(Thinking(True), Sent(1), Thinking(False))
    assert person.state is TalkState.IDLE


def test_a_tap_goes_on_listening_until_the_next_press() -> None:
    person = Person().does(Press(T), Release(T + 0.1)).waits_until(T + 3)
    assert person.machine.capture is not None and person.machine.shown(T).latched
    person.does(Press(T + 4))
    assert person.kinds() == ["Record", "Finish"]
    person.does(Release(T + 4.1)).waits_until(T + 6)
    assert person.state is TalkState.FINISHING, "the second press is no new recording"


def test_hold_mode_does_not_latch_and_calls_a_tap_too_short() -> None:
    person = Person(mode="hold").does(Press(T), Release(T + 0.2)).waits_until(T + 1)
    assert person.kinds() == ["Record", "Drop"]
    assert person.machine.code == "too-short"
    assert "short" in person.machine.shown(T).sentence


def test_toggle_mode_listens_from_press_to_press_however_long_they_are() -> None:
    person = Person(mode="toggle").does(Press(T), Release(T + 2)).waits_until(T + 3)
    assert person.state is TalkState.ARMING
    person.does(Press(T + 4), Release(T + 5)).waits_until(T + 6)
    assert person.kinds() == ["Record", "Finish"]


@pytest.mark.parametrize("mode", ["both", "hold", "toggle"])
def test_auto_repeat_does_nothing(mode: str) -> None:
    person = Person(mode=mode).does(Press(T))
    for repeat in range(30):
        person.does(Press(T + 0.5 + 0.03 * repeat))
    assert person.kinds() == ["Record"]


@pytest.mark.parametrize("mode", ["both", "hold", "toggle"])
def test_auto_repeat_in_pairs_of_release_and_press_is_one_hold(mode: str) -> None:
    """X11 repeats a held key as release and press, some milliseconds apart."""
    person = Person(mode=mode).does(Press(T))
    at = T + 0.5
    for _ in range(30):
        person.does(Release(at), Press(at + 0.002))
        at += 0.03
        person.waits_until(at)
    assert person.kinds() == ["Record"]
    person.does(Release(at)).waits_until(at + 1)
    assert person.kinds() == (["Record"] if mode == "toggle" else ["Record", "Finish"])


def test_press_release_press_within_50_ms_is_one_recording() -> None:
    person = Person().does(Press(T), Release(T + 0.02), Press(T + 0.045))
    person.waits_until(T + 2).does(Release(T + 2)).waits_until(T + 3)
    assert person.kinds() == ["Record", "Finish"]
    assert person.commands[1] == Finish(1, T + 2)


def test_a_bouncing_key_does_not_start_a_second_recording() -> None:
    person = Person().does(Press(T), Lost(T + 0.01), Press(T + 0.025))
    assert person.kinds() == ["Record", "Drop"]


def test_a_release_that_never_comes_ends_the_recording_and_keeps_it() -> None:
    person = Person().does(Press(T), Flowed(1), Lost(T + 3))
    assert person.commands[-1] == Finish(1, T + 3)
    person.does(Release(T + 9))
    assert person.state is TalkState.FINISHING
    person.does(Press(T + 10))
    assert person.kinds()[-1] == "Record"


def test_losing_the_focus_does_not_end_what_was_tapped_on() -> None:
    person = Person().does(Press(T), Release(T + 0.1), Lost(T + 3)).waits_until(T + 4)
    assert person.kinds() == ["Record"]


def test_one_minute_is_the_longest_and_ten_seconds_before_a_sentence_says_so() -> None:
    person = Person().does(Press(T), Flowed(1)).waits_until(T + WARN_RECORDING_S - 0.1)
    assert not person.machine.code
    person.waits_until(T + WARN_RECORDING_S)
    assert person.machine.code == "nearly-full" and person.machine.shown(T).sentence
    person.waits_until(T + 100)
    assert person.commands[-1] == Finish(1, T + MAX_RECORDING_S)
    person.does(Release(T + 101)).waits_until(T + 102)
    assert person.kinds() == ["Record", "Finish"]
    assert not person.machine.code


def test_another_desktop_key_starts_and_finishes() -> None:
    person = Person().does(Start(T, "chat"), Start(T + 1), End(T + 2), End(T + 3))
    assert person.kinds() == ["Record", "Finish"]
    person.does(Recognised(1), Toggle(T + 4), Toggle(T + 6))
    assert person.kinds() == ["Record", "Finish", "Send", "Record", "Finish"]


def test_hands_free_ends_with_the_speech_but_never_under_a_held_key() -> None:
    person = Person(hands_free=True).does(Press(T), Flowed(1), SpeechEnded(1, T + 2))
    assert person.kinds() == ["Record"]
    person = Person(hands_free=True).does(Start(T), Flowed(1), SpeechEnded(1, T + 2))
    assert person.kinds() == ["Record", "Finish"]


# --- giving up
def test_escape_gives_up_what_was_begun_last() -> None:
    person = Person(review=True).does(Press(T), Release(T + 1)).waits_until(T + 2)
    person.does(Recognised(1)).does(Press(T + 3), Cancel(T + 4), Release(T + 5)).waits_until(T + 6)
    assert person.kinds() == ["Record", "Finish", "Review", "Record", "Drop"]
    assert person.state is TalkState.REVIEW
    person.does(Cancel(T + 7))
    assert person.commands[-1] == DropText() and person.state is TalkState.IDLE


def test_escape_while_it_is_recognised_forgets_the_words() -> None:
    person = Person().does(Press(T), Release(T + 1)).waits_until(T + 2).does(Cancel(T + 2), Recognised(1))
    assert person.kinds() == ["Record", "Finish", "Forget"]
    assert person.state is TalkState.IDLE


# --- barge-in
@pytest.mark.parametrize("while_it", [Speaking(True), Thinking(True)])
def test_a_press_interrupts_the_assistant_before_it_listens(while_it: talk_events.Happening) -> None:
    person = Person().does(while_it, Press(T, "chat"))
    assert person.kinds() == ["Interrupt", "Record"]
    assert person.commands[0] == Interrupt(stop=True, cut=True)


def test_dictation_silences_the_voice_and_lets_the_answer_be_written() -> None:
    person = Person().does(Thinking(True), Speaking(True), Press(T, "chat", TalkTarget.COMPOSER))
    assert person.commands[0] == Interrupt(stop=False, cut=False)
    person = Person().does(Thinking(True), Press(T, "chat", TalkTarget.COMPOSER))
    assert person.kinds() == ["Record"]


def test_escape_stops_the_answer_and_keeps_what_was_written() -> None:
    person = Person().does(Thinking(True), Speaking(True), Cancel(T))
    assert person.commands == [Interrupt(stop=True, cut=False)]
    person.does(Speaking(False), Thinking(False))
    assert person.state is TalkState.IDLE


# --- one after the other
def test_a_press_while_words_are_recognised_begins_anew_and_loses_nothing() -> None:
    person = Person().does(Press(T), Release(T + 1)).waits_until(T + 1.1)
    person.does(Press(T + 1.2), Flowed(2))
    assert person.state is TalkState.LISTENING
    person.does(Recognised(1))
    assert person.state is TalkState.LISTENING
    person.does(Release(T + 3)).waits_until(T + 4).does(Recognised(2))
    assert [c for c in person.commands if isinstance(c, Send)] == [Send(1), Send(2)]


def test_a_press_after_the_release_was_due_is_a_recording_of_its_own() -> None:
    """The timer may come late; the order of things does not depend on it."""
    person = Person().does(Press(T), Release(T + 1), Press(T + 1.051))
    assert person.kinds() == ["Record", "Finish", "Record"]


def test_what_cannot_be_understood_says_why() -> None:
    for code in ("silence", "unclear"):
        person = Person().does(Press(T), Release(T + 1)).waits_until(T + 2).does(Recognised(1, code))
        assert person.state is TalkState.IDLE
        assert person.machine.code == code and person.machine.shown(T).sentence
        person.does(Press(T + 3))
        assert not person.machine.code


def test_try_again_recognises_the_kept_sound() -> None:
    person = Person().does(Press(T), Release(T + 1)).waits_until(T + 2).does(Recognised(1, "unclear"))
    person.does(Again(TalkTarget.CONVERSATION))
    assert person.state is TalkState.FINISHING and person.commands[-1] == Recognise(2)
    person.does(Recognised(2))
    assert person.commands[-1] == Send(2)


def test_dictation_is_inserted_and_never_reviewed() -> None:
    person = Person(review=True).does(Press(T, "", TalkTarget.COMPOSER), Release(T + 1)).waits_until(T + 2)
    person.does(Recognised(1))
    assert person.commands[-1] == Insert(1) and person.state is TalkState.IDLE


def test_a_lost_microphone_keeps_what_was_said_and_tells() -> None:
    person = Person().does(Press(T), Flowed(1), Broken(1, T + 3, "device-lost", "It is gone."))
    assert person.kinds() == ["Record", "Finish"]
    person.does(Recognised(1))
    assert person.machine.code == "device-lost" and person.machine.sentence == "It is gone."


def test_a_microphone_that_gives_nothing_is_told_and_nothing_is_recognised() -> None:
    person = Person().does(Press(T), Broken(1, T + 2, "only-zeros", "It is muted."))
    assert person.kinds() == ["Record", "Drop"] and person.state is TalkState.IDLE
    person.does(Release(T + 3)).waits_until(T + 4)
    assert person.kinds() == ["Record", "Drop"]


def test_a_muted_microphone_is_told_while_it_is_waited_for() -> None:
    muted = Trouble("only-zeros", "It is muted.")
    person = Person().does(Press(T), muted)
    assert person.state is TalkState.ARMING and person.machine.code == "only-zeros"
    person.does(Release(T + 3)).waits_until(T + 4)
    assert person.kinds() == ["Record", "Drop"] and person.machine.sentence == "It is muted."

    person = Person().does(Press(T), muted, Flowed(1))
    assert person.state is TalkState.LISTENING and not person.machine.code
    person.does(Release(T + 3)).waits_until(T + 4)
    assert person.kinds() == ["Record", "Finish"]


# --- anything
class World:
    """Obeys the machine, and checks what must hold whatever happens."""

    def __init__(self, rules: TalkRules) -> None:
        self.rules = rules
        self.machine = Machine()
        self.now = T
        self.recording: dict[int, float] = {}
        self.recognising: list[int] = []
        self.settled: list[int] = []
        self.cancelled: set[int] = set()

    def happens(self, happening: talk_events.Happening) -> None:
        self.machine, commands = step(self.machine, happening, self.rules)
        for command in commands:
            self.obey(command, happening)
        capture = self.machine.capture
        assert list(self.recording) == ([capture.number] if capture else [])
        assert [number for number, _target in self.machine.pending] == self.recognising

    def obey(self, command: talk_events.Command, happening: talk_events.Happening) -> None:
        match command:
            case Record(number, pressed_at):
                assert not self.recording, "it records twice"
                self.recording[number] = pressed_at
            case Finish(number, released_at):
                began_at = self.recording.pop(number)
                assert talk.TAP_S <= released_at - began_at <= MAX_RECORDING_S + 1e-6
                self.recognising.append(number)
            case Drop(number):
                began_at = self.recording.pop(number)
                lost = isinstance(happening, Broken)
                blocked = self.machine.code in talk.BLOCKED
                short = self.now - began_at < talk.TAP_S + talk.PAIR_S
                assert isinstance(happening, Cancel) or lost or blocked or short
            case Forget(number):
                assert isinstance(happening, Cancel)
                self.recognising.remove(number)
            case Recognise(number):
                self.recognising.append(number)
            case Send(number) | Review(number) | Insert(number):
                self.settled.append(number)
            case Interrupt() | DropText():
                pass

    def passes(self, seconds: float) -> None:
        until = self.now + seconds
        while (when := due(self.machine)) is not None and when <= until:
            assert when >= T
            self.now = max(self.now, when)
            self.happens(Tick(self.now))
            assert due(self.machine) is None or due(self.machine) > when, "the clock stands still"
        self.now = until

    def recognised(self, code: str) -> None:
        if self.recognising:
            number = self.recognising.pop(0)
            before = len(self.settled)
            self.happens(Recognised(number, code))
            assert len(self.settled) == before + (0 if code else 1), "words are lost or doubled"


ACTS = st.sampled_from(
    "press release lost start end toggle cancel flowed ended broken text none again reviewed"
    " thinking answered speaking silent trouble blocked dictate".split()
)
WAITS = st.one_of(st.sampled_from([0.0, 0.01, 0.03, 0.05, 0.1, 0.25, 0.3, 60.0]), st.floats(0, 70))


def act(world: World, name: str) -> None:
    now, capture = world.now, world.machine.capture
    number = capture.number if capture else world.machine.last_number
    if name in ("text", "none"):
        world.recognised("" if name == "text" else "silence")
        return
    happening: talk_events.Happening = {
        "press": Press(now, "c"),
        "dictate": Press(now, "c", TalkTarget.COMPOSER),
        "release": Release(now),
        "lost": Lost(now),
        "start": Start(now, "c"),
        "end": End(now),
        "toggle": Toggle(now, "c"),
        "cancel": Cancel(now),
        "flowed": Flowed(number),
        "ended": SpeechEnded(number, now),
        "broken": Broken(number, now, "device-lost", "Gone."),
        "again": Again(TalkTarget.CONVERSATION),
        "reviewed": Reviewed(),
        "thinking": Thinking(True),
        "answered": Thinking(False),
        "speaking": Speaking(True),
        "silent": Speaking(False),
        "trouble": Trouble("x", "Something."),
        "blocked": Trouble("only-zeros", "It is muted."),
    }[name]
    world.happens(happening)


@settings(max_examples=400, deadline=None)
@given(
    st.builds(TalkRules, st.sampled_from(["both", "hold", "toggle"]), st.booleans(), st.booleans()),
    st.lists(st.tuples(WAITS, ACTS), max_size=40),
)
def test_nothing_leaves_it_stuck_or_loses_words(rules: TalkRules, acts: list[tuple[float, str]]) -> None:
    world = World(rules)
    for wait_s, name in acts:
        world.passes(wait_s)
        act(world, name)
    # Whatever was done: left alone it comes to rest, and then it listens to the next press.
    world.happens(Lost(world.now))
    world.passes(MAX_RECORDING_S + 1)
    while world.recognising:
        world.recognised("")
    world.happens(Reviewed())
    for number in world.settled:
        world.happens(Sent(number))
    world.happens(Speaking(False))
    world.happens(Thinking(False))
    assert world.machine.state is TalkState.IDLE
    assert due(world.machine) is None
    world.passes(1.0)
    world.happens(Press(world.now, "c"))
    assert world.machine.state is TalkState.ARMING
    assert not math.isinf(world.machine.key.pressed_at)
