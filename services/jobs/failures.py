"""What is tried again, how often, and after how long: one table by class of error.

Only what can succeed is tried again. A file that cannot be read, a wish that cannot be met, a
broken law are final at once; what the machine could not do then may work later. What kills its
worker again and again is given up as well: the input may be the poison.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from models.errors import ModelError
from pipelines.errors import EvidentError
from services.jobs.errors import StageOverdueError, WorkerLostError

LONGEST_REASON = 1000

Jitter = Callable[[], float]
"""Gives a number from 0 up to 1, another each time."""


@dataclass(frozen=True, slots=True)
class RetryRule:
    """`chances` counts all attempts, the first one too; waits double from `first_seconds` on.

    What `is_free` was not even tried, and uses up no chance.
    """

    chances: int
    first_seconds: float = 0.0
    most_seconds: float = 0.0
    is_free: bool = False

    def wait_seconds(self, failures: int, jitter: Jitter) -> float:
        """Return how long to wait after so many failures: half of the wait is left to chance."""
        doubled = 2.0 ** min(max(failures, 1) - 1, 30)
        wait = min(self.most_seconds, self.first_seconds * doubled)
        return wait * (0.5 + 0.5 * jitter())


NEVER = RetryRule(chances=1)

RULES: Mapping[str, RetryRule] = {
    "InputError": NEVER,
    "RequestError": NEVER,
    "ConservationError": NEVER,
    "EvidenceError": NEVER,
    "CredentialsError": NEVER,
    "ModelError": NEVER,
    "DecodeChildError": RetryRule(3, first_seconds=2, most_seconds=60),
    "TimeStampError": RetryRule(5, first_seconds=10, most_seconds=600),
    "MemoryCeilingError": RetryRule(4, first_seconds=30, most_seconds=600),
    "DiskFullError": RetryRule(10, first_seconds=30, most_seconds=900),
    "CircuitOpenError": RetryRule(2, first_seconds=10, most_seconds=10, is_free=True),
    "SealerAwayError": RetryRule(2, first_seconds=60, most_seconds=60, is_free=True),
    "StageOverdueError": RetryRule(2, first_seconds=30, most_seconds=60),
    "ResourceError": RetryRule(8, first_seconds=5, most_seconds=300),
    "WorkerLostError": RetryRule(4, first_seconds=1, most_seconds=30),
    "OSError": RetryRule(5, first_seconds=5, most_seconds=300),
}
"""By the nearest class of an error's ancestry. A fault of this program has one more chance."""

OTHERWISE = RetryRule(2, first_seconds=5, most_seconds=60)


@dataclass(frozen=True, slots=True)
class Failure:
    """Why an attempt failed. `classes` is the error's ancestry, the nearest first."""

    classes: tuple[str, ...]
    reason: str
    next_step: str = ""

    @property
    def name(self) -> str:
        """The error's own class."""
        return self.classes[0]

    @property
    def rule(self) -> RetryRule:
        """What the table says about it."""
        return next((RULES[name] for name in self.classes if name in RULES), OTHERWISE)


def failure_of(error: BaseException) -> Failure:
    """Return what to write down about an error."""
    classes = tuple(kind.__name__ for kind in type(error).__mro__)
    if isinstance(error, EvidentError | ModelError):
        return Failure(classes, str(error)[:LONGEST_REASON], error.next_step[:LONGEST_REASON])
    said = f"A fault of this program: {type(error).__name__}: {error}"
    return Failure(classes, " ".join(said.split())[:LONGEST_REASON], "Please report this line.")


OVERDUE = failure_of(
    StageOverdueError(
        "It ran longer than a stage may.",
        next_step="Raise EVIDENT_STAGE_HOURS where the work is that long, or ask for less at once.",
    )
)

LOST = failure_of(
    WorkerLostError(
        "The process that worked on it died or was cut off.",
        next_step="It is tried again by itself, a few times.",
    )
)
