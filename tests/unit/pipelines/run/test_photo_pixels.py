"""A photograph in regions: each network that looks at the whole picture is asked once."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from models.spec import WHOLE_PICTURE
from pipelines.media.photo_ceiling import photo_ceiling
from pipelines.media.picture import Family, FrameShape, PixelLayout, native_from_block
from pipelines.media.scratch_pages import GivingBack
from pipelines.operations.sighted import Answered
from pipelines.run.photo_pixels import render_photo, work_regions
from pipelines.stages.enhance import Chain, bind
from tests.unit.pipelines.run.test_pixels import checked, planes

SIDE = 16
OPERATIONS: tuple[dict[str, Any], ...] = (
    {"op": "denoise"},
    {"op": "denoise_trained"},
    {"op": "sharpen"},
    {"op": "super_resolve"},
)
LAYOUTS = {
    "4:2:0": PixelLayout(Family.YCBCR, chroma_x=1, chroma_y=1, full_range=False),
    "rgb with opacity": PixelLayout(Family.RGB, alpha=True),
}


class Whole:
    """A network whose every sample depends on the whole picture; it counts how often it ran."""

    reach = WHOLE_PICTURE

    def __init__(self, scale: int, colours: int) -> None:
        self.scale, self.planes, self.runs = scale, colours, 0

    def run(self, plane: np.ndarray) -> np.ndarray:
        """(H, W) or (3, H, W) to its enlargement, brighter by a share of the mean."""
        self.runs += 1
        large = plane.repeat(self.scale, axis=-2).repeat(self.scale, axis=-1)
        return large * np.float32(0.9) + np.float32(0.1 * float(plane.mean()))


class Counted:
    """Hands out one such network for each operation."""

    def __init__(self, colours: int) -> None:
        self.known = {
            "evident-denoise": Whole(1, colours),
            "evident-sr-x2": Whole(2, colours),
        }

    def network(self, model: str) -> Whole:
        """The network of that name."""
        return self.known[model]


class Told:
    """Hears of progress."""

    def __init__(self) -> None:
        self.expected, self.done = 0, 0

    def start(self, _what: str, count: int) -> None:
        """Learn how much there is to do."""
        self.expected = count

    def advance(self) -> None:
        """Hear that one more is done."""
        self.done += 1


def rendered(
    chain: Chain, picture: tuple[np.ndarray, ...], scratch: Path, told: Told
) -> tuple[np.ndarray, ...]:
    """Render a picture as a job does."""
    photo: Any = SimpleNamespace(planes=picture)
    progress: Any = told
    with GivingBack() as pages:
        return render_photo(
            chain, photo, side=SIDE, threads=2, scratch=scratch, pages=pages, progress=progress
        )


@pytest.mark.parametrize("colours", [1, 3])
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("after", [(), ({"op": "resize", "scale": 0.75},)], ids=["last", "amid"])
def test_a_picture_is_asked_about_once_and_keeps_its_samples(
    layout: str, colours: int, after: tuple[dict[str, Any], ...], tmp_path: Path
) -> None:
    """Each network runs once for all regions, and they are those of a run per region."""
    networks = Counted(colours)
    shape = FrameShape(40, 52, LAYOUTS[layout])
    chain = bind(checked(*OPERATIONS, *after), shape, frames=1, networks=networks)
    picture, told = planes(shape, 5), Told()
    made = rendered(chain, picture, tmp_path, told)
    assert [one.runs for one in networks.known.values()] == [1, 1]
    assert told.done == told.expected > 0
    for region in work_regions(chain.result, side=SIDE):
        part = native_from_block(chain.region(picture, region))
        for index, samples in enumerate(part):
            same_place = made[index][region.on_plane(index, chain.result.layout)]
            np.testing.assert_array_equal(same_place, samples)
    assert min(one.runs for one in networks.known.values()) > 1


def test_a_region_asks_about_the_picture_once_as_well(tmp_path: Path) -> None:
    """Held to a region such a network runs once, and nothing outside the region is another."""
    networks = Counted(1)
    shape = FrameShape(40, 52, LAYOUTS["4:2:0"])
    box = {"left": 10, "top": 6, "width": 20, "height": 12, "because": "the plate"}
    held = {"op": "denoise_trained", "region": box}
    chain = bind(checked(held), shape, frames=1, networks=networks)
    picture = planes(shape, 5)
    made = rendered(chain, picture, tmp_path, Told())
    assert networks.known["evident-denoise"].runs == 1
    whole = bind(checked({"op": "denoise_trained"}), shape, frames=1, networks=Counted(1))
    expected = rendered(whole, picture, tmp_path, Told())[0]
    inside = np.zeros(picture[0].shape, bool)
    inside[6:18, 10:30] = True
    np.testing.assert_array_equal(made[0][inside], expected[inside])
    np.testing.assert_array_equal(made[0][~inside], picture[0][~inside])


def test_what_rests_between_operations_is_in_the_ceiling() -> None:
    """Scratch is reckoned for every float32 picture that lies between two operations."""
    shape = FrameShape(4000, 6000, LAYOUTS["4:2:0"])
    chain = bind(checked(*OPERATIONS), shape, frames=1, networks=Counted(1))
    resting = chain.resting_bytes()
    assert resting == (4 * 4000 * 6000 * 3 // 2,)
    less, more = (
        photo_ceiling(shape, chain.result, tile=1024, resting_bytes=one) for one in ((), resting)
    )
    assert more.scratch_bytes - less.scratch_bytes == resting[0]
    assert more.memory_bytes == less.memory_bytes


def test_an_answer_is_given_for_its_own_picture_alone() -> None:
    """A network that was asked about one picture gives nothing for one of another width."""
    answer = np.zeros((4, 6), np.float32)
    network = Answered(2, 1, WHOLE_PICTURE, answer)
    assert network.run(np.zeros((2, 3), np.float32)) is answer
    with pytest.raises(ValueError, match="another picture"):
        network.run(np.zeros((2, 4), np.float32))
