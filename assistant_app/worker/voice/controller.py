"""Runs the talk machine: microphone, recognition, conversation and voice do what it says."""

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, assert_never

from assistant_app.core import talk as talking
from assistant_app.core import talk_events
from assistant_app.core.conversation import AudioTranscriptPart
from assistant_app.core.errors import AssistantError, Cancelled
from assistant_app.core.events import (
    AudioLevel,
    Event,
    TalkChanged,
    TranscriptPartial,
)
from assistant_app.core.voice import (
    NOT_SET_UP,
    Microphone,
    MicrophoneError,
    NoText,
    SpeechPlan,
    Talk,
    TalkTarget,
)
from assistant_app.settings import Settings
from assistant_app.worker.voice.barge_in import BargeIn
from assistant_app.worker.voice.compute import Ahead
from assistant_app.worker.voice.delivery import Delivery, Words
from assistant_app.worker.voice.host import VoiceHost
from assistant_app.worker.voice.listening import Listener, stable_words
from assistant_app.worker.voice.reading import Reader
from assistant_app.worker.voice.recordings import RecordingNotKept, save_recording
from assistant_app.worker.voice.stopwatch import Stopwatch
from assistant_app.worker.voice.utterance import Place, Utterance

log = logging.getLogger(__name__)

RELEASE_LIMIT_S = 2.0
"""A driver that hangs must not keep the program from storing what is unsaved."""
_TIMER_SLACK_S = 0.001


