"""One check of the self-test: run with a limit, told as one JSON object on one line."""

import json
import threading
import time
import traceback
from collections.abc import Callable
from dataclasses import asdict, dataclass

from assistant_app.core.errors import AssistantError

LIMIT_S = 240.0
"""After this time a check is taken to hang. Loading torch from a cold disk takes a busy computer a minute."""

THREADS = "selftest-"
"""How the names of the threads begin in which checks run."""

Check = Callable[[], str]
"""Returns what was found; raises CheckFailed, or whatever its subject raises."""


class CheckFailed(Exception):
    """A part does not do what it should; the text says what."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a check."""

    check: str
    ok: bool
    detail: str
    seconds: float


def carry_out(name: str, check: Check, limit_s: float = LIMIT_S) -> Outcome:
    """Run a check in a thread of its own and return what came of it; raises nothing."""
    outcome: list[tuple[bool, str]] = []

    def work() -> None:
        try:
            outcome.append((True, check()))
        except CheckFailed as error:
            outcome.append((False, str(error)))
        except AssistantError as error:
            outcome.append((False, " ".join(filter(None, (error.sentence(), error.detail)))))
        except Exception as error:
            # What nobody expected is what a self-test is for.
            place = traceback.extract_tb(error.__traceback__)[-1]
            outcome.append((False, f"{error!r} in {place.filename}:{place.lineno}"))

    began = time.monotonic()
    thread = threading.Thread(target=work, name=f"{THREADS}{name}", daemon=True)
    thread.start()
    thread.join(limit_s)
    ok, detail = outcome[0] if outcome else (False, f"no end within {limit_s:g} s")
    return Outcome(name, ok, detail, round(time.monotonic() - began, 3))


def tell(outcome: Outcome) -> None:
    """Print it as a line."""
    print(json.dumps(asdict(outcome), ensure_ascii=False), flush=True)
