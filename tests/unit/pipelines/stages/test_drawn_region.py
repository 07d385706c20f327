"""From a drawing to samples: orientation, rotation, the shape of pixels, sizes and cuts before."""

from __future__ import annotations

import numpy as np
import pytest

from pipelines.errors import RequestError
from pipelines.graph.region import DrawnRegion, Space, rectangle
from pipelines.media.picture import Family, FrameShape, PixelLayout, Region
from pipelines.stages.drawn_region import View, laid_out, turned

GRAY = PixelLayout(Family.GRAY)
WHY = "the plate"

# How numpy turns a stored picture upright, by its orientation tag.
UPRIGHT = {
    1: lambda p: p,
    2: np.fliplr,
    3: lambda p: np.rot90(p, 2),
    4: np.flipud,
    5: np.transpose,
    6: lambda p: np.rot90(p, -1),
    7: lambda p: np.rot90(p, 2).T,
    8: np.rot90,
}


def region(box: tuple[float, float, float, float], space: Space, **more: object) -> DrawnRegion:
    """A rectangle that was drawn in a space."""
    return DrawnRegion.model_validate(
        {"points": rectangle(*box), "space": space, "because": WHY, **more}
    )


def held(drawn: DrawnRegion, view: View, shape: FrameShape) -> np.ndarray:
    """Which samples of a whole picture belong to a region."""
    found = laid_out(drawn, view, shape.whole, shape)
    return np.asarray(found.weights(shape.whole, 0)) > 0


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_drawing_lands_on_the_same_thing_in_every_orientation(orientation: int) -> None:
    """What lies in the box of the displayed picture is what is held, turned upright or not."""
    stored = np.zeros((20, 30), bool)
    stored[3:9, 4:6] = True
    shown = UPRIGHT[orientation](stored)
    rows, columns = np.nonzero(shown)
    box = (columns.min(), rows.min(), np.ptp(columns) + 1, np.ptp(rows) + 1)
    displayed = region(box, Space.DISPLAYED)
    as_stored = region((4, 3, 2, 6), Space.STORED)
    size = shown.shape[::-1]
    kept = View((30, 20), size, left=orientation)
    for drawn in (displayed, as_stored):
        np.testing.assert_array_equal(held(drawn, kept, FrameShape(20, 30, GRAY)), stored)
    applied = View((30, 20), size, applied=orientation)
    for drawn in (displayed, as_stored):
        np.testing.assert_array_equal(
            held(drawn, applied, FrameShape(shown.shape[0], shown.shape[1], GRAY)), shown
        )


def test_turning_there_and_back_is_nothing() -> None:
    """Every orientation has one that undoes it."""
    for orientation, back in {1: 1, 2: 2, 3: 3, 4: 4, 5: 5, 6: 8, 7: 7, 8: 6}.items():
        size = (30, 20)
        other = size if orientation < 5 else size[::-1]
        assert turned(turned((7.0, 3.0), orientation, size), back, other) == (7.0, 3.0)


def test_pixels_that_are_not_square_are_counted_as_they_are_shown() -> None:
    """A clip of 720 samples that is shown 1024 wide is drawn on in 1024 pixels."""
    view = View((720, 576), (1024, 576), frames=5)
    drawn = laid_out(
        region((512, 100, 256, 50), Space.DISPLAYED),
        view,
        Region(0, 0, 576, 720),
        FrameShape(576, 720, GRAY),
    )
    assert drawn.box == Region(100, 360, 50, 180)


def test_sizes_and_cuts_before_are_followed() -> None:
    """After a cut at (20, 10) and an enlargement by 2, the box lies where its things lie."""
    shape = FrameShape(40, 60, GRAY)
    drawn = laid_out(
        region((25, 12, 10, 5), Space.DISPLAYED),
        View((80, 50), (80, 50)),
        Region(10, 20, 20, 30),
        shape,
    )
    assert drawn.box == Region(4, 10, 10, 20)
    with pytest.raises(RequestError, match="holds no sample"):
        laid_out(
            region((0, 0, 10, 5), Space.DISPLAYED),
            View((80, 50), (80, 50)),
            Region(10, 20, 20, 30),
            shape,
        )


def test_a_region_beyond_the_picture_is_refused_with_its_size() -> None:
    """The answer names the picture's size, the corner that is out, and what it counts in."""
    with pytest.raises(RequestError, match=r"beyond the picture of 80 x 50.*90, 5 in displayed"):
        held(
            region((70, 5, 20, 5), Space.DISPLAYED), View((80, 50), (80, 50)),
            FrameShape(50, 80, GRAY),
        )  # fmt: skip


def test_frames_are_those_of_the_file() -> None:
    """A clip that was cut at frame 100 has its frame 103 in third place; a photograph has none."""
    drawn = region((0, 0, 9, 9), Space.STORED, frames=(103, 104))
    shape = FrameShape(50, 80, GRAY)
    view = View((80, 50), (80, 50), first_frame=100, frames=10)
    assert laid_out(drawn, view, shape.whole, shape).frames == (3, 4)
    later = View((80, 50), (80, 50), first_frame=200, frames=10)
    with pytest.raises(RequestError, match="frames 200 to 209 are worked on"):
        laid_out(drawn, later, shape.whole, shape)
    with pytest.raises(RequestError, match="this is a photograph"):
        laid_out(drawn, View((80, 50), (80, 50)), shape.whole, shape)
