"""Tracks of boxes whose paths are known: crossing, covered, faint, gone and back."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import pytest

from pipelines.analysis import byte_track
from pipelines.analysis.byte_track import ByteTracker, TrackRules
from pipelines.analysis.found import Box, Detection
from pipelines.analysis.motion import Motion
from pipelines.analysis.tracks import Track
from pipelines.errors import TooLargeError

Path = Callable[[int], Detection | None]


def at(
    x: float, y: float, *, side: float = 40, score: float = 0.9, what: str = "face"
) -> Detection:
    """A square detection whose centre is (x, y)."""
    return Detection(what, Box(x - side / 2, y - side / 2, side, side), score)


def follow(
    paths: Mapping[str, Path], frames: int, rules: TrackRules | None = None
) -> tuple[Track, ...]:
    """Show the paths to a tracker, in an order that changes from frame to frame."""
    tracker = ByteTracker(rules)
    order = np.random.default_rng(7)
    for frame in range(frames):
        found = [one for path in paths.values() if (one := path(frame)) is not None]
        tracker.look(frame, [found[place] for place in order.permutation(len(found))])
    return tracker.tracks()


def centres(track: Track) -> list[tuple[float, float]]:
    """The middles of a track's boxes."""
    return [
        (one.box.left + one.box.width / 2, one.box.top + one.box.height / 2) for one in track.places
    ]


def test_two_that_cross_keep_their_numbers() -> None:
    """Two boxes that pass each other on different heights are two tracks, each on its own path."""
    tracks = follow(
        {"a": lambda f: at(50 + 8 * f, 100), "b": lambda f: at(450 - 8 * f, 118)}, frames=50
    )
    assert [len(one.places) for one in tracks] == [50, 50]
    heights = sorted({y for _, y in centres(one)} for one in tracks)
    assert heights == [{100.0}, {118.0}]


def test_one_that_is_covered_comes_back_as_itself() -> None:
    """A box that is hidden for a while and goes on as it went is one track, with a gap in it."""
    tracks = follow({"a": lambda f: None if 20 <= f < 32 else at(40 + 5 * f, 90)}, frames=60)
    (only,) = tracks
    assert [one.frame for one in only.places] == [*range(20), *range(32, 60)]
    assert only.at(25) is None
    assert only.at(40) is not None


def test_one_that_is_away_for_too_long_is_another() -> None:
    """After more frames than are kept, the same place is a new track."""
    rules = TrackRules(keep_lost=10)
    tracks = follow({"a": lambda f: None if 10 <= f < 25 else at(100, 90)}, 40, rules)
    assert [(one.number, one.first, one.last) for one in tracks] == [(1, 0, 9), (2, 25, 39)]


def test_a_low_score_goes_on_with_a_track_and_begins_none() -> None:
    """Faint detections keep a track that is there alive, and make no track by themselves."""

    def faint(frame: int) -> Detection:
        return at(60 + 3 * frame, 80, score=0.2 if 10 <= frame < 30 else 0.9)

    (only,) = follow({"a": faint}, frames=40)
    assert len(only.places) == 40
    assert follow({"a": lambda f: at(60 + 3 * f, 80, score=0.2)}, frames=40) == ()


def test_what_flashes_up_once_is_no_track() -> None:
    """A single detection after the first frame leaves nothing behind, and no gap in numbers."""
    tracks = follow(
        {
            "flash": lambda f: at(300, 300) if f == 5 else None,
            "late": lambda f: at(100, 100) if f >= 8 else None,
        },
        frames=20,
    )
    assert [(one.number, one.first) for one in tracks] == [(1, 8)]


def test_different_things_in_one_place_are_different_tracks() -> None:
    """A box of another target is never taken into a track."""
    tracks = follow(
        {
            "face": lambda f: at(100, 100) if f < 10 else None,
            "car": lambda f: at(100, 100, what="car") if f >= 10 else None,
        },
        frames=20,
    )
    assert [(one.target, len(one.places)) for one in tracks] == [("face", 10), ("car", 10)]


def test_the_same_detections_give_the_same_tracks() -> None:
    """Thirty boxes that wander and flicker give the same tracks whenever they are followed."""

    def crowd(seed: int) -> tuple[Track, ...]:
        random = np.random.default_rng(seed)
        tracker = ByteTracker()
        middles = random.uniform(50, 900, (30, 2))
        for frame in range(40):
            middles += random.normal(0, 4, middles.shape)
            scores = random.uniform(0.05, 1, 30)
            tracker.look(
                frame,
                [at(x, y, score=s) for (x, y), s in zip(middles, scores, strict=True) if s > 0.1],
            )
        return tracker.tracks()

    first = crowd(3)
    assert first == crowd(3)
    assert [one.number for one in first] == list(range(1, len(first) + 1))
    assert len(first) >= 25


def test_the_filter_learns_a_velocity() -> None:
    """After some steps of a steady motion the filter expects the next place within a sample."""
    motion = Motion.starting(Box(0, 0, 40, 50))
    for step in range(1, 40):
        motion = motion.later().seen(Box(6.0 * step, 2.0 * step, 40, 50))
    expected = motion.later().box
    assert expected.left == pytest.approx(240, abs=1)
    assert expected.top == pytest.approx(80, abs=1)
    assert expected.width == pytest.approx(40, abs=0.5)


def test_the_filter_is_the_kalman_filter() -> None:
    """One number of the closed form is the textbook's filter in matrices, step by step."""
    random = np.random.default_rng(2)
    state, spread = np.array([20.0, 0.0]), np.diag([16.0, 9.76])
    line = Motion.starting(Box(0, 0, 40, 40)).x
    state, spread = np.array([line.value, 0.0]), np.diag([line.of_value, line.of_speed])
    step, look = np.array([[1.0, 1.0], [0.0, 1.0]]), np.array([[1.0, 0.0]])
    for _ in range(20):
        value = float(random.normal(30, 5))
        line = line.later(2.0, 0.25).seen(value, 3.0)
        state, spread = step @ state, step @ spread @ step.T + np.diag([4.0, 0.0625])
        gain = spread @ look.T / (look @ spread @ look.T + 9.0)
        state = state + (gain * (value - look @ state)).ravel()
        spread = (np.eye(2) - gain @ look) @ spread
        assert (line.value, line.speed) == pytest.approx(tuple(state))
        assert (line.of_value, line.between, line.of_speed) == pytest.approx(
            (spread[0, 0], spread[0, 1], spread[1, 1])
        )


def test_tracks_cannot_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond a stated number of places following ends with advice."""
    monkeypatch.setattr(byte_track, "MOST_PLACES", 50)
    with pytest.raises(TooLargeError, match="50 places") as refused:
        follow({"a": lambda f: at(100, 100)}, frames=60)
    assert "every" in refused.value.next_step
