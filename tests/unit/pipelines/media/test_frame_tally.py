"""Frames and packets are tallied in batches, exactly, and in memory that does not grow."""

from __future__ import annotations

import hashlib
import tracemalloc

import numpy as np
import pytest
from numpy.typing import NDArray

from pipelines.media.frame_row import UNKNOWN_QP, FrameRow, PacketRow
from pipelines.media.frame_tally import FRAME_LANES, FrameTally, PacketTally


def row(number: int, **changed: object) -> tuple[int, ...]:
    """A frame's row, 40 units after the one before."""
    facts: dict[str, object] = {
        "pts": 40 * number, "dts": 40 * number, "duration": 40, "keyframe": number % 10 == 0,
        "picture": "I" if number % 10 == 0 else "P", "corrupt": False, "interlaced": False,
        "width": 64, "height": 48, "qp_hundredths": 2500,
    } | changed  # fmt: skip
    return FrameRow(**facts).numbers()  # type: ignore[arg-type]


def digests(numbers: list[int]) -> NDArray[np.uint8]:
    """One digest per number."""
    raw = b"".join(hashlib.sha256(str(one).encode()).digest() for one in numbers)
    return np.frombuffer(raw, np.uint8).reshape(-1, 32)


def tallied(rows: list[tuple[int, ...]], shown: list[int], *, batch: int) -> FrameTally:
    """Rows taken in batches."""
    tally = FrameTally()
    for start in range(0, len(rows), batch):
        part = slice(start, start + batch)
        tally.add(np.array(rows[part], np.int64), digests(shown[part]))
    return tally


@pytest.mark.parametrize("batch", [1, 3, 7, 100])
def test_what_is_found_does_not_depend_on_batches(batch: int) -> None:
    """Types, key frames, repeats, sizes and quantisers are those of the whole clip."""
    rows = [row(number) for number in range(25)]
    rows[7] = row(7, corrupt=True, picture="?")
    rows[20] = row(20, width=32, height=24)
    rows[21:] = [row(number, width=32, height=24, keyframe=False) for number in range(21, 25)]
    shown = list(range(25))
    shown[4] = shown[5] = shown[3]
    tally = tallied(rows, shown, batch=batch)
    assert tally.frames == 25
    assert tally.types == {"I": 3, "P": 21, "B": 0, "?": 1}
    assert (tally.keyframes, tally.longest_key_distance) == (3, 10)
    assert tally.repeats.first == [4, 5]
    assert tally.longest_repeat == 2
    assert tally.corrupt.first == [7]
    assert tally.sizes == [(0, 64, 48), (20, 32, 24)]
    assert tally.size_changes == 1
    assert tally.qp["P"].mean == 2500
    assert tally.frames_sha256 == hashlib.sha256(digests(shown).tobytes()).hexdigest()


def test_an_unknown_quantiser_is_in_no_mean() -> None:
    """Where the decoder says nothing, nothing is counted."""
    tally = tallied([row(0, qp_hundredths=UNKNOWN_QP), row(1)], [0, 1], batch=2)
    assert list(tally.qp) == ["P"]
    assert tally.lanes.sums[:, FRAME_LANES.index("qp_count")].sum() == 1


def test_a_million_frames_take_no_more_memory_than_some_thousands() -> None:
    """What is kept has a bound: lists, histograms and bins do not grow with the clip."""
    batch = 8192
    rows = np.array([row(number) for number in range(batch)], np.int64)
    shown = digests(list(range(batch))).copy()
    shown[100:200] = shown[99]
    tally = FrameTally()
    tracemalloc.start()
    try:
        for number in range(123):
            moved = rows.copy()
            moved[:, 0] += 40 * batch * number + 500 * number
            tally.add(moved, shown)
            if number == 12:
                early = tracemalloc.get_traced_memory()[0]
        late = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    assert tally.frames == 123 * batch > 1_000_000
    assert tally.repeats.count == 123 * 100
    assert late - early < 64 << 10


def test_packets_are_counted_with_their_bytes() -> None:
    """Number, key packets and the spread of sizes."""
    tally = PacketTally()
    packets = [PacketRow(size, 0, 0, key).numbers() for size, key in ((900, True), (100, False))]
    tally.add(np.array(packets, np.int64))
    assert (tally.packets, tally.keys) == (2, 1)
    assert (tally.size.least, tally.size.mean, tally.size.most) == (100, 500, 900)
