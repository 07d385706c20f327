"""`wrap` and `unwrap`: no seam where a picture goes on at its other edge."""

from __future__ import annotations

import numpy as np
import pytest

from pipelines.errors import RequestError
from pipelines.media.picture import Block, FrameShape


def chained(make_operation, frame, networks, *steps):
    """Run operations one after the other over whole pictures."""
    for name, values in steps:
        operation = make_operation(name, frame.shape, networks, **values)
        frame = operation.apply([frame], 0, operation.result.whole)
    return frame


def rolled(frame, down, across, scale=1):
    """The same endless picture, begun elsewhere."""
    layout = frame.shape.layout
    planes = []
    for index, plane in enumerate(frame.planes):
        ay, ax = (layout.align_y, layout.align_x) if layout.is_chroma(index) else (1, 1)
        planes.append(np.roll(plane, (down * scale // ay, across * scale // ax), (0, 1)))
    return Block(tuple(planes), frame.region, frame.shape)


@pytest.mark.parametrize("layout_name", ["420-left", "rgb", "gray"])
@pytest.mark.parametrize(
    ("step", "scale"),
    [
        (("denoise", {"strength": 6}), 1),
        (("super_resolve", {"scale": 2}), 2),
        (("resize", {"scale": 2}), 2),
        (("deblock", {"strength": 20, "block": 8}), 1),
    ],
)
@pytest.mark.parametrize("mode", ["both", "horizontal"])
def test_there_is_no_seam(
    mode, step, scale, layout_name, layouts, make_picture, make_operation, networks
):
    """Wherever an endless picture is begun, it is the same picture afterwards."""
    shape = FrameShape(48, 64, layouts[layout_name])
    frame = make_picture(shape)
    down, across = (16 if mode == "both" else 0), 32
    steps = (
        ("wrap", {"mode": mode, "margin": 16}),
        step,
        ("unwrap", {"mode": mode, "margin": 16 * scale}),
    )
    here = chained(make_operation, frame, networks, *steps)
    there = chained(make_operation, rolled(frame, down, across), networks, *steps)
    assert here.shape == FrameShape(48 * scale, 64 * scale, shape.layout)
    for one, other in zip(rolled(here, down, across, scale).planes, there.planes, strict=True):
        np.testing.assert_allclose(one, other, atol=2e-5)


def test_without_it_there_is_a_seam(layouts, make_picture, make_operation, networks):
    """The same comparison fails where the edge is an edge: the test can tell."""
    frame = make_picture(FrameShape(48, 64, layouts["gray"]))
    step = ("denoise", {"strength": 6})
    here = rolled(chained(make_operation, frame, networks, step), 16, 32)
    there = chained(make_operation, rolled(frame, 16, 32), networks, step)
    assert np.abs(here.planes[0] - there.planes[0]).max() > 1e-3


def test_beyond_a_pole_lies_the_opposite_meridian(layouts, make_operation):
    """On a sphere a smooth brightness stays smooth over the poles and around the back."""
    height, width, margin = 60, 120, 8
    shape = FrameShape(height, width, layouts["gray"])

    def seen(row, column):
        latitude = np.pi * (0.5 - (row + 0.5) / height)
        longitude = 2 * np.pi * (column + 0.5) / width
        east, up = np.cos(latitude) * np.cos(longitude), np.sin(latitude)
        north = np.cos(latitude) * np.sin(longitude)
        return (0.5 + 0.2 * east + 0.15 * north * up + 0.1 * up).astype(np.float32)

    rows, columns = np.mgrid[0:height, 0:width]
    operation = make_operation("wrap", shape, mode="sphere", margin=margin)
    got = operation.apply(
        [Block((seen(rows, columns),), shape.whole, shape)], 0, operation.result.whole
    )
    # The formula goes on beyond the poles by itself: a latitude over 90 degrees is the other side.
    rows, columns = np.mgrid[-margin : height + margin, -margin : width + margin]
    np.testing.assert_allclose(got.planes[0], seen(rows, columns), atol=1e-6)


@pytest.mark.parametrize(
    ("name", "size", "values"),
    [
        ("wrap", (40, 63), {"mode": "both"}),
        ("wrap", (40, 62), {"mode": "sphere"}),
        ("wrap", (40, 64), {"mode": "both", "margin": 3}),
        ("unwrap", (40, 64), {"mode": "both", "margin": 20}),
    ],
)
def test_what_has_no_whole_seam_is_refused(name, size, values, layouts, make_operation):
    """Odd sides and margins cut through chroma; a margin that leaves nothing is refused too."""
    with pytest.raises(RequestError):
        make_operation(name, FrameShape(size[0], size[1], layouts["420-left"]), **values)
