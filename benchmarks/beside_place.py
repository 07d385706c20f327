"""Size and place beside OpenCV and FFmpeg; see `benchmarks.operations`."""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np

from benchmarks.beside import HEIGHT, WIDTH, Pair, codes_of, filtered, ours
from pipelines.media.picture import Plane

CORNERS = (200.0, 150.0, 1700.0, 80.0, 1800.0, 1000.0, 120.0, 900.0)
MARGIN = 64


def pairs(plane: Plane) -> Iterator[Pair]:
    """What moves samples."""
    codes = codes_of(plane)
    yield (
        "resize x2",
        "OpenCV resize, Lanczos",
        ours(plane, "resize", scale=2),
        lambda: cv2.resize(plane, None, fx=2, fy=2, interpolation=cv2.INTER_LANCZOS4),
    )
    yield (
        "resize x1.5",
        "OpenCV resize, Lanczos",
        ours(plane, "resize", scale=1.5),
        lambda: cv2.resize(plane, None, fx=1.5, fy=1.5, interpolation=cv2.INTER_LANCZOS4),
    )
    inner = {"width": WIDTH - 2 * MARGIN, "height": HEIGHT - 2 * MARGIN}
    crop = filtered(codes, "crop", f"{inner['width']}:{inner['height']}:{MARGIN}:{MARGIN}")
    yield "crop", "FFmpeg crop", ours(plane, "crop", x=MARGIN, y=MARGIN, **inner), crop
    yield (
        "wrap",
        "OpenCV copyMakeBorder, wrapped",
        ours(plane, "wrap", mode="both", margin=MARGIN),
        lambda: cv2.copyMakeBorder(plane, *[MARGIN] * 4, cv2.BORDER_WRAP),
    )
    yield "unwrap", "FFmpeg crop", ours(plane, "unwrap", mode="both", margin=MARGIN), crop
    yield from _drawn(plane)


def _drawn(plane: Plane) -> Iterator[Pair]:
    size = (WIDTH, HEIGHT)
    corners = np.array(CORNERS, np.float32).reshape(4, 2)
    sides = np.array([[0, 0], [WIDTH - 1, 0], [WIDTH - 1, HEIGHT - 1], [0, HEIGHT - 1]], np.float32)
    matrix = cv2.getPerspectiveTransform(sides, corners)
    flags = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
    camera = np.array([[1500.0, 0, 959.5], [0, 1500.0, 539.5], [0, 0, 1]])
    bend = np.array([-0.15, 0.02, 0.001, -0.001, 0.0])

    def undistorted() -> object:
        maps = cv2.initUndistortRectifyMap(camera, bend, None, camera, size, cv2.CV_32FC1)
        return cv2.remap(plane, *maps, cv2.INTER_CUBIC)

    yield (
        "perspective",
        "OpenCV warpPerspective, cubic",
        ours(plane, "perspective", corners=CORNERS, width=WIDTH, height=HEIGHT),
        lambda: cv2.warpPerspective(plane, matrix, size, flags=flags),
    )
    lens = {"fx": 1500.0, "k1": -0.15, "k2": 0.02, "p1": 0.001, "p2": -0.001}
    yield "undistort", "OpenCV remap, cubic", ours(plane, "undistort", **lens), undistorted
