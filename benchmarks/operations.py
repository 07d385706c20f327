"""Conventional operations beside OpenCV's and FFmpeg's own: `python -m benchmarks.operations`.

One gray picture of 1920 x 1080 (or a clip of it), one thread on both sides, alternating; the
ratio of the medians counts, ours over theirs. The others are what OpenCV or FFmpeg offer for the
same purpose: their arithmetic is not the same, and most of them work on 8-bit codes. Ours is
float32 with the same bits for every region; the ratio says what that costs.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from statistics import median
from typing import Any

import av
import av.filter
import cv2
import numpy as np

from benchmarks.machine import describe
from pipelines.graph.operation_blur import DeblurParameters
from pipelines.graph.operation_table import OPERATIONS
from pipelines.media.picture import Block, Family, FrameShape, Matrix, PixelLayout, Plane
from pipelines.operations.base import NetworkSource, Operation
from pipelines.operations.point_spread import point_spread
from pipelines.operations.registry import build

RESULT = Path(__file__).with_name("results") / "operations.json"
HEIGHT, WIDTH = 1080, 1920
REPEATS = 5
GRAY = FrameShape(HEIGHT, WIDTH, PixelLayout(Family.GRAY))
WIDE = FrameShape(
    HEIGHT,
    WIDTH,
    PixelLayout(Family.YCBCR, 10, 1, 1, full_range=False, matrix=Matrix.BT2020),
)
SPREAD = {"psf": "defocus", "radius": 3.0}
CORNERS = (200.0, 150.0, 1700.0, 80.0, 1800.0, 1000.0, 120.0, 900.0)

Work = Callable[[], object]


class _NoNetworks:
    """No operation measured here runs a network."""

    def network(self, model: str) -> Any:
        """Refuse."""
        raise LookupError(model)


def main() -> None:
    """Measure, write the result, print it."""
    cv2.setNumThreads(1)
    measured = []
    for name, against, ours, theirs in _pairs():
        ours()
        theirs()
        times: tuple[list[float], list[float]] = ([], [])
        for _ in range(REPEATS):
            for kept, work in zip(times, (ours, theirs), strict=True):
                begun = time.perf_counter()
                work()
                kept.append(time.perf_counter() - begun)
        own, other = (median(one) for one in times)
        measured.append({
            "operation": name,
            "against": against,
            "seconds": round(own, 4),
            "their_seconds": round(other, 4),
            "ratio": round(own / other, 2),
        })  # fmt: skip
        print(json.dumps(measured[-1]))
    found = {
        "machine": describe("numpy", "opencv-python-headless", "av"),
        "picture": f"{WIDTH} x {HEIGHT}; one thread each; ratio is ours over theirs, by medians "
        f"of {REPEATS}",
        "measured": measured,
    }
    RESULT.write_text(json.dumps(found, indent=1) + "\n")


def _pairs() -> Iterator[tuple[str, str, Work, Work]]:
    plane = _picture()
    codes = np.rint(plane * 255).astype(np.uint8)
    yield (
        "resize x2",
        "OpenCV resize, Lanczos",
        _ours(plane, "resize", scale=2),
        lambda: cv2.resize(plane, None, fx=2, fy=2, interpolation=cv2.INTER_LANCZOS4),
    )
    yield (
        "sharpen",
        "OpenCV GaussianBlur and addWeighted",
        _ours(plane, "sharpen", radius=1.5),
        (lambda: cv2.addWeighted(plane, 1.5, cv2.GaussianBlur(plane, (11, 11), 1.5), -0.5, 0)),
    )
    yield (
        "denoise",
        "OpenCV fastNlMeansDenoising",
        _ours(plane, "denoise", strength=4),
        lambda: cv2.fastNlMeansDenoising(codes, None, 4),
    )
    yield from _against_blur(plane)
    yield from _against_places(plane)
    yield "deblock", "FFmpeg deblock", _ours(plane, "deblock"), _filtered(codes, "deblock", "")
    yield (
        "hdr_to_sdr, 4:2:0",
        "the same path by OpenCV: resize, cvtColor, pow, transform",
        _ours_wide(),
        _tone_mapped,
    )
    yield from _against_clips()


def _against_blur(plane: Plane) -> Iterator[tuple[str, str, Work, Work]]:
    kernel = point_spread(DeblurParameters.model_validate(SPREAD)).astype(np.float32)

    def wiener() -> object:
        laid = np.zeros_like(plane)
        laid[: kernel.shape[0], : kernel.shape[1]] = kernel
        forward, picture = (cv2.dft(one, flags=cv2.DFT_COMPLEX_OUTPUT) for one in (laid, plane))
        power = (forward**2).sum(axis=-1, keepdims=True) + np.float32(0.01)
        product = cv2.mulSpectrums(picture, forward / power, 0, conjB=True)
        return cv2.idft(product, flags=cv2.DFT_SCALE | cv2.DFT_REAL_OUTPUT)

    def richardson_lucy() -> object:
        estimate = plane.copy()
        for _ in range(10):
            ratio = plane / np.maximum(cv2.filter2D(estimate, -1, kernel), 1e-6)
            estimate *= cv2.filter2D(ratio, -1, kernel)
        return estimate

    yield "deblur, wiener", "OpenCV dft of the whole", _ours(plane, "deblur", **SPREAD), wiener
    ours = _ours(plane, "deblur", **SPREAD, method="richardson-lucy", iterations=10)
    yield "deblur, richardson-lucy x10", "OpenCV filter2D, 20 times", ours, richardson_lucy
    soft = cv2.GaussianBlur(plane, (0, 0), 2)
    yield "deblur_estimated", "OpenCV dft of the whole", _ours(soft, "deblur_estimated"), wiener


def _against_places(plane: Plane) -> Iterator[tuple[str, str, Work, Work]]:
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

    ours = _ours(plane, "perspective", corners=CORNERS, width=WIDTH, height=HEIGHT)
    yield (
        "perspective",
        "OpenCV warpPerspective, cubic",
        ours,
        lambda: cv2.warpPerspective(plane, matrix, size, flags=flags),
    )
    lens = {"fx": 1500.0, "k1": -0.15, "k2": 0.02, "p1": 0.001, "p2": -0.001}
    yield "undistort", "OpenCV remap, cubic", _ours(plane, "undistort", **lens), undistorted


def _against_clips() -> Iterator[tuple[str, str, Work, Work]]:
    clip = [_picture(shift) for shift in (0, 3, 1, 4, 2)]
    codes = [np.rint(one * 255).astype(np.uint8) for one in clip]

    def steadied() -> object:
        points = cv2.goodFeaturesToTrack(codes[2], 200, 0.01, 20)
        for other in (codes[0], codes[1], codes[3], codes[4]):
            moved, kept, _ = cv2.calcOpticalFlowPyrLK(codes[2], other, points, None)
            found = kept.ravel() == 1
            motion, _ = cv2.estimateAffinePartial2D(points[found], moved[found])
        return cv2.warpAffine(clip[2], motion, (WIDTH, HEIGHT), flags=cv2.INTER_CUBIC)

    def laid() -> object:
        flow = cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_ULTRAFAST)
        y, x = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)
        total = clip[2].copy()
        for number in (0, 1, 3, 4):
            moved = flow.calc(codes[2], codes[number], None)
            total += cv2.remap(clip[number], x + moved[..., 0], y + moved[..., 1], 1)
        return total / 5

    # The fourth of every five sketches is new in a running clip; here all five are.
    ours = _window(clip, "stabilise", radius=2, border="black")
    yield "stabilise, 5 frames", "OpenCV features, LK flow and warpAffine", ours, steadied
    yield "steady, 5 frames", "OpenCV DIS flow and remap", _window(clip, "steady"), laid
    yield (
        "denoise_temporal, 3 frames",
        "OpenCV fastNlMeansDenoisingMulti",
        (_window(clip[1:4], "denoise_temporal")),
        lambda: cv2.fastNlMeansDenoisingMulti(codes, 2, 3, None, 4, 5, 11),
    )


def _picture(shift: int = 0) -> Plane:
    """Waves, edges and noise, moved by so many columns."""
    rng = np.random.default_rng(3)
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    scene = 0.5 + 0.2 * np.sin((x + shift) / 9) * np.cos(y / 13)
    scene += 0.2 * (((x + shift) // 60 + y // 45) % 2) + rng.normal(0, 0.01, scene.shape)
    return np.clip(scene, 0, 1).astype(np.float32)


def _bound(shape: FrameShape, name: str, values: dict[str, Any]) -> Operation:
    parameters = OPERATIONS[name].parameters.model_validate(values)
    networks: NetworkSource = _NoNetworks()
    return build(name, parameters, shape, networks=networks)


def _ours(plane: Plane, name: str, **values: Any) -> Work:
    operation = _bound(GRAY, name, values)
    block = Block((plane,), GRAY.whole, GRAY)
    return lambda: operation.apply([block], 0, operation.result.whole)


def _window(clip: list[Plane], name: str, **values: Any) -> Work:
    """A whole window of new frames, nothing remembered from the last run."""

    def work() -> object:
        operation = _bound(GRAY, name, values)
        frames = [Block((one,), GRAY.whole, GRAY) for one in clip]
        return operation.apply(frames, len(clip) // 2, operation.result.whole)

    return work


def _ours_wide() -> Work:
    operation = _bound(WIDE, "hdr_to_sdr", {"transfer": "pq"})
    planes = tuple(
        np.ascontiguousarray(_picture()[: size[0], : size[1]])
        for size in (WIDE.plane_size(index) for index in range(3))
    )
    block = Block(planes, WIDE.whole, WIDE)
    return lambda: operation.apply([block], 0, WIDE.whole)


def _tone_mapped() -> object:
    """PQ to BT.709 the plain way: chroma raised, matrix, curve by powers, matrix, lowered."""
    luma = _PICTURE
    small = luma[: HEIGHT // 2, : WIDTH // 2]
    chroma = [cv2.resize(small, (WIDTH, HEIGHT)) for _ in range(2)]
    rgb = cv2.cvtColor(cv2.merge([luma, *chroma]), cv2.COLOR_YCrCb2RGB)
    root = cv2.pow(np.clip(rgb, 0, 1), 32 / 2523)
    light = cv2.pow(np.maximum(root - 0.8359375, 0) / (18.8515625 - 18.6875 * root), 16384 / 2610)
    light = light / (1 + light)
    mixed = cv2.transform(light, np.eye(3, dtype=np.float32))
    coded = cv2.cvtColor(cv2.pow(np.maximum(mixed, 0), 1 / 2.4), cv2.COLOR_RGB2YCrCb)
    return [cv2.resize(one, (WIDTH // 2, HEIGHT // 2)) for one in cv2.split(coded)[1:]]


_PICTURE = _picture()


def _filtered(codes: np.ndarray[Any, Any], name: str, options: str) -> Work:
    """One frame through one of FFmpeg's filters, on one thread."""
    graph = av.filter.Graph()
    graph.threads = 1
    source = graph.add_buffer(
        width=WIDTH, height=HEIGHT, format=av.VideoFormat("gray"), time_base=Fraction(1, 25)
    )
    chosen = graph.add(name, options) if options else graph.add(name)
    sink = graph.add("buffersink")
    source.link_to(chosen)
    chosen.link_to(sink)
    graph.configure()
    count = iter(range(1 << 30))

    def work() -> object:
        frame = av.VideoFrame.from_ndarray(codes, "gray")
        frame.pts, frame.time_base = next(count), Fraction(1, 25)
        graph.push(frame)
        return graph.pull()

    return work


if __name__ == "__main__":
    main()
