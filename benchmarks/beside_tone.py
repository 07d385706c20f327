"""Light, noise and blur beside OpenCV and FFmpeg; see `benchmarks.operations`."""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np

from benchmarks.beside import (
    COLOUR,
    HEIGHT,
    WIDE,
    WIDTH,
    Pair,
    codes_of,
    filtered,
    on,
    ours,
    picture,
)
from pipelines.graph.operation_blur import DeblurParameters
from pipelines.media.picture import Block, Plane
from pipelines.operations.point_spread import point_spread

SPREAD = {"psf": "defocus", "radius": 3.0}
GAINS = {"red": 1.2, "green": 1.0, "blue": 0.8}


def pairs(plane: Plane) -> Iterator[Pair]:
    """What changes samples where they are."""
    codes = codes_of(plane)
    yield from _light(plane)
    yield (
        "sharpen",
        "OpenCV GaussianBlur and addWeighted",
        ours(plane, "sharpen", radius=1.5),
        (lambda: cv2.addWeighted(plane, 1.5, cv2.GaussianBlur(plane, (11, 11), 1.5), -0.5, 0)),
    )
    yield (
        "denoise",
        "OpenCV fastNlMeansDenoising",
        ours(plane, "denoise", strength=4),
        lambda: cv2.fastNlMeansDenoising(codes, None, 4),
    )
    yield from _blur(plane)
    yield "deblock", "FFmpeg deblock", ours(plane, "deblock"), filtered(codes, "deblock", "")
    yield (
        "hdr_to_sdr, 4:2:0",
        "the same path by OpenCV: resize, cvtColor, pow, transform",
        on(_wide(), "hdr_to_sdr", transfer="pq"),
        lambda: _tone_mapped(plane),
    )


def _light(plane: Plane) -> Iterator[Pair]:
    def guided() -> object:
        """He's guided filter by OpenCV's own means, and the detail added."""
        size = (17, 17)
        mean, square = (cv2.boxFilter(one, -1, size) for one in (plane, plane * plane))
        variance = square - mean * mean
        follow = variance / (variance + np.float32(0.002))
        smooth = cv2.boxFilter(follow, -1, size) * plane
        smooth += cv2.boxFilter(mean - follow * mean, -1, size)
        return cv2.addWeighted(plane, 1.5, smooth, -0.5, 0)

    gain, offset = 1 / 0.9, -0.05 / 0.9
    yield (
        "levels",
        "OpenCV addWeighted, one gain and one offset",
        ours(plane, "levels", black=0.05, white=0.95),
        lambda: cv2.addWeighted(plane, gain, plane, 0, offset),
    )
    yield "gamma", "OpenCV pow", ours(plane, "gamma", gamma=1.4), lambda: cv2.pow(plane, 1 / 1.4)
    merged = cv2.merge([plane, plane, plane])
    factors = (GAINS["red"], GAINS["green"], GAINS["blue"], 1.0)
    yield (
        "white_balance, RGB",
        "OpenCV multiply",
        on(Block((plane, plane, plane), COLOUR.whole, COLOUR), "white_balance", **GAINS),
        lambda: cv2.multiply(merged, factors),
    )
    yield (
        "white_balance, 4:2:0",
        "OpenCV resize, cvtColor, multiply and back",
        on(_wide(), "white_balance", **GAINS),
        lambda: _lowered(cv2.multiply(_raised(plane), factors)),
    )
    yield (
        "local_contrast",
        "the guided filter by OpenCV boxFilter",
        ours(plane, "local_contrast", radius=8, amount=0.5),
        guided,
    )


def _blur(plane: Plane) -> Iterator[Pair]:
    kernel = point_spread(DeblurParameters.model_validate(SPREAD)).astype(np.float32)

    def wiener() -> object:
        laid = np.zeros_like(plane)
        laid[: kernel.shape[0], : kernel.shape[1]] = kernel
        forward, spectrum = (cv2.dft(one, flags=cv2.DFT_COMPLEX_OUTPUT) for one in (laid, plane))
        power = (forward**2).sum(axis=-1, keepdims=True) + np.float32(0.01)
        product = cv2.mulSpectrums(spectrum, forward / power, 0, conjB=True)
        return cv2.idft(product, flags=cv2.DFT_SCALE | cv2.DFT_REAL_OUTPUT)

    def richardson_lucy() -> object:
        estimate = plane.copy()
        for _ in range(10):
            ratio = plane / np.maximum(cv2.filter2D(estimate, -1, kernel), 1e-6)
            estimate *= cv2.filter2D(ratio, -1, kernel)
        return estimate

    yield "deblur, wiener", "OpenCV dft of the whole", ours(plane, "deblur", **SPREAD), wiener
    iterated = ours(plane, "deblur", **SPREAD, method="richardson-lucy", iterations=10)
    yield "deblur, richardson-lucy x10", "OpenCV filter2D, 20 times", iterated, richardson_lucy
    soft = cv2.GaussianBlur(plane, (0, 0), 2)
    yield "deblur_estimated", "OpenCV dft of the whole", ours(soft, "deblur_estimated"), wiener


def _wide() -> Block:
    """A 4:2:0 picture of ten bits."""
    planes = tuple(
        np.ascontiguousarray(picture()[: size[0], : size[1]])
        for size in (WIDE.plane_size(index) for index in range(3))
    )
    return Block(planes, WIDE.whole, WIDE)


def _raised(luma: Plane) -> cv2.typing.MatLike:
    """R, G, B of a 4:2:0 picture, the plain way."""
    small = luma[: HEIGHT // 2, : WIDTH // 2]
    chroma = [cv2.resize(small, (WIDTH, HEIGHT)) for _ in range(2)]
    return cv2.cvtColor(cv2.merge([luma, *chroma]), cv2.COLOR_YCrCb2RGB)


def _lowered(rgb: cv2.typing.MatLike) -> object:
    coded = cv2.split(cv2.cvtColor(rgb, cv2.COLOR_RGB2YCrCb))
    return coded[0], [cv2.resize(one, (WIDTH // 2, HEIGHT // 2)) for one in coded[1:]]


def _tone_mapped(luma: Plane) -> object:
    """PQ to BT.709 the plain way: chroma raised, matrix, curve by powers, matrix, lowered."""
    root = cv2.pow(np.clip(_raised(luma), 0, 1), 32 / 2523)
    light = cv2.pow(np.maximum(root - 0.8359375, 0) / (18.8515625 - 18.6875 * root), 16384 / 2610)
    light = light / (1 + light)
    mixed = cv2.transform(light, np.eye(3, dtype=np.float32))
    return _lowered(cv2.pow(np.maximum(mixed, 0), 1 / 2.4))
