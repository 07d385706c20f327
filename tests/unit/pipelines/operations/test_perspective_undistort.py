"""`perspective` and `undistort` against OpenCV's maps and against scenes that have a formula."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from pydantic import ValidationError
from scipy import ndimage

from pipelines.errors import RequestError
from pipelines.graph.operation_place import PerspectiveParameters, UndistortParameters
from pipelines.graph.operation_size import ResizeFilter
from pipelines.media.picture import Block, Family, FrameShape, PixelLayout, Region
from pipelines.operations.perspective import plane_to_picture
from pipelines.operations.remap import cubic
from pipelines.operations.resize import KERNELS, Resize

GRAY = PixelLayout(Family.GRAY)
CORNERS = (20.5, 14, 150, 30.25, 170, 118, 8, 100)
LENS = {"k1": -0.21, "k2": 0.06, "k3": -0.004, "p1": 0.003, "p2": -0.002}
FISHEYE = {"k1": -0.03, "k2": 0.011, "k3": -0.002, "k4": 0.0007}


def scene(x, y):
    """A smooth scene that has a brightness at every place."""
    return 0.5 + 0.25 * np.sin(0.11 * x + 0.4) * np.cos(0.13 * y) + 0.15 * np.sin(0.05 * (x + y))


def of_scene(height, width, layout=GRAY):
    """Take a picture of the scene on every plane, at the places of its samples."""
    shape = FrameShape(height, width, layout)
    planes = []
    for plane in range(layout.plane_count):
        rows, columns = shape.plane_size(plane)
        y, x = np.mgrid[0:rows, 0:columns].astype(np.float64)
        planes.append(scene(*places(layout, plane, x, y)).astype(np.float32))
    return Block(tuple(planes), shape.whole, shape)


def places(layout, plane, x, y):
    """Luma places of the samples of a plane with left siting."""
    if not layout.is_chroma(plane):
        return x, y
    return x * layout.align_x, y * layout.align_y + (layout.align_y - 1) / 2


def homography(corners, width, height):
    """Ask OpenCV for the map from the rectangle to the corners."""
    to = np.array(corners, np.float32).reshape(4, 2)
    flat = np.array([[0, 0], [width - 1, 0], [width - 1, height - 1], [0, height - 1]], np.float32)
    return cv2.getPerspectiveTransform(flat, to)


def test_the_map_is_opencvs():
    """The projective map from the rectangle to the corners is the one that OpenCV solves for."""
    parameters = PerspectiveParameters(corners=CORNERS, width=90, height=61)
    expected = homography(CORNERS, 90, 61)
    got = np.array([*plane_to_picture(parameters), 1]).reshape(3, 3)
    np.testing.assert_allclose(got, expected / expected[2, 2], rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("name", ["gray", "420-left", "rgb-alpha-16"])
def test_a_plane_is_drawn_from_where_it_is(name, layouts, make_operation, run_whole):
    """Every result sample of every plane has the brightness of the scene at its place."""
    layout = layouts[name]
    frame = of_scene(130, 180, layout)
    width, height = 140, 96
    operation = make_operation(
        "perspective", frame.shape, corners=CORNERS, width=width, height=height
    )
    got = run_whole(operation, [frame])
    assert (got.shape.width, got.shape.height) == (width, height)
    matrix = homography(CORNERS, width, height)
    for plane, made in enumerate(got.planes):
        y, x = np.mgrid[0 : made.shape[0], 0 : made.shape[1]].astype(np.float64)
        x, y = places(layout, plane, x, y)
        mapped = np.stack([x, y, np.ones_like(x)], -1) @ matrix.T
        expected = scene(mapped[..., 0] / mapped[..., 2], mapped[..., 1] / mapped[..., 2])
        step = slice(3, -3)
        np.testing.assert_allclose(made[step, step], expected[step, step], atol=4e-3)


def test_a_reduced_plane_is_averaged(make_operation, run_whole):
    """Where three samples become one, fine stripes become gray and no false pattern."""
    y, x = np.mgrid[0:300, 0:300]
    plane = (0.5 + 0.5 * np.sign(np.sin(np.pi * (x + y) / 1.45))).astype(np.float32)
    shape = FrameShape(300, 300, GRAY)
    frame = Block((plane,), shape.whole, shape)
    corners = (0, 0, 299, 0, 299, 299, 0, 299)
    values = {"corners": corners, "width": 100, "height": 100}
    got = run_whole(make_operation("perspective", shape, **values), [frame]).planes[0]
    taken = cv2.resize(plane, (100, 100), interpolation=cv2.INTER_NEAREST)
    assert got.std() < 0.5 * taken.std()


def test_the_whole_picture_is_itself(make_operation, run_whole):
    """Corners at the picture's corners and the picture's size give the picture."""
    frame = of_scene(40, 50)
    values = {"corners": (0, 0, 49, 0, 49, 39, 0, 39), "width": 50, "height": 40}
    got = run_whole(make_operation("perspective", frame.shape, **values), [frame])
    np.testing.assert_allclose(got.planes[0], frame.planes[0], atol=1e-6)


@pytest.mark.parametrize(
    "corners",
    [
        (0, 0, 0, 10, 10, 10, 10, 0),
        (0, 0, 10, 0, 3, 3, 0, 10),
        (0, 0, 10, 0, 0, 10, 10, 10),
        (0, 0, 0, 0, 0, 0, 0, 0),
    ],
)
def test_corners_that_bound_no_plane_are_refused(corners):
    """Corners the wrong way round, dented, crossed or on one spot are no plane."""
    with pytest.raises(ValidationError, match="clockwise"):
        PerspectiveParameters(corners=corners, width=10, height=10)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"corners": (0, 0, 200, 0, 150, 90, 0, 90), "width": 80, "height": 80}, "outside"),
        ({"corners": (5, 5, 15, 5, 15, 15, 5, 15), "width": 160, "height": 160}, "for one of"),
        ({"corners": (5, 5, 95, 5, 95, 55, 5, 55), "width": 81, "height": 60}, "chroma"),
    ],
)
def test_what_the_picture_does_not_hold_is_refused(values, words, make_operation, layouts):
    """Corners outside, an enlargement beyond eight times, and cut chroma are refused."""
    with pytest.raises(RequestError, match=words):
        make_operation("perspective", FrameShape(100, 180, layouts["420-left"]), **values)


def straightened(values, height, width):
    """Where OpenCV draws each sample of the straight picture from."""
    camera = np.array([[150.0, 0, 84.5], [0, 140.0, 58.25], [0, 0, 1]])
    if values.get("lens") == "fisheye":
        bend = np.array([FISHEYE[f"k{order}"] for order in range(1, 5)])
        return cv2.fisheye.initUndistortRectifyMap(
            camera, bend, np.eye(3), camera, (width, height), cv2.CV_32FC1
        )
    bend = np.array([LENS[name] for name in ("k1", "k2", "p1", "p2", "k3")])
    return cv2.initUndistortRectifyMap(camera, bend, None, camera, (width, height), cv2.CV_32FC1)


@pytest.mark.parametrize("values", [LENS, {"lens": "fisheye", **FISHEYE}], ids=["brown", "fish"])
@pytest.mark.parametrize("name", ["gray", "420-left"])
def test_the_lens_is_opencvs(values, name, layouts, make_operation, run_whole):
    """Both lenses draw every sample from where OpenCV's maps say that the lens put it."""
    layout = layouts[name]
    frame = of_scene(120, 170, layout)
    camera = {"fx": 150.0, "fy": 140.0, "cx": 84.5, "cy": 58.25}
    got = run_whole(make_operation("undistort", frame.shape, **camera, **values), [frame])
    from_x, from_y = straightened(values, 120, 170)
    for plane, made in enumerate(got.planes):
        rows, columns = np.mgrid[0 : made.shape[0], 0 : made.shape[1]].astype(np.float64)
        x, y = places(layout, plane, columns, rows)
        sx = ndimage.map_coordinates(from_x.astype(np.float64), (y, x), order=3)
        sy = ndimage.map_coordinates(from_y.astype(np.float64), (y, x), order=3)
        inside = (sx > 6) & (sx < 163) & (sy > 6) & (sy < 113)
        inside &= (x > 4) & (x < 165) & (y > 4) & (y < 115)
        assert inside.mean() > 0.5
        np.testing.assert_allclose(
            made[inside], scene(sx, sy)[inside], atol=(4e-3 if layout.is_chroma(plane) else 1e-3)
        )


