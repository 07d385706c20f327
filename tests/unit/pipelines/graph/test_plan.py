"""The plan: its one spelling, and the fixed ranges into which clips are cut."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.errors import EvidenceError
from pipelines.graph.plan import (
    Plan,
    PlannedCeilings,
    PlannedDelivery,
    PlannedPicture,
    PlannedSegments,
    PlannedSource,
    read_plan,
    segment_starts,
)
from pipelines.graph.spec import Preset


def plan(threads: int = 2) -> Plan:
    """Return a small plan."""
    picture = PlannedPicture(
        width=64,
        height=48,
        family="ycbcr",
        depth=8,
        chroma=(2, 2),
        full_range=False,
        matrix="bt601",
        siting="left",
        alpha=False,
    )
    return Plan(
        graph_sha256="a" * 64,
        preset=Preset.BALANCED,
        source=PlannedSource(sha256="b" * 64, bytes=10, kind="video", picture=picture, frames=9),
        steps=(),
        threads=threads,
        segments=PlannedSegments(seconds="2", frames=9, starts=(0, 5)),
        delivery=PlannedDelivery(
            container="mp4", codec="libx264", pixel_format="yuv420p", lossless=True
        ),
        ceilings=PlannedCeilings(memory_bytes=1, scratch_bytes=0, disk_bytes=2),
    )


def test_a_plan_reads_back_to_the_same_digest() -> None:
    """The canonical form of a plan holds all of it."""
    assert read_plan(plan().canonical()) == plan()
    assert read_plan(plan().canonical()).digest() == plan().digest()


def test_whatever_decides_samples_changes_the_digest() -> None:
    """Plans that differ in the number of threads are different plans."""
    assert plan(threads=2).digest() != plan(threads=3).digest()


def test_what_is_no_plan_is_refused() -> None:
    """Canonical JSON that is not a plan is an error of evidence."""
    with pytest.raises(EvidenceError):
        read_plan(b'{"version":1}')


def test_ranges_cover_the_clip_without_overlap() -> None:
    """Segments follow one another from the first frame to the last."""
    assert plan().segments is not None
    assert plan().segments.ranges() == ((0, 5), (5, 9))  # type: ignore[union-attr]


@given(st.lists(st.integers(1, 5000), min_size=1, max_size=200))
def test_a_segment_ends_before_two_seconds_are_over(steps: list[int]) -> None:
    """No frame of a segment is two seconds or more after its first, and none could be added."""
    base = Fraction(1, 1000)
    pts = [sum(steps[:n]) for n in range(len(steps))]
    starts = segment_starts(pts, base)
    stops = (*starts[1:], len(pts))
    for first, stop in zip(starts, stops, strict=True):
        assert pts[stop - 1] - pts[first] < 2000
        if stop < len(pts):
            assert pts[stop] - pts[first] >= 2000


def test_ranges_do_not_depend_on_where_times_begin() -> None:
    """A clip whose times begin at another moment is cut at the same frames."""
    pts = list(range(0, 20_000, 333))
    shifted = [moment - 7777 for moment in pts]
    base = Fraction(1, 1000)
    assert segment_starts(pts, base) == segment_starts(shifted, base)
