"""The steps between the times of frames, counted without keeping the times.

A *gap* is a step of more than three usual ones. A frame *goes back* where it is earlier than the
one before, and *shares* a time where it is not later. A step back by nearly the whole range of a
counter (2^32 or 2^33) is a *wrap*. The usual step is the median of those that rise.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from pipelines.media.picked import Picked

GAP_STEPS = 3
MOST_LISTED = 100
_MOST_STEPS = 4096
_COUNTERS = (1 << 32, 1 << 33)
_WRAP_SHARE = 0.9

NO_TIME = -(2**63)


@dataclass(frozen=True, slots=True)
class Step:
    """One remarkable step: the frame after it, and its size in units of the time base."""

    frame: int
    units: int


@dataclass(slots=True)
class TimeTally:
    """Takes the times of frames in order, in batches. `missing` frames carry no time."""

    missing: Picked = field(default_factory=Picked)
    shared: Picked = field(default_factory=Picked)
    backwards: list[Step] = field(default_factory=list)
    backward_count: int = 0
    wraps: int = 0
    first: int | None = None
    last: int | None = None
    lowest: int | None = None
    highest: int | None = None
    _steps: dict[int, int] = field(default_factory=dict)
    _uncounted: int = 0
    _widest: list[tuple[int, int]] = field(default_factory=list)

    def add(self, pts: NDArray[np.int64], first_frame: int) -> NDArray[np.bool_]:
        """Take the times of frames from `first_frame` on; returns which follow a remarkable step.

        While the clip is read the usual step is that of what was seen.
        """
        frames = first_frame + np.arange(len(pts))
        known = pts != NO_TIME
        self.missing.add(frames[~known])
        times, places = pts[known], frames[known]
        odd = np.zeros(len(pts), np.bool_)
        if not len(times):
            return odd
        before = times[:1] if self.last is None else np.array([self.last], np.int64)
        steps = np.diff(times, prepend=before)
        if self.first is None:
            self.first = int(times[0])
            steps, places = steps[1:], places[1:]
        self.last = int(times[-1])
        low, high = int(times.min()), int(times.max())
        self.lowest = low if self.lowest is None else min(self.lowest, low)
        self.highest = high if self.highest is None else max(self.highest, high)
        self._count(steps, places)
        usual = self.usual
        strange = steps <= 0
        if usual is not None:
            strange |= steps > GAP_STEPS * usual
        odd[places[strange] - first_frame] = True
        return odd

    @property
    def usual(self) -> int | None:
        """The median of the steps that rise, None where there is none."""
        rising = sorted((step, count) for step, count in self._steps.items() if step > 0)
        middle = (sum(count for _, count in rising) + 1) // 2
        for step, count in rising:
            middle -= count
            if middle <= 0:
                return step
        return None

    @property
    def gap_count(self) -> int:
        """How many gaps there are."""
        usual = self.usual
        if usual is None:
            return 0
        counted = sum(n for step, n in self._steps.items() if step > GAP_STEPS * usual)
        beyond = sum(
            step > GAP_STEPS * usual for step, _ in self._widest if step not in self._steps
        )
        return counted + beyond

    @property
    def gaps(self) -> list[Step]:
        """The widest gaps, `MOST_LISTED` at the most, in the order of the clip."""
        usual = self.usual
        if usual is None:
            return []
        found = [Step(-frame, step) for step, frame in self._widest if step > GAP_STEPS * usual]
        return sorted(found, key=lambda one: one.frame)

    @property
    def is_variable(self) -> bool:
        """Whether steps that rise differ from each other."""
        return sum(step > 0 for step in self._steps) > 1 or self._uncounted > 0

    def _count(self, steps: NDArray[np.int64], places: NDArray[np.int64]) -> None:
        sizes, counts = np.unique(steps, return_counts=True)
        for step, count in zip(sizes.tolist(), counts.tolist(), strict=True):
            if step in self._steps or len(self._steps) < _MOST_STEPS:
                self._steps[step] = self._steps.get(step, 0) + count
            else:
                self._uncounted += count
        self.shared.add(places[steps == 0])
        for place in np.flatnonzero(steps < 0).tolist():
            self._backward(int(places[place]), int(steps[place]))
        widest = np.argsort(steps)[-MOST_LISTED:]
        for place in widest.tolist():
            one = (int(steps[place]), -int(places[place]))
            if len(self._widest) < MOST_LISTED:
                heapq.heappush(self._widest, one)
            elif one > self._widest[0]:
                heapq.heapreplace(self._widest, one)

    def _backward(self, frame: int, units: int) -> None:
        self.backward_count += 1
        if any(_WRAP_SHARE * whole < -units <= whole for whole in _COUNTERS):
            self.wraps += 1
        if len(self.backwards) < MOST_LISTED:
            self.backwards.append(Step(frame, units))
