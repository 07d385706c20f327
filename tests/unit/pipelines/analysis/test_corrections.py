"""A person's corrections of tracks: what each does, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from pipelines.analysis.corrections import corrected
from pipelines.analysis.found import Box
from pipelines.analysis.tracks import Place, Track
from pipelines.errors import GraphError
from pipelines.graph.tracking import parse_edits

SIGNED = {"who": "A. Keller", "why": "seen by eye"}


def track(number: int, *frames: int, target: str = "face") -> Track:
    """A track whose box lies at 10 times the frame's number."""
    return Track(
        number, target, tuple(Place(one, Box(10.0 * one, 5, 20, 20), 0.9) for one in frames)
    )


def after(tracks: list[Track], *edits: dict[str, Any]) -> dict[int, Track]:
    """The tracks by number after corrections, in a clip of 100 frames of 640 x 480."""
    parsed = parse_edits([{**SIGNED, **edit} for edit in edits])
    made = corrected(tracks, parsed, frames=100, height=480, width=640)
    return {one.number: one for one in made}


def frames_of(one: Track) -> list[int]:
    """The frames in which a track was found."""
    return [place.frame for place in one.places]


def test_a_deleted_track_is_gone_and_its_number_stays_free() -> None:
    """The others keep their numbers, and no later part takes the one that was deleted."""
    found = after(
        [track(1, 0, 1), track(2, 0, 1, 2, 3)],
        {"do": "delete", "track": 1},
        {"do": "split", "track": 2, "frame": 2},
    )
    assert {number: frames_of(one) for number, one in found.items()} == {2: [0, 1], 3: [2, 3]}


def test_merged_tracks_are_one_in_the_order_of_frames() -> None:
    """The first number stays; places come together by frame."""
    found = after(
        [track(1, 5, 6), track(2, 0, 1), track(3, 9)], {"do": "merge", "tracks": [1, 3, 2]}
    )
    assert {number: frames_of(one) for number, one in found.items()} == {1: [0, 1, 5, 6, 9]}


def test_what_was_split_can_be_merged_again() -> None:
    """Numbers are those that stand there when a correction has its turn."""
    found = after(
        [track(1, 0, 1, 2)],
        {"do": "split", "track": 1, "frame": 1},
        {"do": "merge", "tracks": [1, 2]},
    )
    assert found == {1: track(1, 0, 1, 2)}


def test_a_drawn_box_replaces_one_or_fills_a_frame() -> None:
    """A box by hand has no score; a frame without a box gets one, in its place in time."""
    box = [100, 50, 30.5, 40]
    found = after(
        [track(1, 0, 4)],
        {"do": "correct", "track": 1, "frame": 4, "box": box},
        {"do": "correct", "track": 1, "frame": 2, "box": box},
    )[1]
    assert frames_of(found) == [0, 2, 4]
    assert [one.score for one in found.places] == [0.9, None, None]
    assert found.places[1].box == Box(100, 50, 30.5, 40)


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        ({"do": "delete", "track": 7}, "no track 7; there is 1, 2, 3"),
        ({"do": "merge", "tracks": [1, 2]}, "both found in frame 1"),
        ({"do": "merge", "tracks": [1, 3]}, "of a face"),
        ({"do": "split", "track": 1, "frame": 0}, "leaves nothing on one side"),
        ({"do": "split", "track": 1, "frame": 3}, "leaves nothing on one side"),
        ({"do": "correct", "track": 1, "frame": 100, "box": [0, 0, 5, 5]}, "no frame 100"),
        ({"do": "correct", "track": 1, "frame": 1, "box": [630, 0, 20, 5]}, "outside the picture"),
        ({"do": "correct", "track": 1, "frame": 1, "box": [-1, 0, 20, 5]}, "outside the picture"),
    ],
)
def test_a_correction_that_does_not_fit_is_refused(edit: dict[str, Any], words: str) -> None:
    """Nothing is guessed: the refusal names the correction and what stands against it."""
    tracks = [track(1, 0, 1, 2), track(2, 1, 5), track(3, 7, target="car")]
    with pytest.raises(GraphError, match=r"edits\.0") as refused:
        after(tracks, edit)
    assert words in str(refused.value)
    assert "tracks.json" in refused.value.next_step
