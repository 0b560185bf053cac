"""What every engine that hears must be able to do, and what it is asked for and answers."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from whisper.tokenizer import LANGUAGES, Tokenizer, get_tokenizer

from assistant_app.core.errors import RequestInvalid
from assistant_app.core.text import N_
from assistant_app.engines.whisper.window import Sound

MOST_TOKENS = 224
TOKENS_A_SECOND = 8
TOKENS_A_SECOND_ELSEWHERE = 20
PROMPT_TOKENS = 100
"""Of the initial prompt; each costs time, and long ones are echoed."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be written."""

    language: str = "en"
    """Empty: found out."""
    translate: bool = False
    prompt: str = ""
    timestamps: bool = False


@dataclass(frozen=True, slots=True)
class Decoded:
    """What was written."""

    tokens: tuple[int, ...]
    text: str
    language: str
    avg_logprob: float
    no_speech_prob: float
    ended: bool
    """Whisper said that this is all; else the limit was met."""
    hint_tokens: int
    """Tokens of the hint that were right."""


class Listener(Protocol):
    """A loaded speech model. One call at a time; one pass of the encoder for each `encode`."""

    n_params: int
    """0: not known."""
    full_window_only: bool
    """Its window cannot be cut."""
    quantised_parts: tuple[str, ...]
    note: str
    """Why it does not work in eight bits, where that was wanted; technical."""

    @property
    def languages(self) -> tuple[str, ...]:
        """Codes of the languages that it knows."""

    @property
    def multilingual(self) -> bool:
        """Whether it knows languages other than English."""

    def tokenizer(self, language: str, translate: bool = False) -> Tokenizer:
        """Return its tokenizer for a language. Raises RequestInvalid."""

    def encode(self, sound: Sound, positions: int) -> Any:
        """Listen to a window; what comes back is for `decode`. Raises Cancelled."""

    def decode(
        self,
        features: Any,
        wish: Wish,
        limit: int,
        hint: Sequence[int] = (),
        heard: list[int] | None = None,
    ) -> Decoded:
        """Write what was heard, always the likeliest token; the hint changes the time, not the text.

        Args:
            features: From `encode`.
            wish: Language, task, prompt.
            limit: Most tokens.
            hint: Tokens that are likely to come first.
            heard: Filled with the tokens as they are found, for whoever stops in the middle.

        Raises:
            Cancelled: Between two tokens.
        """

    def rehearse(self, sound: Sound, positions: int, tokens: int) -> None:
        """Do what so much sound and so many tokens cost, whatever it hears. Raises Cancelled."""


def token_limit(seconds: float, language: str = "en") -> int:
    """Return how many tokens so much speech may have: 8 a second and 12 more in English, at most 224.

    Of other languages Whisper's vocabulary holds fewer whole words, of some hardly a letter.
    """
    rate = TOKENS_A_SECOND if language == "en" else TOKENS_A_SECOND_ELSEWHERE
    return min(MOST_TOKENS, 12 + int(rate * seconds))


def languages_of(count: int) -> tuple[str, ...]:
    """Return the codes of a model's languages; a model of one knows English."""
    return tuple(LANGUAGES)[:count] if count > 1 else ("en",)


def tokenizer_of(count: int, language: str, translate: bool) -> Tokenizer:
    """Return the tokenizer of a model with so many languages; with English alone both wishes are ignored."""
    if count <= 1:
        return get_tokenizer(False)
    code = language.split("-")[0].lower()
    if code not in languages_of(count):
        raise RequestInvalid(
            N_(
                "The speech model does not know the language “{language}”; choose another language or"
                " speech model in the settings."
            ),
            language=language,
        )
    task = "translate" if translate else "transcribe"
    return get_tokenizer(True, num_languages=count, language=code, task=task)


def start_of(tokenizer: Tokenizer, wish: Wish) -> tuple[list[int], int]:
    """Return the tokens that a text begins with, and where among them it is told whether there is speech."""
    words = tokenizer.encode(" " + wish.prompt.strip())[-PROMPT_TOKENS:] if wish.prompt.strip() else []
    before = [tokenizer.sot_prev, *words] if words else []
    sequence = tokenizer.sot_sequence if wish.timestamps else tokenizer.sot_sequence_including_notimestamps
    return [*before, *sequence], len(before)


def suppressed(tokenizer: Tokenizer) -> list[int]:
    """Return the tokens that are never written: stock whisper's, marks that nobody speaks among them."""
    return sorted(
        {
            *tokenizer.non_speech_tokens,
            tokenizer.transcribe,
            tokenizer.translate,
            tokenizer.sot,
            tokenizer.sot_prev,
            tokenizer.sot_lm,
            tokenizer.no_speech,
        }
    )
