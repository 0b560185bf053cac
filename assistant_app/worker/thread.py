"""The one background thread: an asyncio loop on which everything but the window runs."""

import asyncio
import concurrent.futures
import logging
import threading
from collections.abc import Coroutine
from typing import Any, Protocol, TypeVar

from assistant_app.worker.api import AssistantApi

log = logging.getLogger(__name__)
T = TypeVar("T")


class Service(AssistantApi, Protocol):
    """An AssistantApi with a life."""

    async def start(self) -> None:
        """Open what takes time: the database, the engine. Called once, on the loop."""

    async def close(self) -> None:
        """Store what is unsaved, stop the engine, close the database."""


class WorkerThread:
    """Runs a service's coroutines on a loop of its own, so that callers never wait for work.

    `call` may be used from any thread as soon as the object exists; calls made before `start`
    run once the loop does.
    """

    def __init__(self, service: Service) -> None:
        self.api: AssistantApi = service
        self._service = service
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="worker", daemon=True)
        self._stopped = False

    def start(self) -> None:
        """Start the thread and let the service open its parts."""
        self._thread.start()
        self.call(self._service.start())

    def call(self, coroutine: Coroutine[Any, Any, T]) -> "concurrent.futures.Future[T]":
        """Run a coroutine on the loop; the future carries its result or its AssistantError."""
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop)

    def stop(self, timeout_s: float = 10.0) -> bool:
        """Close the service and end the thread; return whether it ended in time. May be called twice."""
        if self._stopped or not self._thread.is_alive():
            return True
        self._stopped = True
        closing = self.call(self._service.close())
        try:
            closing.result(timeout_s)
        except Exception:
            log.exception("the worker did not close cleanly")
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_forever()
        finally:
            pending = asyncio.all_tasks(self._loop)
            for task in pending:
                task.cancel()
            if pending:
                self._loop.run_until_complete(asyncio.gather(*pending, return_exceptions=True))
            self._loop.run_until_complete(self._loop.shutdown_default_executor())
            self._loop.close()
