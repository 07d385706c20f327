"""What is on record about tiles reaches the frames that it is about, and plans are compared."""

from __future__ import annotations

from typing import Any

from pipelines.evidence.entry import Actor, Entry
from pipelines.graph.plan import (
    Plan,
    PlannedCeilings,
    PlannedDelivery,
    PlannedPicture,
    PlannedSegments,
    PlannedSource,
)
from pipelines.graph.spec import Preset
from pipelines.run.replay_plan import Part, parts_on_record, plan_differences

ACTOR = Actor("a person", "a session", "a host", "evident")


def plan(*starts: int, frames: int = 9, **members: Any) -> Plan:
    """A plan over segments that begin at `starts`; of a photograph where there are none."""
    picture = PlannedPicture(
        width=64,
        height=48,
        family="gray",
        depth=8,
        chroma=(1, 1),
        full_range=True,
        matrix="bt601",
        siting="center",
        alpha=False,
    )
    planned = Plan(
        graph_sha256="a" * 64,
        preset=Preset.BALANCED,
        source=PlannedSource(sha256="b" * 64, bytes=10, kind="video", picture=picture),
        steps=(),
        threads=2,
        segments=PlannedSegments(seconds="2", frames=frames, starts=starts) if starts else None,
        delivery=PlannedDelivery(container="x", codec="x", pixel_format="gray", lossless=True),
        ceilings=PlannedCeilings(memory_bytes=1, scratch_bytes=0, disk_bytes=2),
    )
    return planned.model_copy(update=members)


def operation(number: int, first: int, stop: int, *sides: int) -> Entry:
    """The entry of a segment during which tiles shrank to `sides`, one after the other."""
    body: dict[str, Any] = {
        "first": first,
        "stop": stop,
        "replans": [
            f"net-a: out of memory for 9x9 samples in tiles of 640; run again in tiles of {side}"
            for side in sides
        ],
    }
    return Entry("a job", number, "operation", "2026-01-01T00:00:00.000000Z", "system", ACTOR, body)


def test_without_re_plans_all_frames_are_one_part() -> None:
    """A job in which memory sufficed is replayed in one go, a photograph as one frame."""
    entries = (operation(0, 0, 4), operation(1, 4, 9))
    assert list(parts_on_record(plan(0, 4), entries)) == [Part(0, 9, {})]
    assert list(parts_on_record(plan(), ())) == [Part(0, 1, {})]


def test_smaller_tiles_hold_from_the_segment_that_says_so() -> None:
    """Segments with the same tiles are one part; of several re-plans the last one counts."""
    entries = (operation(0, 0, 3), operation(1, 3, 6, 320, 160), operation(2, 6, 9, 320, 160))
    expected = [Part(0, 3, {}), Part(3, 9, {"net-a": 160})]
    assert list(parts_on_record(plan(0, 3, 6), entries)) == expected


def test_the_last_attempt_at_a_segment_counts() -> None:
    """A segment that was done again is delivered as the later entry says."""
    entries = (operation(0, 0, 4, 320), operation(1, 0, 4), operation(2, 4, 9, 320))
    expected = [Part(0, 4, {}), Part(4, 9, {"net-a": 320})]
    assert list(parts_on_record(plan(0, 4), entries)) == expected


def test_ranges_that_are_no_segment_are_passed_over() -> None:
    """An entry about other frames than a segment's changes nothing."""
    entries = (operation(0, 1, 4, 320), operation(1, 4, 9))
    assert list(parts_on_record(plan(0, 4), entries)) == [Part(0, 9, {})]


def test_plans_differ_by_dotted_fields() -> None:
    """Every field that is not the same is named with both values; ceilings are not looked at."""
    small = PlannedCeilings(memory_bytes=99, scratch_bytes=0, disk_bytes=2)
    assert plan_differences(plan(0, 4), plan(0, 4, ceilings=small)) == ()
    assert plan_differences(plan(0, 4), plan(0, 5, threads=3)) == (
        ("segments.starts.1", "4", "5"),
        ("threads", "2", "3"),
    )
