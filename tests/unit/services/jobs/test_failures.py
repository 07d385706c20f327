"""What is tried again, how often and when follows from the class of the error alone."""

from __future__ import annotations

import pytest

from models.errors import CardError
from pipelines.errors import (
    ConservationError,
    DecodeChildError,
    DiskFullError,
    NotMediaError,
    PolicyError,
    ResourceError,
)
from services.jobs.errors import UnknownArtifactError
from services.jobs.failures import LOST, failure_of
from services.provenance.service_line import SealerAwayError, TokenRefusedError


@pytest.mark.parametrize(
    "error",
    [
        NotMediaError("x"),
        PolicyError("x"),
        ConservationError("x"),
        CardError("x"),
        UnknownArtifactError("x"),
    ],
)
def test_what_cannot_succeed_has_one_chance(error: Exception) -> None:
    """A file, a wish or a result that is wrong stays wrong."""
    assert failure_of(error).rule.chances == 1


@pytest.mark.parametrize(
    ("error", "chances"),
    [
        (ResourceError("x"), 8),
        (DiskFullError("x"), 10),
        (DecodeChildError("x"), 3),
        (BrokenPipeError("x"), 5),
        (ZeroDivisionError("x"), 2),
    ],
)
def test_what_may_pass_has_more(error: Exception, chances: int) -> None:
    """The nearest class of an error's ancestry decides; what nobody knows has one more chance."""
    assert failure_of(error).rule.chances == chances


def test_waits_double_up_to_a_bound() -> None:
    """Half of a wait is left to chance, and no wait is longer than the bound."""
    rule = failure_of(ResourceError("x")).rule
    assert [rule.wait_seconds(n, lambda: 1.0) for n in (1, 2, 3, 40)] == [5, 10, 20, 300]
    assert [rule.wait_seconds(n, lambda: 0.0) for n in (1, 2, 3, 40)] == [2.5, 5, 10, 150]


def test_a_fault_of_the_program_says_so() -> None:
    """A person is told that it is not their file, and what to do."""
    failure = failure_of(ZeroDivisionError("division by zero"))
    assert failure.name == "ZeroDivisionError"
    assert failure.reason.startswith("A fault of this program")
    assert failure.next_step


def test_a_lost_worker_is_an_error_like_others() -> None:
    """The death of a process has a class, chances and words of its own."""
    assert (LOST.name, LOST.rule.chances) == ("WorkerLostError", 4)


@pytest.mark.parametrize("error", [SealerAwayError("x"), TokenRefusedError("x")])
def test_waiting_for_the_log_uses_up_no_chance(error: Exception) -> None:
    """A service that is away, or does not admit us, is no fault of the job; it is not hurried."""
    rule = failure_of(error).rule
    assert rule.is_free
    assert [rule.wait_seconds(n, lambda: 1.0) for n in (0, 1, 9)] == [60, 60, 60]
