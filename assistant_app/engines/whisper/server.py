"""The speech engine: what it does with each request."""

import base64
import binascii
import importlib.metadata
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, assert_never, get_args

from assistant_app.core.errors import ModelError, RequestInvalid
from assistant_app.core.text import N_
from assistant_app.core.voice import SAMPLE_RATE, SpeechModelInfo, SpeechNotInstalled, SpeechPlan
from assistant_app.engines import protocol
from assistant_app.engines.serving import EngineServer
from assistant_app.engines.stop import StopByte
from assistant_app.engines.wire import Connection

if TYPE_CHECKING:
    from assistant_app.engines.whisper.listener import Listener
    from assistant_app.engines.whisper.session import Session

Work = protocol.LoadSpeech | protocol.Listen

_WARM_UP_S = 5.0
_WARM_UP_TOKENS = 24


class SpeechServer(EngineServer[Work]):
    """Serves a worker with one Whisper and one utterance at a time."""

    works = get_args(Work)

    def __init__(self, connection: Connection, stop: StopByte, *, isolated: bool = False) -> None:
        super().__init__(connection, stop, isolated=isolated)
        self._session: Session | None = None
        self._model: Listener | None = None
        self._missing = ""
        """Why there are no libraries; technical."""

    def begin(self) -> tuple[str, str]:
        """Import torch, whisper and silero-vad, which takes seconds."""
        try:
            import torch
            import whisper  # noqa: F401 - the models below need it; here its absence is met

            from assistant_app.engines.whisper.gate import SpeechFinder
            from assistant_app.engines.whisper.session import Session
        except ImportError as error:
            self._missing = repr(error)
            return "", ""
        self._session = Session(SpeechFinder())
        version = importlib.metadata.version("openai-whisper")
        return f"openai-whisper {version}, torch {torch.__version__}", torch.__config__.parallel_info()

    def serve(self, work: Work) -> Any:
        """Do what a request asks for and return the last reply."""
        if self._session is None:
            raise SpeechNotInstalled(
                N_(
                    "Speech recognition is installed, but it is incomplete and does not start: install it"
                    " once more, then try again. Typing works as always."
                ),
                detail=self._missing,
            )
        match work:
            case protocol.LoadSpeech():
                return protocol.SpeechLoaded(work.id, self._load(work, self._session))
            case protocol.Listen():
                return protocol.Listened(work.id, self._listen(work, self._session))
            case _:
                assert_never(work)

    def _listen(self, work: protocol.Listen, session: "Session") -> Any:
        try:
            samples = base64.b64decode(work.samples, validate=True)
        except binascii.Error as error:
            raise RequestInvalid(
                N_("The recording arrived damaged and was not recognised; try again."), detail=str(error)
            ) from error
        session.take(work.utterance, work.start, samples)
        if work.stage == "feed":
            return session.heard()
        if self._model is None:
            raise ModelError(N_("No speech model is loaded; choose one in the settings."))
        return session.recognise(self._model, work.options, final=work.stage == "final")

    def _load(self, work: protocol.LoadSpeech, session: "Session") -> SpeechModelInfo:
        plan = work.plan
        self._model = None  # freed first: two do not fit
        session.forget()
        model = _open(plan, self._stop)
        warm_up_s = _warm_up(model)
        self._model = model
        return SpeechModelInfo(
            name=plan.name,
            path=plan.path,
            multilingual=model.multilingual,
            languages=model.languages,
            n_params=model.n_params,
            quantised=bool(model.quantised_parts),
            note=model.note,
            warm_up_s=warm_up_s,
            full_window_only=model.full_window_only,
        )


def _open(plan: SpeechPlan, stop: StopByte) -> "Listener":
    """Load a model by what its path is: a file of OpenAI's, or a folder of faster-whisper's."""
    path, n_threads = Path(plan.path), max(0, plan.n_threads)
    if path.is_dir():
        from assistant_app.engines.whisper.faster import FasterModel

        return FasterModel(path, n_threads=n_threads, quantised=plan.quantise)
    from assistant_app.engines.whisper.model import SpeechModel

    return SpeechModel(path, stop, n_threads=n_threads, quantised=plan.quantise)


def _warm_up(model: "Listener") -> float:
    """Recognise five seconds of silence, with as many tokens as speech has; return the seconds it took."""
    import numpy as np

    from assistant_app.engines.whisper.window import FULL, STEP, positions_of

    silence = np.zeros(int(_WARM_UP_S * SAMPLE_RATE), np.float32)
    # What is paid once only, tokenizer and first allocations, is no part of the figure.
    model.rehearse(silence, FULL if model.full_window_only else STEP, 1)
    began = time.monotonic()
    model.rehearse(silence, FULL if model.full_window_only else positions_of(_WARM_UP_S), _WARM_UP_TOKENS)
    return time.monotonic() - began
