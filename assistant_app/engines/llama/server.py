"""The language engine: what it does with each request, and in the meantime."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, assert_never, get_args

from assistant_app.core.errors import ModelError
from assistant_app.core.text import N_
from assistant_app.engines import protocol
from assistant_app.engines.llama import library, states
from assistant_app.engines.llama.chat import Chat
from assistant_app.engines.llama.embed import Embedder
from assistant_app.engines.llama.model import LoadOptions, Model
from assistant_app.engines.llama.stop import StopByte
from assistant_app.engines.llama.stream import TextSender
from assistant_app.engines.serving import EngineServer
from assistant_app.engines.wire import Connection

SAVE_AFTER_S = 1.0
"""Idle time after which the state of the conversation is saved."""
EMBEDDER_IDLE_S = 30.0

_PROGRESS_INTERVAL_S = 0.05

Work = (
    protocol.Load
    | protocol.Unload
    | protocol.Count
    | protocol.Render
    | protocol.Generate
    | protocol.Prefill
    | protocol.Embed
    | protocol.ForgetState
)


class Server(EngineServer[Work]):
    """Serves a worker with one model at a time."""

    works = get_args(Work)

    def __init__(self, connection: Connection, stop: StopByte, *, isolated: bool = False) -> None:
        super().__init__(connection, stop, isolated=isolated)
        self._native_stop = stop
        self._chat: Chat | None = None
        self._embedder: Embedder | None = None
        self._state_dir: Path | None = None
        self._last_work = time.monotonic()

    def begin(self) -> tuple[str, str]:
        """Import llama.cpp."""
        library.start()
        return library.name(), library.system_info()

    def idle_s(self) -> float | None:
        """Something waits to be saved or freed."""
        waits = self._embedder is not None or (self._chat is not None and self._chat.unsaved)
        return SAVE_AFTER_S if waits else None

    def idle(self) -> None:
        """Save the conversation's state; free what texts were embedded with."""
        if self._chat is not None:
            self._chat.save(interrupted=lambda: self._waiting)
        if self._embedder is not None and time.monotonic() - self._last_work > EMBEDDER_IDLE_S:
            self._close_embedder()

    def serve(self, work: Work) -> Any:
        """Do what a request asks for and return the last reply."""
        try:
            return self._serve(work)
        finally:
            self._last_work = time.monotonic()

    def _serve(self, work: Work) -> Any:
        match work:
            case protocol.Load():
                return self._load(work)
            case protocol.Unload():
                self._unload()
                return protocol.Ok(work.id)
            case protocol.Count():
                return protocol.Counted(work.id, tuple(self._loaded().count(work.messages, work.tools)))
            case protocol.Render():
                prompt = self._loaded().render(work.messages, work.tools)
                return protocol.Rendered(work.id, prompt.text, len(prompt.tokens))
            case protocol.Generate():
                return self._generate(work)
            case protocol.Prefill():
                self._loaded().prefill(work, self._reading(work.id))
                return protocol.Ok(work.id)
            case protocol.Embed():
                return protocol.Embedded(work.id, self._embed(work.texts))
            case protocol.ForgetState():
                self._forget(work.conversation_id)
                return protocol.Ok(work.id)
            case _:
                assert_never(work)

    def _loaded(self) -> Chat:
        if self._chat is None:
            raise ModelError(N_("No model is loaded; choose one under Models."))
        return self._chat

    def _load(self, work: protocol.Load) -> protocol.Loaded:
        self._unload()
        self._state_dir = Path(work.state_dir) if work.state_dir else None
        options = LoadOptions(
            path=Path(work.path),
            n_ctx_tokens=max(0, work.n_ctx_tokens),
            n_threads=max(0, work.n_threads),
            ignore_memory=work.ignore_memory,
            notes=self._state_dir,
        )
        model = Model(options, self._native_stop, self._progress(work))
        try:
            chat = Chat(model, state_dir=self._state_dir, budget_bytes=max(0, work.state_budget_bytes))
        except BaseException:
            model.close()
            raise
        self._chat = chat
        return protocol.Loaded(work.id, chat.info(work.model_id, work.name))

    def _progress(self, work: protocol.Load) -> Callable[[float], None]:
        last = 0.0

        def report(fraction: float) -> None:
            nonlocal last
            now = time.monotonic()
            if fraction >= 1.0 or now - last >= _PROGRESS_INTERVAL_S:
                last = now
                self._send(protocol.LoadProgress(work.id, min(1.0, fraction)))

        return report

    def _generate(self, work: protocol.Generate) -> protocol.Generated:
        chat = self._loaded()
        sender = TextSender(lambda text: self._send(protocol.Delta(work.id, text)))
        try:
            result = chat.generate(work, self._reading(work.id), sender.add)
        finally:
            sender.finish()
        return protocol.Generated(work.id, result.reason, result.usage, result.prompt)

    def _reading(self, request_id: int) -> Callable[[int, int, int], None]:
        return lambda done, total, reused: self._send(protocol.Reading(request_id, done, total, reused))

    def _embed(self, texts: tuple[str, ...]) -> tuple[tuple[float, ...], ...]:
        if self._embedder is None:
            self._embedder = Embedder(self._loaded().model)
        return self._embedder.embed(texts)

    def _forget(self, conversation_id: str) -> None:
        if self._chat is not None:
            self._chat.forget(conversation_id)
        if self._state_dir is not None:
            states.forget(self._state_dir, conversation_id)

    def leave(self) -> None:
        """Save the conversation's state."""
        if self._chat is not None:
            self._chat.save()

    def free(self) -> None:
        """Free the model."""
        self._close_embedder()
        if self._chat is not None:
            self._chat.close()
            self._chat = None

    def _unload(self) -> None:
        self.leave()
        self.free()

    def _close_embedder(self) -> None:
        if self._embedder is not None:
            self._embedder.close()
            self._embedder = None
