"""The request loop of the language engine: one request at a time, heartbeat, cancel, idle work."""

import os
import queue
import threading
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any, assert_never

from assistant_app.core.errors import AssistantError, Busy, ModelError
from assistant_app.core.text import N_
from assistant_app.engines import protocol
from assistant_app.engines.llama import library, states
from assistant_app.engines.llama.chat import Chat
from assistant_app.engines.llama.embed import Embedder
from assistant_app.engines.llama.model import LoadOptions, Model
from assistant_app.engines.llama.stop import StopByte
from assistant_app.engines.llama.stream import TextSender
from assistant_app.engines.wire import Connection, WireError

HEARTBEAT_S = 1.0
SAVE_AFTER_S = 1.0
"""Idle time after which the state of the conversation is saved."""
EMBEDDER_IDLE_S = 30.0
EXIT_GRACE_S = 5.0
"""How long native code may still run after the worker has gone."""

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
    | protocol.Shutdown
)


class Server:
    """Serves one worker until it says Shutdown or goes away."""

    def __init__(self, connection: Connection, stop: StopByte, *, isolated: bool = False) -> None:
        self._connection = connection
        self._stop = stop
        self._isolated = isolated
        self._queue: queue.Queue[Work | None] = queue.Queue()
        self._lock = threading.Lock()
        self._running: int | None = None
        """Identifier of the request that is queued or served; guarded by the lock."""
        self._gone = threading.Event()
        self._chat: Chat | None = None
        self._embedder: Embedder | None = None
        self._state_dir: Path | None = None
        self._last_work = time.monotonic()

    def run(self) -> int:
        """Serve; return the exit status."""
        library.start()
        self._send(protocol.Hello(os.getpid(), library.name(), library.system_info(), self._isolated))
        threading.Thread(target=self._read, name="requests", daemon=True).start()
        threading.Thread(target=self._beat, name="heartbeat", daemon=True).start()
        try:
            while True:
                work = self._next()
                if work is None or isinstance(work, protocol.Shutdown):
                    if work is not None:
                        self._finish(self._shut_down(work))
                    else:
                        self._save()
                    return 0
                self._finish(self._serve(work))
                self._last_work = time.monotonic()
        finally:
            self._free()

    # --- the other threads
    def _read(self) -> None:
        """Take requests off the socket; never waits for native code."""
        try:
            while (message := self._connection.receive()) is not None:
                self._accept(message)
        except (WireError, OSError) as error:
            os.write(2, f"engine: connection lost: {error}\n".encode())
        self._gone.set()
        self._stop.set()
        self._queue.put(None)
        time.sleep(EXIT_GRACE_S)
        os._exit(0)

    def _accept(self, message: Any) -> None:
        if isinstance(message, protocol.Ping):
            self._send(protocol.Pong(message.id, self._running is not None))
        elif isinstance(message, protocol.Cancel):
            with self._lock:
                if self._running == message.id:
                    self._stop.set()
        elif isinstance(message, protocol.Shutdown):
            with self._lock:
                if self._running is not None:
                    self._stop.set()
            self._queue.put(message)
        elif isinstance(message, Work):
            with self._lock:
                free = self._running is None
                if free:
                    self._running = message.id
            if free:
                self._queue.put(message)
            else:
                self._send(_failed(message.id, Busy()))

    def _beat(self) -> None:
        while not self._gone.wait(HEARTBEAT_S):
            self._send(protocol.Pong(0, self._running is not None))

    def _send(self, message: Any) -> None:
        try:
            self._connection.send(message)
        except OSError:
            self._gone.set()  # the reader meets the end too and ends the process

    # --- the main thread
    def _next(self) -> Work | None:
        """Wait for work, doing what is worth doing in the meantime."""
        while True:
            try:
                return self._queue.get(timeout=SAVE_AFTER_S if self._has_idle_work() else None)
            except queue.Empty:
                if self._chat is not None:
                    self._chat.save(interrupted=lambda: not self._queue.empty())
                if self._embedder is not None and time.monotonic() - self._last_work > EMBEDDER_IDLE_S:
                    self._close_embedder()

    def _has_idle_work(self) -> bool:
        return self._embedder is not None or (self._chat is not None and self._chat.unsaved)

    def _finish(self, reply: Any) -> None:
        with self._lock:
            self._running = None
            self._stop.clear()
        self._send(reply)

    def _serve(self, work: Work) -> Any:
        try:
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
                case protocol.Shutdown():
                    return self._shut_down(work)
                case _:
                    assert_never(work)
        except AssistantError as error:
            return _failed(work.id, error)
        except Exception as error:  # whatever a foreign file or template brought about, the engine goes on
            return _failed(work.id, AssistantError(detail=f"{error!r}\n{traceback.format_exc()}"[-4000:]))

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
        model = Model(options, self._stop, self._progress(work))
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

    def _shut_down(self, work: protocol.Shutdown) -> protocol.Ok:
        self._save()
        return protocol.Ok(work.id)

    def _unload(self) -> None:
        self._save()
        self._free()

    def _save(self) -> None:
        if self._chat is not None:
            self._chat.save()

    def _free(self) -> None:
        self._close_embedder()
        if self._chat is not None:
            self._chat.close()
            self._chat = None

    def _close_embedder(self) -> None:
        if self._embedder is not None:
            self._embedder.close()
            self._embedder = None


def _failed(request_id: int, error: AssistantError) -> protocol.Failed:
    params = {name: v if isinstance(v, int | float) else str(v) for name, v in error.params.items()}
    return protocol.Failed(request_id, error.code, error.template, params, error.detail)
