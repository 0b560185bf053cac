"""Opens the window, opens the voice pane, talks for ten seconds; prints the longest gaps of a 5 ms timer.

Prints four numbers: the gap in milliseconds of the idle window, while the pane opens and the 3 s after it
(microphones begin to be watched then), while events flow; and the share of a core used while they flow.
Voice is scripted; what is measured is the window's own part.
"""

import math
import time

from PySide6.QtCore import Qt, QTimer

from assistant_app.core.events import AudioLevel, TranscriptPartial
from assistant_app.core.voice import Talk, TalkState
from assistant_app.ui.main_window import MainWindow
from assistant_app.worker.service import AssistantService
from tests.fixtures.scripted_voice import ScriptedVoice

IDLE_MS, OPENING_MS, TALKING_MS = 3000, 3000, 10_000
BEAT_MS, LEVEL_MS, LEVELS_A_PARTIAL = 5, 40, 30


class Measure:
    """Runs the three phases one after the other."""

    def __init__(self, window: MainWindow, voice: ScriptedVoice) -> None:
        self._window, self._voice = window, voice
        self._last = time.perf_counter()
        self._longest = 0.0
        self._results: list[float] = []
        self._levels = 0
        self._cpu = 0.0
        self._beat = QTimer(window, interval=BEAT_MS)
        self._beat.setTimerType(Qt.TimerType.PreciseTimer)
        self._beat.timeout.connect(self._on_beat)
        self._beat.start()
        self._sound = QTimer(window, interval=LEVEL_MS)
        self._sound.timeout.connect(self._on_sound)
        # The engine's first steps after the start are no part of this.
        QTimer.singleShot(4000, window, self._idle)

    def _on_beat(self) -> None:
        now = time.perf_counter()
        self._longest = max(self._longest, now - self._last)
        self._last = now

    def _gap_ms(self) -> float:
        longest, self._longest = self._longest, 0.0
        return longest * 1000

    def _idle(self) -> None:
        self._gap_ms()
        QTimer.singleShot(IDLE_MS, self._window, self._open)

    def _open(self) -> None:
        self._results.append(self._gap_ms())
        self._window.actions_["voice"].trigger()
        QTimer.singleShot(OPENING_MS, self._window, self._talk)

    def _talk(self) -> None:
        self._results.append(self._gap_ms())
        self._voice.show(Talk(TalkState.ARMING))
        self._voice.show(Talk(TalkState.LISTENING))
        self._cpu = time.process_time()
        self._sound.start()
        QTimer.singleShot(TALKING_MS, self._window, self._end)

    def _on_sound(self) -> None:
        self._levels += 1
        loud = -45 + 30 * abs(math.sin(self._levels / 4))
        self._voice.emit(AudioLevel(loud, loud + 6))
        if self._levels % LEVELS_A_PARTIAL == 0:
            self._voice.emit(TranscriptPartial("what was said so far " * (self._levels // LEVELS_A_PARTIAL)))

    def _end(self) -> None:
        self._results.append(self._gap_ms())
        cpu = 100 * (time.process_time() - self._cpu) / (TALKING_MS / 1000)
        print(*(f"{gap:.1f}" for gap in self._results), f"{cpu:.1f}", flush=True)
        self._window.close()


def main() -> None:
    """Open the window and measure."""
    voice = ScriptedVoice()
    AssistantService.voice = property(lambda _service: voice)  # type: ignore[assignment, method-assign]
    complete = MainWindow.complete

    def measured(window: MainWindow) -> None:
        complete(window)
        voice.emit = window.bridge._post
        measures.append(Measure(window, voice))

    measures: list[Measure] = []
    MainWindow.complete = measured  # type: ignore[method-assign]
    from assistant_app.__main__ import main as run

    run([])


if __name__ == "__main__":
    main()
