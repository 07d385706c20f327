"""Steps between frames' times are counted without the times being kept."""

from __future__ import annotations

import numpy as np
import pytest

from pipelines.media.time_tally import MOST_LISTED, NO_TIME, Step, TimeTally


def tallied(times: list[int], *, batch: int = 4) -> TimeTally:
    """Times taken in batches."""
    tally = TimeTally()
    for start in range(0, len(times), batch):
        tally.add(np.array(times[start : start + batch], np.int64), start)
    return tally


@pytest.mark.parametrize("batch", [1, 2, 3, 100])
def test_gaps_are_found_whatever_the_batches(batch: int) -> None:
    """A step of more than three usual ones is a gap before its frame, in every batching."""
    times = [0, 10, 20, 30, 100, 110, 120, 500, 510]
    tally = tallied(times, batch=batch)
    assert tally.usual == 10
    assert tally.gaps == [Step(4, 70), Step(7, 380)]
    assert tally.gap_count == 2


def test_times_that_go_back_or_stand_still_are_listed_apart() -> None:
    """A frame that is earlier goes back, one that is not later shares a time."""
    tally = tallied([0, 10, 20, 20, 30, 5, 15])
    assert tally.shared.first == [3]
    assert tally.backwards == [Step(5, -25)]
    assert (tally.lowest, tally.highest) == (0, 30)


@pytest.mark.parametrize("bits", [32, 33])
def test_a_counter_that_began_anew_is_called_a_wrap(bits: int) -> None:
    """A step back by nearly the range of a counter is a wrap as well."""
    whole = 1 << bits
    tally = tallied([whole - 30, whole - 20, whole - 10, 0, 10, 20])
    assert tally.wraps == 1
    assert tally.backward_count == 1


def test_frames_without_a_time_are_counted_and_stand_in_no_step() -> None:
    """A missing time makes no gap."""
    tally = tallied([0, 10, NO_TIME, 30, 40])
    assert tally.missing.first == [2]
    assert tally.gap_count == 0


def test_no_time_at_all_is_no_step_at_all() -> None:
    """Nothing is said of times that are not there."""
    tally = tallied([NO_TIME] * 5)
    assert (tally.usual, tally.first, tally.gaps, tally.missing.count) == (None, None, [], 5)


def test_more_events_than_are_listed_are_still_counted() -> None:
    """Lists are bounded, counts are not."""
    times = [0]
    for number in range(3 * MOST_LISTED):
        times += [times[-1] + 10] * 1
        times += [times[-1] + 10]
        times.append(times[-1] + 1000 + number % 7)
    tally = tallied(times, batch=50)
    assert tally.gap_count == 3 * MOST_LISTED
    assert len(tally.gaps) == MOST_LISTED