def test_what_the_lens_did_not_see_is_black(layouts, make_operation, run_whole):
    """Beyond the picture luma is nominal black, colour is zero and opacity is none."""
    layout = layouts["444-alpha-12"]
    frame = of_scene(60, 80, layout)
    values = {"fx": 80.0, "k1": -0.1, "zoom": 0.5}
    got = run_whole(make_operation("undistort", frame.shape, **values), [frame])
    corner = [float(plane[0, 0]) for plane in got.planes]
    assert corner == pytest.approx([256 / 4095, 2048 / 4095, 2048 / 4095, 0])


def test_a_lens_that_folds_is_refused(make_operation):
    """Coefficients under which two places of the picture would share one are refused."""
    with pytest.raises(RequestError, match="fold"):
        make_operation("undistort", FrameShape(200, 300, GRAY), fx=150.0, k1=-0.6)


@pytest.mark.parametrize(
    "values", [{"lens": "fisheye", "p1": 0.1}, {"k4": 0.1}, {"lens": "brown-conrady"}]
)
def test_coefficients_belong_to_their_lens(values):
    """A lens takes its own coefficients, and a focal length."""
    camera = {} if "lens" in values and len(values) == 1 else {"fx": 100}
    with pytest.raises(ValidationError):
        UndistortParameters(**camera, **values)


def test_the_interpolation_is_keys_cubic(make_picture):
    """Between the samples the values are those of the cubic resize, which is Keys' as well."""
    frame = make_picture(FrameShape(30, 34, GRAY))
    result = FrameShape(60, 68, GRAY)
    enlarged = Resize(frame.shape, result, KERNELS[ResizeFilter.BICUBIC])
    expected = enlarged.apply([frame], 0, result.whole).planes[0]
    y, x = np.mgrid[0:60, 0:68] / 2 - 0.25
    got = cubic(frame.planes[0], x, y, (0, 0))
    np.testing.assert_allclose(got[4:-4, 4:-4], expected[4:-4, 4:-4], atol=1e-6)


def test_little_is_read_for_a_small_region(make_operation):
    """A small region of a large result asks for the part of the picture that it shows."""
    shape = FrameShape(2000, 3000, GRAY)
    operation = make_operation("undistort", shape, fx=3000.0, k1=-0.1)
    needed = operation.needs(Region(100, 200, 64, 64))
    assert needed.height < 90
    assert needed.width < 90
