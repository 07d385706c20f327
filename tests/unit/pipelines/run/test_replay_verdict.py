"""What a replay says: three outcomes, what is promised, and the sentence in every form."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipelines.evidence.canonical import canonical_bytes
from pipelines.media.picture import Family, FrameShape, PixelLayout
from pipelines.run.replay_compare import Tally
from pipelines.run.replay_verdict import (
    MOST_LISTED,
    SENTENCE,
    Compared,
    Condition,
    Outcome,
    Picture,
    ReplayVerdict,
)

SHAPE = FrameShape(2, 3, PixelLayout(Family.GRAY))
SAME = Condition("threads", "2", "2", promised=True)
OTHER = Condition("threads", "2", "4", promised=True)


def picture(value: int) -> tuple[np.ndarray]:
    """A picture with one sample that is not black."""
    plane = np.zeros((2, 3), np.uint8)
    plane[1, 2] = value
    return (plane,)


def verdict(outcome: Outcome, *conditions: Condition) -> ReplayVerdict:
    """A verdict on a bundle."""
    return ReplayVerdict(outcome, "ab" * 32, 1234, job="a job", conditions=conditions)


@pytest.mark.parametrize("outcome", list(Outcome))
def test_no_form_of_a_verdict_is_without_the_sentence(outcome: Outcome) -> None:
    """Lines, JSON and entry all say that repeatability is not validity."""
    one = verdict(outcome)
    assert SENTENCE in one.lines()
    assert one.as_json()["sentence"] == SENTENCE
    assert one.entry_body()["sentence"] == SENTENCE
    assert "not validity" in SENTENCE


def test_sameness_counts_only_what_is_promised() -> None:
    """Another name of the machine's system changes nothing; other threads do."""
    system = Condition("system", "Linux 5", "Linux 6")
    assert verdict(Outcome.IDENTICAL, SAME, system).same_conditions
    assert not verdict(Outcome.IDENTICAL, OTHER, system).same_conditions
    assert not verdict(Outcome.NOT_REPLAYABLE).same_conditions
    lines = verdict(Outcome.IDENTICAL, SAME, system).lines()
    assert any("Linux 5 on record, Linux 6 here" in line for line in lines)


def test_a_difference_under_the_same_conditions_is_called_a_fault() -> None:
    """Where identical samples were promised and did not come, the verdict says so."""
    assert any("is at fault" in line for line in verdict(Outcome.DIFFERS, SAME).lines())
    assert not any("fault" in line for line in verdict(Outcome.DIFFERS, OTHER).lines())


def test_another_fusion_is_a_difference() -> None:
    """Equal frames do not make a run identical whose fused still came out otherwise."""
    same = Compared(first=0, stop=9, frames=9)
    other = replace(same, fusions_differ=(2,))
    assert same.is_same
    assert not other.is_same
    said = replace(verdict(Outcome.DIFFERS, SAME), compared=other)
    assert any(line.startswith("  Fusion 2: ") for line in said.lines())
    body: Any = said.entry_body()
    assert body["compared"]["fusions_differ"] == [2]


def test_a_tally_keeps_the_largest_and_lists_the_first() -> None:
    """Of many frames that differ the first are listed, all are counted and one is kept."""
    tally = Tally(SHAPE, first=10, stop=110, frames=200)
    for frame in range(10, 60):
        tally.differs(frame)
        tally.measure(frame, picture(0), picture(5 if frame == 33 else 2))
    found = tally.compared(against="what was delivered", unknown="")
    assert (found.differ, len(found.differing)) == (50, MOST_LISTED)
    assert found.largest is not None
    assert (found.largest.frame, found.largest.code_values) == (33, 5)
    assert tally.worst is not None
    assert tally.worst.frame == 33


def test_pictures_of_another_shape_are_not_measured() -> None:
    """Where the record is of another shape there is no size, and the verdict says why."""
    tally = Tally(SHAPE, first=0, stop=1, frames=1)
    tally.differs(0)
    tally.measure(0, picture(1), (np.zeros((3, 2), np.uint8),))
    found = tally.compared(against="what was delivered")
    assert (found.differ, found.largest, tally.worst) == (1, None, None)
    assert "another shape" in found.unknown


def test_what_agrees_needs_no_excuse() -> None:
    """Why sizes are unknown is said only where something differs."""
    tally = Tally(SHAPE, first=0, stop=1, frames=1)
    found = tally.compared(against="what was delivered", unknown="It is lossy.")
    assert (found.against, found.unknown) == ("", "")


def test_the_entry_names_what_went_in_and_came_out() -> None:
    """The bundle is the entry's input by digest, the picture its output, all of it canonical."""
    drawn = Picture(Path("/x/difference-frame-3.png"), "cd" * 32, 99, Fraction(1, 5))
    body = replace(verdict(Outcome.DIFFERS, SAME), picture=drawn).entry_body()
    assert body["inputs"] == [{"role": "bundle", "sha256": "ab" * 32, "bytes": 1234}]
    assert body["outputs"] == [
        {
            "role": "replay-picture",
            "name": "difference-frame-3.png",
            "sha256": "cd" * 32,
            "bytes": 99,
            "factor": "1/5",
        }
    ]
    assert canonical_bytes(body)
