"""What the frames and packets of a clip are, tallied in batches in memory that does not grow."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from pipelines.media.bins import Bins
from pipelines.media.frame_row import (
    BYTES,
    CORRUPT,
    DURATION,
    HEIGHT,
    INTERLACED,
    KEYFRAME,
    PACKET_KEY,
    PICTURE,
    PTS,
    QP,
    UNKNOWN_QP,
    WIDTH,
)
from pipelines.media.picked import MOST_LISTED, Picked
from pipelines.media.time_tally import TimeTally

TYPES = ("I", "P", "B", "?")
FRAME_LANES = ("I", "P", "B", "?", "repeated", "damaged", "odd_time", "qp_sum", "qp_count")
"""The columns of `FrameTally.lanes`."""

PACKET_LANES = ("bytes", "key")
"""The columns of `PacketTally.lanes`."""


@dataclass(slots=True)
class Spread:
    """The least, the mean and the most of numbers in hundredths."""

    count: int = 0
    total: int = 0
    least: int | None = None
    most: int | None = None

    def add(self, values: NDArray[np.int64]) -> None:
        """Take more numbers."""
        if not len(values):
            return
        low, high = int(values.min()), int(values.max())
        self.count += len(values)
        self.total += int(values.sum())
        self.least = low if self.least is None else min(self.least, low)
        self.most = high if self.most is None else max(self.most, high)

    @property
    def mean(self) -> int | None:
        """The mean, in hundredths."""
        return round(self.total / self.count) if self.count else None


@dataclass(slots=True)
class FrameTally:
    """Takes rows of frames (`frame_row`) with their digests, in order.

    `repeats` are frames that show the samples of the frame before; `longest_repeat` counts the
    repeats in a row. `sizes` are changes of the picture's size: frame, width, height.
    """

    frames: int = 0
    types: dict[str, int] = field(default_factory=lambda: dict.fromkeys(TYPES, 0))
    times: TimeTally = field(default_factory=TimeTally)
    corrupt: Picked = field(default_factory=Picked)
    repeats: Picked = field(default_factory=Picked)
    longest_repeat: int = 0
    keyframes: int = 0
    longest_key_distance: int = 0
    flagged_interlaced: int = 0
    sizes: list[tuple[int, int, int]] = field(default_factory=list)
    size_changes: int = 0
    qp: dict[str, Spread] = field(default_factory=dict)
    last_duration: int = 0
    lanes: Bins = field(default_factory=lambda: Bins(len(FRAME_LANES)))
    _chain: hashlib._Hash = field(default_factory=hashlib.sha256)
    _before: bytes = b""
    _run: int = 0
    _last_key: int = 0
    _size: tuple[int, int] = (0, 0)

    def add(self, rows: NDArray[np.int64], digests: NDArray[np.uint8]) -> None:
        """Take (N, columns) numbers and (N, 32) digests."""
        first = self.frames
        numbers = first + np.arange(len(rows))
        picture = rows[:, PICTURE]
        is_type = {name: picture == ord(name) for name in TYPES}
        for name, chosen in is_type.items():
            self.types[name] += int(chosen.sum())
        damaged = rows[:, CORRUPT] > 0
        self.corrupt.add(numbers[damaged])
        self.flagged_interlaced += int((rows[:, INTERLACED] > 0).sum())
        self.last_duration = int(rows[-1, DURATION])
        odd = self.times.add(rows[:, PTS], first)
        repeated = self._add_digests(digests, numbers)
        self._add_keys(rows[:, KEYFRAME] > 0, numbers)
        self._add_sizes(rows, numbers)
        stated = rows[:, QP] != UNKNOWN_QP
        for name, chosen in is_type.items():
            values = rows[chosen & stated, QP]
            if len(values):
                self.qp.setdefault(name, Spread()).add(values)
        self.frames += len(rows)
        columns = [*is_type.values(), repeated, damaged, odd]
        columns += [np.where(stated, rows[:, QP], 0), stated]
        self.lanes.add(np.stack([one.astype(np.int64) for one in columns], axis=1))

    @property
    def frames_sha256(self) -> str:
        """SHA-256 over the frames' digests in order, lower-case hexadecimal."""
        return self._chain.hexdigest()

    def _add_digests(
        self, digests: NDArray[np.uint8], numbers: NDArray[np.int64]
    ) -> NDArray[np.bool_]:
        self._chain.update(digests.tobytes())
        same = np.zeros(len(digests), np.bool_)
        same[1:] = (digests[1:] == digests[:-1]).all(axis=1)
        same[0] = bool(self._before) and digests[0].tobytes() == self._before
        self._before = digests[-1].tobytes()
        self.repeats.add(numbers[same])
        for one in same.tolist():
            self._run = self._run + 1 if one else 0
            self.longest_repeat = max(self.longest_repeat, self._run)
        return same

    def _add_keys(self, keys: NDArray[np.bool_], numbers: NDArray[np.int64]) -> None:
        for frame in numbers[keys].tolist():
            if self.keyframes:
                distance = frame - self._last_key
                self.longest_key_distance = max(self.longest_key_distance, distance)
            self._last_key = frame
            self.keyframes += 1

    def _add_sizes(self, rows: NDArray[np.int64], numbers: NDArray[np.int64]) -> None:
        sizes = rows[:, [WIDTH, HEIGHT]]
        before = np.vstack([np.array([self._size]), sizes[:-1]])
        for place in np.flatnonzero((sizes != before).any(axis=1)).tolist():
            width, height = (int(one) for one in sizes[place])
            self.size_changes += int(numbers[place]) > 0
            if len(self.sizes) < MOST_LISTED:
                self.sizes.append((int(numbers[place]), width, height))
        self._size = (int(sizes[-1, 0]), int(sizes[-1, 1]))


@dataclass(slots=True)
class PacketTally:
    """Takes rows of the inspected stream's packets, in the order of the file."""

    packets: int = 0
    size: Spread = field(default_factory=Spread)
    keys: int = 0
    lanes: Bins = field(default_factory=lambda: Bins(len(PACKET_LANES)))

    def add(self, rows: NDArray[np.int64]) -> None:
        """Take (N, columns) numbers."""
        self.packets += len(rows)
        self.size.add(rows[:, BYTES])
        keys = rows[:, PACKET_KEY]
        self.keys += int(keys.sum())
        self.lanes.add(np.stack([rows[:, BYTES], keys], axis=1))