class TalkController:
    """Owns the talk machine. All methods on the worker's loop."""

    def __init__(
        self,
        *,
        host: VoiceHost,
        microphone: Microphone,
        listener: Listener,
        plan: Callable[[], SpeechPlan],
        reader: Reader,
        ahead: Ahead,
        delivery: Delivery,
        stopwatch: Stopwatch,
        settings: Callable[[], Settings],
        recordings: Path,
        emit: Callable[[Event], None],
        translate: Callable[[str], str],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Join the parts; nothing is opened.

        Args:
            host: Conversations and turns.
            microphone: Where sound comes from; its callbacks belong to the controller from now on.
            listener: Turns sound into text.
            plan: Which speech model; raises SpeechMissing, and nothing is recorded then.
            reader: Reads answers aloud.
            ahead: Lets the language model read while the user speaks.
            delivery: Brings words where they belong.
            stopwatch: Takes the times.
            settings: What the user chose, now.
            recordings: Folder of kept recordings.
            emit: Takes events.
            translate: Turns an English sentence into the user's language.
            clock: Monotonic seconds, the clock of the presses.
        """
        self._microphone = microphone
        self._listener = listener
        self._plan = plan
        self._reader = reader
        self._ahead = ahead
        self._stopwatch = stopwatch
        self._settings = settings
        self._recordings = recordings
        self._emit = emit
        self._translate = translate
        self._clock = clock
        self._machine = talking.Machine()
        self._shown = Talk()
        self._utterances: dict[int, Utterance] = {}
        self._kept: Utterance | None = None
        """The last sound that did not become text."""
        self._heard: dict[int, Words] = {}
        self._delivery = delivery
        self._sending: asyncio.Task[Any] | None = None
        self._recognising: Utterance | None = None
        self._barge_in = BargeIn(host, reader, self._spawn)
        self._tasks: set[asyncio.Task[Any]] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._partial = ""
        microphone.on_level = lambda rms_db, peak_db: emit(AudioLevel(rms_db, peak_db))
        microphone.on_lost = self._lost
        microphone.on_fallback = self.trouble
        self._captured: asyncio.Event | None = None
        """Of the recording before: the microphone makes one at a time."""

    @property
    def talk(self) -> Talk:
        """What is shown of the machine now."""
        shown = self._machine.shown(self._clock())
        return replace(shown, sentence=self._translate(shown.sentence) if shown.sentence else "")

    # --- the machine
    def happen(self, happening: talk_events.Happening) -> None:
        """Tell the machine what happened and do what it says."""
        settings = self._settings()
        rules = talking.TalkRules(settings.talk_mode, settings.hands_free, settings.voice_review)
        self._machine, commands = talking.step(self._machine, happening, rules)
        self._reader.hold(self._machine.capture is not None)
        for command in commands:
            self._do(command)
        self._tell()
        self._wind()

    def _do(self, command: talk_events.Command) -> None:
        match command:
            case talk_events.Interrupt(stop, cut):
                self._barge_in.begin(stop=stop, cut=cut)
            case talk_events.Record():
                self._record(command)
            case talk_events.Finish(number, released_at):
                self._stopwatch.released(number, released_at)
                self._utterances[number].released_at = released_at
                self._utterances[number].released.set()
            case talk_events.Drop(number):
                self._utterances[number].dropped = True
                self._utterances[number].released.set()
                self._ahead.end()
            case talk_events.Forget(number):
                self._spawn(self._forget(number))
            case talk_events.Recognise(number):
                self._recognise_again(number)
            case talk_events.Send(number):
                self._sending = self._spawn(self._send(self._heard[number]))
            case talk_events.Review(number):
                self._delivery.review(self._heard[number])
            case talk_events.Insert(number):
                self._delivery.insert(self._heard[number])
            case talk_events.DropText():
                self._delivery.drop()
            case _:
                assert_never(command)

    def _tell(self) -> None:
        shown = self.talk
        if replace(shown, recording_s=0.0) != replace(self._shown, recording_s=0.0):
            self._shown = shown
            self._emit(TalkChanged(shown))

    def _wind(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        due = talking.due(self._machine)
        if due is not None:
            delay_s = max(0.0, due - self._clock()) + _TIMER_SLACK_S
            self._timer = asyncio.get_running_loop().call_later(
                delay_s, lambda: self.happen(talk_events.Tick(max(due, self._clock())))
            )

    def _spawn(self, coroutine: Any) -> "asyncio.Task[Any]":
        task = asyncio.create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    # --- recording
    def _record(self, record: talk_events.Record) -> None:
        place = Place(record.conversation_id)
        if not record.conversation_id:
            # What is said before the conversation exists goes to the same one.
            places = [u.place for u in self._utterances.values() if u.place.conversation_id == ""]
            place = places[0] if places else place
        utterance = Utterance(record.number, place, record.target, record.pressed_at, record.hands_free)
        self._utterances[record.number] = utterance
        self._partial = ""
        before, self._captured = self._captured, utterance.captured
        self._spawn(self._live(utterance, before))

    async def _live(self, utterance: Utterance, before: asyncio.Event | None) -> None:
        """Take an utterance from the press to its delivery."""
        capturing: asyncio.Task[None] | None = None
        try:
            self._plan()
            if before is not None:
                await before.wait()
            await self._barge_in.silent()
            # The assistant's own voice must not be in the moments before the press.
            not_before = max(0.0, self._reader.echo_until)
            number = utterance.number
            utterance.recording = await self._microphone.record(
                utterance.pressed_at, not_before, lambda: self.happen(talk_events.Flowed(number))
            )
            capturing = self._spawn(self._capture(utterance))
            if utterance.target is TalkTarget.CONVERSATION and not utterance.released.is_set():
                self._ahead.begin(utterance.place.conversation_id)
            async with self._listener.line:
                await self._listener.follow(
                    utterance,
                    lambda text: self._guessed(utterance, text),
                    lambda: self.happen(talk_events.SpeechEnded(number, self._clock())),
                )
                await capturing
                if not utterance.dropped:
                    await self._recognise(utterance)
        except AssistantError as error:
            self._failed(utterance, error)
        except Exception as error:
            log.exception("a recording failed")
            self._failed(utterance, AssistantError(detail=repr(error)))
        finally:
            utterance.captured.set()
            if capturing is None and utterance.recording is not None:
                utterance.recording.drop()
            self._utterances.pop(utterance.number, None)

    async def _capture(self, utterance: Utterance) -> None:
        """Wait for the release and take the rest of the sound."""
        recording = utterance.recording
        assert recording is not None
        try:
            await utterance.released.wait()
            if utterance.dropped:
                recording.drop()
            else:
                utterance.samples += await recording.finish(utterance.released_at)
                self._stopwatch.captured(utterance.number)
        finally:
            utterance.captured.set()

    def _guessed(self, utterance: Utterance, text: str) -> None:
        if not utterance.dropped:
            self._emit(TranscriptPartial(text))
            if utterance.target is TalkTarget.CONVERSATION:
                self._ahead.learn(stable_words(self._partial, text))
            self._partial = text

    def _lost(self, error: MicrophoneError) -> None:
        capture = self._machine.capture
        if error.reason in talking.BLOCKED:
            self.trouble(error)
        elif capture is not None:
            self.happen(talk_events.Broken(capture.number, self._clock(), _code(error), self._said(error)))

    def _failed(self, utterance: Utterance, error: AssistantError) -> None:
        """Nothing could be recorded."""
        log.info("nothing was recorded: %s %s", error, error.detail)
        self._ahead.end()
        self.happen(talk_events.Broken(utterance.number, self._clock(), _code(error), self._said(error)))
        self.happen(talk_events.Recognised(utterance.number, _code(error), self._said(error)))

    # --- recognising
    async def _recognise(self, utterance: Utterance) -> None:
        """Turn the sound into text and deliver it, in line."""
        number = utterance.number
        self._recognising = utterance
        try:
            heard = await self._listener.recognise(utterance)
        except AssistantError as error:
            log.warning("not recognised: %s %s", error, error.detail)
            self._kept = None if utterance.dropped else utterance
            code, sentence = _code(error), self._said(error)
            if isinstance(error, Cancelled):
                code, sentence = NoText.UNCLEAR.value, ""
            self.happen(talk_events.Recognised(number, code, sentence))
            return
        finally:
            self._recognising = None
            self._ahead.end()
        text = heard.text.strip()
        if not text:
            no_text = heard.no_text or NoText.SILENCE
            self._kept = utterance if no_text is NoText.UNCLEAR else None
            self.happen(talk_events.Recognised(number, no_text.value))
            return
        self._kept = None
        self._stopwatch.understood(number)
        recording = await self._saved(utterance)
        part = AudioTranscriptPart(text, heard.language, heard.audio_s or utterance.seconds, recording)
        self._heard[number] = Words(number, utterance.place, part)
        self.happen(talk_events.Recognised(number))
        del self._heard[number]
        await self._sent()

    def _recognise_again(self, number: int) -> None:
        kept, self._kept = self._kept, None
        assert kept is not None, "retry looks first"
        utterance = Utterance(number, kept.place, kept.target, kept.pressed_at, samples=kept.samples)
        utterance.released.set()
        utterance.captured.set()
        self._utterances[number] = utterance
        self._stopwatch.released(number, self._clock())
        self._spawn(self._once_more(utterance))

    async def _once_more(self, utterance: Utterance) -> None:
        try:
            async with self._listener.line:
                if not utterance.dropped:
                    await self._recognise(utterance)
        except Exception as error:
            log.exception("a recording could not be recognised once more")
            self._failed(utterance, AssistantError(detail=repr(error)))
        finally:
            self._utterances.pop(utterance.number, None)

    async def _forget(self, number: int) -> None:
        utterance = self._utterances.get(number)
        if utterance is not None:
            utterance.dropped = True
            self._ahead.end()
            if self._recognising is utterance:
                await self._listener.cancel()

    async def _saved(self, utterance: Utterance) -> str:
        """Keep the sound if the user wants that; return its path."""
        if not self._settings().keep_recordings:
            return ""
        try:
            return str(await asyncio.to_thread(save_recording, self._recordings, bytes(utterance.samples)))
        except RecordingNotKept as error:
            log.warning("the recording was not kept: %s", error.detail)
            self.trouble(error)
            return ""

    # --- delivering
    async def _send(self, words: Words) -> None:
        try:
            await self._barge_in.stopped()
            await self._delivery.send(words)
        except AssistantError as error:
            self.trouble(error)
        finally:
            self.happen(talk_events.Sent(words.number))

    async def _sent(self) -> None:
        """Wait until the words are in their conversation, so that the next ones come after them."""
        sending, self._sending = self._sending, None
        if sending is not None:
            await sending

    async def send(self, text: str) -> None:
        """Send the text that waits for review, as corrected; empty drops it."""
        words = self._delivery.corrected(text)
        self.happen(talk_events.Reviewed(words.number if words is not None else None))
        if words is not None:
            await self._send(words)

    async def retry(self) -> None:
        """Recognise the last sound that did not become text once more; without one, get ready again."""
        if self._kept is not None:
            self.happen(talk_events.Again(self._kept.target))
            return
        self.happen(talk_events.Trouble("", ""))
        try:
            await self._listener.load()
        except AssistantError as error:
            self.trouble(error)

    def trouble(self, error: AssistantError) -> None:
        """Show what is wrong and ends no recording."""
        self.happen(talk_events.Trouble(_code(error), self._said(error)))

    def set_up(self) -> None:
        """Take back that something is missing: it is there now."""
        if self.talk.code in NOT_SET_UP:
            self.happen(talk_events.Trouble("", ""))

    # --- what happens elsewhere
    def happened(self, event: Event) -> None:
        """Follow the answers to what was spoken."""
        self._stopwatch.happened(event)
        self._reader.happened(event)
        if self._barge_in.happened(event):
            self.happen(talk_events.Thinking(self._barge_in.answering))

    async def close(self) -> None:
        """Drop what is being recorded, keep what waits, silence the voice, release the microphone."""
        if self._timer is not None:
            self._timer.cancel()
        self._ahead.end()
        self._delivery.close()
        await self._reader.hush()
        for task in list(self._tasks):
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=1.0)
        releasing = asyncio.create_task(self._microphone.release())
        await asyncio.wait({releasing}, timeout=RELEASE_LIMIT_S)

    def _said(self, error: AssistantError) -> str:
        return error.sentence(self._translate)


def _code(error: AssistantError) -> str:
    return error.reason if isinstance(error, MicrophoneError) else error.code
