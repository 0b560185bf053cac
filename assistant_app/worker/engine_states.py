"""The life of an engine process as a state machine: which state may follow which."""

from collections.abc import Callable

from assistant_app.core.events import EngineState, EngineStateChanged

_S = EngineState

TRANSITIONS: dict[EngineState, frozenset[EngineState]] = {
    _S.STOPPED: frozenset({_S.STARTING}),
    _S.STARTING: frozenset({_S.IDLE, _S.CRASHED, _S.STOPPED}),
    _S.IDLE: frozenset({_S.LOADING, _S.CRASHED, _S.STOPPED}),
    _S.LOADING: frozenset({_S.READY, _S.IDLE, _S.CRASHED, _S.STOPPED}),
    _S.READY: frozenset({_S.BUSY, _S.LOADING, _S.IDLE, _S.CRASHED, _S.STOPPED}),
    _S.BUSY: frozenset({_S.READY, _S.CRASHED, _S.STOPPED}),
    _S.CRASHED: frozenset({_S.STARTING, _S.GIVEN_UP, _S.STOPPED}),
    _S.GIVEN_UP: frozenset({_S.STARTING, _S.STOPPED}),
}


class EngineStates:
    """Holds the state and tells each change to a listener."""

    def __init__(self, on_change: Callable[[EngineStateChanged], None], engine: str = "language") -> None:
        self._on_change = on_change
        self._engine = engine
        self._state = EngineState.STOPPED

    @property
    def current(self) -> EngineState:
        """The state now."""
        return self._state

    def move(self, state: EngineState, model: str = "", sentence: str = "") -> None:
        """Enter a state; entering the present one again does nothing.

        Raises:
            ValueError: `state` cannot follow the present one, which is a mistake in the program.
        """
        if state is self._state:
            return
        if state not in TRANSITIONS[self._state]:
            raise ValueError(f"an engine cannot go from {self._state} to {state}")
        self._state = state
        self._on_change(EngineStateChanged(state, model, sentence, self._engine))
