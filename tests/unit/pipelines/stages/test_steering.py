"""From tracks to faces on the samples of a step: smoothed, faded, moved by what came before."""

from __future__ import annotations

import numpy as np
import pytest

from pipelines.analysis.found import Box, DetectorFacts, Point
from pipelines.analysis.track_file import TrackSet
from pipelines.analysis.tracks import Place, Track
from pipelines.errors import RequestError
from pipelines.graph.operation_faces import RestoreFacesParameters
from pipelines.media.picture import (
    Family,
    FrameShape,
    PixelLayout,
    block_from_native,
    native_from_block,
)
from pipelines.operations.restore_faces import build
from pipelines.stages.enhance import BoundStep, Chain, FrameChain
from pipelines.stages.following import following
from pipelines.stages.steering import FacesOfTracks, Placement, require_landmarks, smoothed

AS_IT_IS = Placement(0, 0, 1, 1)


def place(frame: int, x: float, y: float = 50.0) -> Place:
    """A face whose five landmarks lie about (x, y)."""
    points: tuple[Point, ...] = tuple((x + dx, y + dy) for dx, dy in
                                      ((-9, -5), (9, -5), (0, 0), (-7, 9), (7, 9)))  # fmt: skip
    return Place(frame, Box(x - 15, y - 15, 30, 30), 0.9, points)


def nose(found: tuple[Point, ...] | None) -> float:
    """Where the nose is across."""
    assert found is not None
    return found[2][0]


def test_steady_motion_is_not_delayed() -> None:
    """A straight path comes out as it went in, in the middle and at both ends."""
    places = [place(one, 20 + 6.5 * one) for one in range(20)]
    for frame in (0, 1, 9, 18, 19):
        assert nose(smoothed(places, frame, radius=4)) == pytest.approx(20 + 6.5 * frame)


def test_trembling_is_stilled() -> None:
    """Noise on a resting face moves the smoothed one less than half as far from frame to frame."""
    random = np.random.default_rng(5)
    places = [place(one, 100 + random.normal(0, 1.5)) for one in range(60)]
    plain = [nose(smoothed(places, one, radius=0)) for one in range(60)]
    still = [nose(smoothed(places, one, radius=4)) for one in range(60)]
    assert plain == [one.landmarks[2][0] for one in places]
    assert np.abs(np.diff(still)).mean() < 0.5 * np.abs(np.diff(plain)).mean()


def test_a_short_gap_is_filled_and_a_long_one_is_not() -> None:
    """Between places within reach on both sides the line goes on; beyond, nothing is drawn."""
    places = [place(one, 10.0 * one) for one in (0, 1, 2, 5, 6, 20)]
    assert nose(smoothed(places, 3, radius=4)) == pytest.approx(30)
    assert smoothed(places, 12, radius=4) is None
    assert smoothed(places, 7, radius=4) is None


def test_a_track_is_faded_in_and_out_within_the_clip() -> None:
    """Where a track begins or ends with the clip it is whole at once; elsewhere it comes slowly."""
    within = Track(1, "face", tuple(place(one, 60) for one in range(10, 30)))
    always = Track(2, "face", tuple(place(one, 200) for one in range(40)))
    faces = FacesOfTracks([within, always], AS_IT_IS, frames=40, smoothing=3)
    strengths = {frame: {one.track: one.strength for one in faces.at(frame)} for frame in range(40)}
    assert strengths[9] == {2: 1.0}
    assert [strengths[one][1] for one in (10, 11, 12, 13, 20, 28, 29)] == [
        0.25, 0.5, 0.75, 1.0, 1.0, 0.5, 0.25,
    ]  # fmt: skip
    assert {one[2] for one in strengths.values()} == {1.0}


def test_neighbours_do_not_pull_at_each_other() -> None:
    """The face of a track is the same whether another one passes close by or not."""
    first = Track(1, "face", tuple(place(one, 50 + 5 * one) for one in range(20)))
    second = Track(2, "face", tuple(place(one, 150 - 5 * one, 52) for one in range(20)))
    both = FacesOfTracks([first, second], AS_IT_IS, frames=20, smoothing=4)
    alone = FacesOfTracks([first], AS_IT_IS, frames=20, smoothing=4)
    for frame in range(20):
        assert both.at(frame)[0] == alone.at(frame)[0]


def test_faces_lie_where_earlier_steps_put_them() -> None:
    """After a crop and an enlargement the landmarks are on the step's own samples."""
    track = Track(1, "face", (place(0, 60),))
    placed = FacesOfTracks([track], Placement(40, 30, 2, 2), frames=1, smoothing=0).at(0)
    assert placed[0].landmarks[2] == ((60 - 40) * 2, (50 - 30) * 2)


def test_tracks_that_cannot_steer_are_refused() -> None:
    """Faces without landmarks, and numbers that no track has, are refused with advice."""
    bare = Track(1, "face", (Place(0, Box(0, 0, 5, 5), 0.9),))
    with pytest.raises(RequestError, match="lbp-cascade finds none"):
        require_landmarks([bare], "lbp-cascade")
    require_landmarks([], "lbp-cascade")
    with pytest.raises(RequestError, match="no track 7"):
        FacesOfTracks([bare], AS_IT_IS, frames=1, smoothing=0, wanted=(7,))
    assert FacesOfTracks([bare], AS_IT_IS, frames=1, smoothing=0).at(0) == ()


class Darker:
    """A network that halves what it is shown."""

    scale = 1
    planes = 3
    reach = 0

    def run(self, plane: np.ndarray) -> np.ndarray:
        """Half of it."""
        return plane * np.float32(0.5)

    def network(self, model: str) -> Darker:
        """Be the only network."""
        return self


def test_frames_side_by_side_are_those_one_after_another() -> None:
    """A clip whose face moves has the same frames however they are worked on, each its own face."""
    shape = FrameShape(120, 160, PixelLayout(Family.RGB))
    parameters = RestoreFacesParameters(model="test-faces", fidelity=0.0)
    operation = build(parameters, shape, Darker())
    moving = Track(1, "face", tuple(place(one, 40.0 + 20 * one, 60.0) for one in range(4)))
    facts = DetectorFacts("known", "1", "0" * 64, "numpy", "Apache-2.0", "None.")
    found = TrackSet(facts, 120, 160, 4, 4, 1, (moving,))
    chain = following(Chain(shape, (BoundStep(None, operation),)), found)  # type: ignore[arg-type]
    planes = tuple(np.full((120, 160), 200, np.uint8) for _ in range(3))
    block = block_from_native(planes, shape, shape.whole)
    one_by_one = FrameChain(chain, 4, lambda _: block)
    for frame in range(4):
        made = chain.frame(block, frame)
        assert np.array_equal(made.planes[0], one_by_one.frame(frame).planes[0])
        column = native_from_block(made)[0][60]
        assert column[40 + 20 * frame] == 100
        assert column[(40 + 20 * frame + 80) % 160] == 200
