"""The law of regions: what no region holds is compared sample by sample, and told when it broke."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from models.engines.residency import WarmNetworks
from pipelines.errors import ConservationError
from pipelines.media.picture import Family, FrameShape, PixelLayout
from pipelines.media.video import DecodedFrame
from pipelines.operations.forward import Way
from pipelines.run.clip_outside import Listening, OutsideTap
from pipelines.stages.enhance import Chain, bind
from pipelines.stages.maps import MapMaker
from pipelines.stages.outside import LAW, Outside, photo_law
from tests.unit.pipelines.run.test_pixels import checked

SHAPE = FrameShape(24, 32, PixelLayout(Family.YCBCR, 8, 1, 1))
BOX = {"left": 4, "top": 4, "width": 11, "height": 9, "because": "the plate"}
FRAMES, STARTS = 12, (0, 5)


def chain(*operations: dict[str, Any], frames: int = FRAMES) -> Chain:
    """Bind operations to pictures of SHAPE."""
    networks = WarmNetworks(threads=1)
    return bind(checked(*operations), SHAPE, frames=frames, networks=networks)


def planes(seed: int) -> tuple[np.ndarray, ...]:
    """Random native planes."""
    random = np.random.default_rng(seed)
    return tuple(
        random.integers(16, 235, SHAPE.plane_size(plane)).astype(np.uint8) for plane in range(3)
    )


def changed(came: tuple[np.ndarray, ...], plane: int, y: int, x: int) -> tuple[np.ndarray, ...]:
    """The same planes with one sample another."""
    made = tuple(one.copy() for one in came)
    made[plane][y, x] ^= 1
    return made


HELD = {"op": "gamma", "gamma": 1.3, "region": BOX}


def test_the_law_applies_where_every_operation_is_held() -> None:
    """One operation on the whole picture, and nothing is left that had to stay."""
    also = {"op": "denoise", "region": {**BOX, "left": 15}}
    assert Outside(chain(HELD)).applies
    assert Outside(chain(HELD, also)).applies
    assert not Outside(chain(HELD, {"op": "denoise"})).applies
    assert not Outside(chain({"op": "denoise"})).applies
    assert not Outside(chain()).applies


@pytest.mark.parametrize(
    ("plane", "y", "x", "holds"),
    [(0, 4, 4, True), (0, 12, 14, True), (0, 13, 14, False), (0, 12, 15, False), (0, 3, 4, False),
     (1, 2, 2, True), (2, 5, 6, True), (1, 6, 6, False), (1, 5, 7, False), (2, 23 // 2, 0, False)],
)  # fmt: skip
def test_one_sample_outside_breaks_the_law(
    plane: int,
    y: int,
    x: int,
    holds: bool,  # noqa: FBT001 - what is expected
) -> None:
    """A sample of any plane that no region holds is missed by neither form of the comparison."""
    outside = Outside(chain(HELD))
    came = planes(1)
    made = changed(came, plane, y, x)
    (law,) = photo_law(outside, came, made)
    assert (law.name, law.holds) == (LAW, holds)
    luma, chroma = 24 * 32 - 11 * 9, 2 * (12 * 16 - 5 * 4)
    assert law.source == f"{luma + chroma} samples"
    assert (outside.digest(came, 0) == outside.digest(made, 0)) is holds


def received(index: int) -> DecodedFrame:
    """A frame as it is handed to taps."""
    return DecodedFrame(index, 0, planes(index), b"")


def run(tap: OutsideTap, segments: range, broken: int | None = None) -> None:
    """Send the frames of segments through a tap, gamma applied to none; one may be damaged."""
    stops = (*STARTS[1:], FRAMES)
    listening = Listening([tap])
    listening.begin(STARTS[segments.start], stops[segments.stop - 1])
    for number in segments:
        for index in range(STARTS[number], stops[number]):
            listening.seen(received(index))
            made = planes(index)
            listening.finished(index, changed(made, 0, 20, 20) if index == broken else made)
        listening.segment_finished(number)


def tap(folder: Path) -> OutsideTap:
    """A tap on the clip."""
    return OutsideTap(Outside(chain(HELD)), frames=FRAMES, starts=STARTS, work=folder)


def test_a_clip_taken_up_again_has_compared_every_frame(tmp_path: Path) -> None:
    """What an earlier attempt found counts, and a frame that differs is never forgotten."""
    run(tap(tmp_path), range(1), broken=3)
    second = tap(tmp_path)
    run(second, range(1, 2))
    law = second.law()
    assert (law.source, law.result, law.holds) == ("12 frames", "1 differing", False)
    run(second, range(1))
    assert second.law().holds


def test_a_clip_that_was_not_looked_at_whole_is_no_result(tmp_path: Path) -> None:
    """Without a word about every segment there is no law to print, and the job fails."""
    first = tap(tmp_path)
    run(first, range(1))
    with pytest.raises(ConservationError, match="cannot be read"):
        first.law()


def test_a_curve_in_a_region_is_taken_back_there() -> None:
    """The maps read a pointwise curve backwards in its region; feathers cannot be taken apart."""
    held = chain(HELD, frames=1)
    maker = MapMaker(held)
    came = planes(5)
    made = chain(HELD, frames=1).region(came, SHAPE.whole)
    back = maker._back
    assert isinstance(back, Way)
    again = back.operations[0].apply([made], 0, SHAPE.whole)
    for plane, expected in zip(again.planes, came, strict=True):
        np.testing.assert_allclose(plane * 255, expected, atol=0.01)
    feathered = chain({**HELD, "region": {**BOX, "feather": 2}}, frames=1)
    (nothing, *_) = [one.facts.reason for one in MapMaker(feathered).nothing]
    assert "at the border of its region" in nothing
