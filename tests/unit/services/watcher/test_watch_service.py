"""The loop: it wakes at once when told, ends after the round in hand, and outlives faults."""

from __future__ import annotations

import threading

from pipelines.errors import ResourceError
from services.watcher.book import Tally
from services.watcher.service import WatchService


def tally(received: int) -> Tally:
    """A tally in which everything waits."""
    return Tally(received=received, processed=0, rejected=0, waiting=received, duplicates=0)


def test_a_wake_up_begins_a_round_at_once() -> None:
    """With an hour between rounds, a wake-up still brings the next one."""
    rounds: list[int] = []
    begun = threading.Semaphore(0)

    def round_() -> Tally:
        rounds.append(1)
        begun.release()
        return tally(0)

    service = WatchService(round_, every_seconds=3600, say=lambda *_: None)
    thread = threading.Thread(target=service.run)
    thread.start()
    for _ in range(3):
        assert begun.acquire(timeout=30)
        service.wake()
    assert begun.acquire(timeout=30)
    service.stop()
    thread.join(30)
    assert not thread.is_alive()
    assert len(rounds) >= 4


def test_a_completeness_line_is_said_when_it_changes() -> None:
    """Rounds that change nothing say nothing."""
    tallies = iter([tally(1), tally(1), tally(2)])
    said: list[str] = []

    def round_() -> Tally:
        found = next(tallies, None)
        if found is None:
            service.stop()
            return tally(2)
        return found

    service = WatchService(
        round_, every_seconds=0.001, say=lambda event, fields: said.append(fields["line"])
    )
    assert service.run() == tally(2)
    assert said == [tally(1).line, tally(2).line]


def test_a_fault_is_said_and_the_next_round_is_tried() -> None:
    """A place that cannot be listed for a while does not end the watch."""
    left = [ResourceError("The share is gone."), ResourceError("Still gone.")]
    said: list[tuple[str, str]] = []

    def round_() -> Tally:
        if left:
            raise left.pop(0)
        service.stop()
        return tally(0)

    service = WatchService(
        round_,
        every_seconds=0.001,
        say=lambda event, fields: said.append((event, fields.get("reason", ""))),
    )
    assert service.run() == tally(0)
    assert said[:2] == [("watch.fault", "The share is gone."), ("watch.fault", "Still gone.")]


def test_what_a_hint_was_about_is_looked_at_again_once_it_has_settled() -> None:
    """With an hour between rounds, one hint brings two: the file is seen, and then taken."""
    begun = threading.Semaphore(0)

    def round_() -> Tally:
        begun.release()
        return tally(0)

    service = WatchService(round_, every_seconds=3600, settle_seconds=0.01, say=lambda *_: None)
    thread = threading.Thread(target=service.run)
    thread.start()
    assert begun.acquire(timeout=30)
    service.wake()
    assert begun.acquire(timeout=30)
    assert begun.acquire(timeout=30)
    service.stop()
    thread.join(30)
    assert not thread.is_alive()
