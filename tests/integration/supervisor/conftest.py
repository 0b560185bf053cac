"""Supervisors over a rough engine: a real process, real pipes, real signals, no model."""

import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

# All of pydantic before Qt is there: Qt's import hook breaks modules that pydantic loads lazily.
import assistant_app.settings  # noqa: F401
from assistant_app.core.events import EngineState, EngineStateChanged, Event
from assistant_app.core.generation import (
    BackendEvent,
    ChatMessage,
    Delta,
    Finished,
    GenerationRequest,
    LoadPlan,
)
from assistant_app.core.sampling import Sampling
from assistant_app.worker.engine_life import Limits
from assistant_app.worker.engine_process import engine_environment
from assistant_app.worker.supervisor import EngineSupervisor

ROUGH_ENGINE = Path(__file__).with_name("rough_engine.py")
PATIENT = Limits()
HASTY = Limits(start_s=20, silence_s=1.0, load_silence_s=1.0, cancel_s=0.5, tick_s=0.1)


class Bench:
    """A supervisor with everything that it said."""

    def __init__(self, limits: Limits, environment: dict[str, str]) -> None:
        self.events: list[Event] = []
        self.supervisor = EngineSupervisor(
            self.events.append,
            command=[sys.executable, str(ROUGH_ENGINE)],
            environment={**engine_environment(), **environment},
            limits=limits,
        )

    @property
    def states(self) -> list[EngineState]:
        return [event.state for event in self.events if isinstance(event, EngineStateChanged)]

    async def load(self, path: str = "model") -> None:
        await self.supervisor.load(plan(path), lambda fraction: None)


StartBench = Callable[..., Bench]


@pytest.fixture
async def start_bench() -> AsyncIterator[StartBench]:
    benches: list[Bench] = []

    def start(limits: Limits = PATIENT, **environment: str) -> Bench:
        benches.append(Bench(limits, environment))
        return benches[-1]

    yield start
    for bench in benches:
        await bench.supervisor.kill()


def plan(path: str) -> LoadPlan:
    return LoadPlan(model_id=path, name=path.capitalize(), path=path)


def ask(order: str) -> GenerationRequest:
    return GenerationRequest((ChatMessage("user", order),), Sampling())


async def answer(supervisor: EngineSupervisor, order: str) -> tuple[str, Finished]:
    """Run one generation to its end."""
    events: list[BackendEvent] = [event async for event in supervisor.generate(ask(order))]
    assert isinstance(events[-1], Finished)
    return "".join(event.text for event in events if isinstance(event, Delta)), events[-1]
