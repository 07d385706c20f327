"""The circuit breaker: when it opens, what it lets through, and when it closes again."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from pipelines.errors import RequestError, ResourceError
from services.telemetry.breaker import Breaker, BreakerRule, BreakerState, CircuitOpenError


class Bench:
    """A breaker that opens after three failures for ten seconds, with a clock of its own."""

    def __init__(self) -> None:
        self.now = 0.0
        self.moves: list[str] = []
        self.breaker = Breaker(
            "object store",
            lambda: self.now,
            rule=BreakerRule(failures=3, open_seconds=10, longest_open_seconds=30),
            changed=lambda service, state: self.moves.append(f"{service} {state}"),
        )

    def call(self, error: BaseException | None = None) -> None:
        """Make one call that ends in `error`, or well."""
        with self.breaker.call():
            if error is not None:
                raise error

    def fail(self, times: int = 1) -> None:
        """Make calls that are not answered."""
        for _ in range(times):
            with pytest.raises(ResourceError, match="no answer"):
                self.call(ResourceError("no answer"))

    def refused(self) -> None:
        """See that a call is not even made."""
        with pytest.raises(CircuitOpenError, match="object store does not answer"):
            self.call()


@pytest.fixture
def bench() -> Bench:
    """A breaker that is closed."""
    return Bench()


def test_it_opens_after_failures_in_a_row(bench: Bench) -> None:
    """An answer between failures starts the count anew; the third in a row opens it."""
    bench.fail(2)
    bench.call()
    bench.fail(2)
    bench.call()
    bench.fail(3)
    bench.refused()
    assert bench.moves == ["object store open"]


def test_a_trial_that_is_answered_closes_it(bench: Bench) -> None:
    """After the pause one call goes through, and its answer lets all others through."""
    bench.fail(3)
    bench.now = 9.9
    bench.refused()
    bench.now = 10
    bench.call()
    bench.fail(2)
    assert bench.breaker.state is BreakerState.CLOSED


def test_a_trial_that_fails_opens_it_for_longer(bench: Bench) -> None:
    """Every trial that fails doubles the pause, up to the longest."""
    bench.fail(3)
    for pause in (10, 20, 30, 30):
        bench.now += pause - 0.1
        bench.refused()
        bench.now += 0.1
        bench.fail()
    bench.refused()


def test_during_a_trial_nothing_else_goes_through(bench: Bench) -> None:
    """Of many callers after the pause, one alone makes the trial."""
    bench.fail(3)
    bench.now = 10
    inside, done = threading.Event(), threading.Event()

    def trial() -> None:
        with bench.breaker.call():
            inside.set()
            done.wait(30)

    thread = threading.Thread(target=trial)
    thread.start()
    assert inside.wait(30)
    bench.refused()
    done.set()
    thread.join(30)
    bench.call()


@pytest.mark.parametrize("error", [RequestError("no such bucket"), KeyboardInterrupt()])
def test_what_says_nothing_about_the_service_counts_for_nothing(
    bench: Bench, error: BaseException
) -> None:
    """A refusal or an interruption neither opens the breaker nor closes it."""
    refuse: Callable[[], None] = lambda: bench.call(error)  # noqa: E731 - used twice below
    for _ in range(5):
        with pytest.raises(type(error)):
            refuse()
    assert bench.breaker.state is BreakerState.CLOSED
    bench.fail(3)
    bench.now = 10
    with pytest.raises(type(error)):
        refuse()
    assert bench.breaker.state is BreakerState.OPEN
    bench.call()
    assert bench.breaker.state is BreakerState.CLOSED


def test_a_late_answer_does_not_close_it(bench: Bench) -> None:
    """A call that began before the breaker opened proves nothing when it ends well."""
    with bench.breaker.call():
        bench.fail(3)
    bench.refused()
