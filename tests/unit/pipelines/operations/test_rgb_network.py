"""Networks of red, green and blue on pictures of every layout."""

from __future__ import annotations

import numpy as np
import pytest

from pipelines.media.colour import rgb_from_ycbcr
from pipelines.media.picture import Block, Family, FrameShape, Matrix, PixelLayout


class Repeating:
    """Enlarges by repeating every sample: what it gives in any colour space is known."""

    planes = 3
    reach = 0

    def __init__(self, scale: int) -> None:
        self.scale = scale
        self.seen: list[np.ndarray] = []

    def network(self, _model: str) -> Repeating:
        """Hand out itself."""
        return self

    def run(self, plane: np.ndarray) -> np.ndarray:
        """(3, H, W) to (3, scale*H, scale*W)."""
        self.seen.append(plane)
        return plane.repeat(self.scale, axis=1).repeat(self.scale, axis=2)


def flat(layout: PixelLayout, codes: tuple[float, ...], size: tuple[int, int] = (6, 8)) -> Block:
    """A picture of one colour, given in samples of a block."""
    shape = FrameShape(*size, layout)
    planes = tuple(
        np.full(shape.plane_size(k), value, dtype=np.float32) for k, value in enumerate(codes)
    )
    return Block(planes, shape.whole, shape)


def test_one_colour_stays_that_colour_in_every_layout(layout, make_operation, run_whole):
    """A network that changes nothing gives back the colour that came in, whatever its coding."""
    codes = (0.5,) if layout.family is Family.GRAY else (0.5, 0.45, 0.6)
    frame = flat(layout, (*codes, 0.75)[: layout.plane_count])
    network = Repeating(4)
    operation = make_operation("super_resolve", frame.shape, network, scale=4, model="any")
    result = run_whole(operation, [frame])
    assert (result.shape.height, result.shape.width) == (24, 32)
    for got, expected in zip(result.planes, frame.planes, strict=True):
        np.testing.assert_allclose(got, expected[0, 0], atol=2e-6)
        assert got.dtype == np.float32


def test_studio_white_goes_in_as_one_and_black_as_nothing(layouts, make_operation, run_whole):
    """The network sees nominal white as 1 and nominal black as 0, in every coding."""
    for name, white, black in (
        ("420-left", (235 / 255, 128 / 255, 128 / 255), (16 / 255, 128 / 255, 128 / 255)),
        ("gray-studio", (235 / 255,), (16 / 255,)),
        ("rgb", (1.0, 1.0, 1.0), (0.0, 0.0, 0.0)),
    ):
        network = Repeating(2)
        for codes, seen in ((white, 1.0), (black, 0.0)):
            frame = flat(layouts[name], codes)
            operation = make_operation("super_resolve", frame.shape, network, model="any")
            run_whole(operation, [frame])
            np.testing.assert_allclose(network.seen[-1], seen, atol=1e-6)


def test_full_resolution_ycbcr_takes_its_own_matrix(make_picture, make_operation, run_whole):
    """What the network sees of a 4:4:4 picture is its R'G'B' by the stated matrix and range."""
    layout = PixelLayout(Family.YCBCR, 10, 0, 0, full_range=False, matrix=Matrix.BT2020)
    frame = make_picture(FrameShape(7, 9, layout))
    network = Repeating(2)
    run_whole(make_operation("super_resolve", frame.shape, network, model="any"), [frame])
    expected = np.stack(rgb_from_ycbcr(frame.planes, layout))
    np.testing.assert_array_equal(network.seen[0], expected)


def test_rgb_goes_in_as_it_is(layouts, make_picture, make_operation, run_whole, networks):
    """Full-range RGB reaches the network unaltered, and its answer is the result."""
    frame = make_picture(FrameShape(9, 11, layouts["rgb"]))
    operation = make_operation("super_resolve", frame.shape, networks, model="rgb-x2")
    result = run_whole(operation, [frame])
    network = networks.network("rgb-x2")
    np.testing.assert_array_equal(np.stack(result.planes), network.run(np.stack(frame.planes)))


@pytest.mark.parametrize(
    ("name", "model"), [("super_resolve", "rgb-x2"), ("denoise_trained", "rgb")]
)
def test_opacity_never_enters_a_colour_network(
    name, model, layouts, make_operation, run_whole, networks
):
    """Opacity is interpolated or kept, and no network sees it."""
    frame = flat(layouts["rgb-alpha-16"], (0.25, 0.25, 0.25, 0.875))
    operation = make_operation(
        name, frame.shape, networks, model="rgb-x2"[: 6 if name[0] == "s" else 3]
    )
    result = run_whole(operation, [frame])
    np.testing.assert_allclose(result.planes[3], 0.875, atol=1e-6)
    (network,) = networks.made.values()
    assert all(plane.max() < 0.5 for plane in network.seen)


def test_a_network_that_sees_everything_is_given_everything(layouts, make_operation):
    """Under a rule that is not exact any part of the result needs the whole picture."""
    network = Repeating(2)
    network.reach = 65_535
    shape = FrameShape(40, 60, layouts["420-left"])
    operation = make_operation("super_resolve", shape, network, model="any")
    part = operation.result.whole.__class__(10, 20, 4, 6)
    assert operation.needs(part) == shape.whole
