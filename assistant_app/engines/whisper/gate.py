"""Where in a sound there is speech, and what Whisper makes up where there is none."""

import re
import warnings
from dataclasses import dataclass

import numpy as np
import torch
from silero_vad import load_silero_vad

from assistant_app.core.voice import SAMPLE_RATE
from assistant_app.engines.whisper.window import Sound

LEAST_SOUND_S = 0.25
LEAST_SPEECH_S = 0.2
MARGIN_S = 0.2
"""Kept before the first and after the last speech: it is noticed 70 ms late."""
DOUBTFUL_SPEECH_S = 1.0
"""With less speech than this, phrases that Whisper is known to make up are not believed."""

FRAME = 512
"""Samples of one decision: 32 ms."""
_BEGINS = 0.5
_GOES_ON = 0.35
"""Probabilities as silero-vad's own iterator uses them."""

LONGEST_PIECE_S = 28.0
SHORTEST_PIECE_S = 15.0
"""What is longer than a window is cut in the longest pause between these."""

# Reported again and again for silence: whisper.cpp#1507, arXiv:2501.11378.
_MADE_UP = frozenset(
    {
        "thanks for watching",
        "thank you for watching",
        "thank you so much for watching",
        "please subscribe",
        "like and subscribe",
        "subtitles by the amara org community",
        "subtitles by the amaraorg community",
        "transcription by castingwords",
        "谢谢观看",
        "感谢观看",
        "字幕by索兰娅",
        "字幕由amaraorg社区提供",
        "请不吝点赞 订阅 转发 打赏支持明镜与点点栏目",
    }
)


@dataclass(frozen=True, slots=True)
class Span:
    """From the first to after the last sample of something."""

    begin: int
    end: int

    @property
    def seconds(self) -> float:
        """Its length."""
        return (self.end - self.begin) / SAMPLE_RATE


class SpeechFinder:
    """Follows one sound as it grows; only new samples cost anything, 0.5 ms for 32 ms of them."""

    def __init__(self) -> None:
        """Load silero-vad, which ships its weights, and let its code be specialised."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # of the ways in which it loads itself
            self._net = load_silero_vad()
        self._speech: list[bool] = []
        self._chances: list[float] = []
        self._left = np.zeros(0, np.float32)
        for _ in range(3):
            self._chance(np.zeros(FRAME, np.float32))
        self.reset()

    def reset(self) -> None:
        """Begin a new sound."""
        self._net.reset_states()
        self._speech.clear()
        self._chances.clear()
        self._left = np.zeros(0, np.float32)

    def add(self, samples: Sound) -> None:
        """Take the next samples; what does not fill a frame waits for more."""
        new = np.concatenate([self._left, samples])
        whole = len(new) - len(new) % FRAME
        threads = torch.get_num_threads()
        torch.set_num_threads(1)
        try:
            for begin in range(0, whole, FRAME):
                chance = self._chance(new[begin : begin + FRAME])
                talking = bool(self._speech) and self._speech[-1]
                self._chances.append(chance)
                self._speech.append(chance >= (_GOES_ON if talking else _BEGINS))
        finally:
            torch.set_num_threads(threads)
        self._left = new[whole:].copy()

    def _chance(self, frame: Sound) -> float:
        with torch.inference_mode():
            return float(self._net(torch.from_numpy(np.ascontiguousarray(frame)), SAMPLE_RATE))

    @property
    def speech_s(self) -> float:
        """Seconds of speech so far."""
        return sum(self._speech) * FRAME / SAMPLE_RATE

    @property
    def samples(self) -> int:
        """Samples so far."""
        return len(self._speech) * FRAME + len(self._left)

    @property
    def trailing_silence_s(self) -> float:
        """Seconds since the last speech, or since the beginning."""
        spoken = self._last() * FRAME if any(self._speech) else 0
        return (self.samples - spoken) / SAMPLE_RATE

    def span(self) -> Span | None:
        """Return the speech with its margins, or None when there is too little of it."""
        if self.speech_s < LEAST_SPEECH_S:
            return None
        margin = int(MARGIN_S * SAMPLE_RATE)
        begin = self._speech.index(True) * FRAME - margin
        return Span(max(0, begin), min(self.samples, self._last() * FRAME + margin))

    def pieces(self) -> list[Span]:
        """Return the speech in pieces that fit into a window; all but the last one are final."""
        whole = self.span()
        if whole is None:
            return []
        pieces = []
        begin = whole.begin
        while whole.end - begin > LONGEST_PIECE_S * SAMPLE_RATE:
            cut = self._pause(begin)
            pieces.append(Span(begin, cut))
            begin = cut
        return [*pieces, Span(begin, whole.end)]

    def _last(self) -> int:
        """Return the number of frames up to the last with speech."""
        return len(self._speech) - self._speech[::-1].index(True)

    def _pause(self, begin: int) -> int:
        """Return the middle of the longest pause where a piece may end, or the least likely speech."""
        first = (begin + int(SHORTEST_PIECE_S * SAMPLE_RATE)) // FRAME
        last = (begin + int(LONGEST_PIECE_S * SAMPLE_RATE)) // FRAME
        best, length, since = 0, 0, first
        for place in range(first, last + 1):
            if place < last and not self._speech[place]:
                continue
            if place - since > length:
                best, length = (since + place) // 2, place - since
            since = place + 1
        if not length:
            best = first + int(np.argmin(self._chances[first:last]))
        return best * FRAME


def made_up(text: str, speech_s: float) -> bool:
    """Return whether a text is one that Whisper writes over noise, and too little was said to believe it."""
    if speech_s >= DOUBTFUL_SPEECH_S:
        return False
    words = re.sub(r"[^\w\s]", "", text.casefold()).split()
    return " ".join(words) in _MADE_UP
