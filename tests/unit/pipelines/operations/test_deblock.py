"""`deblock`: which samples it changes, to what, and that coded pictures come nearer to theirs."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from skimage import data

from pipelines.media.picture import Block, Family, FrameShape, PixelLayout

GRAY = PixelLayout(Family.GRAY)


def run(make_operation, run_whole, plane, **values):
    """One gray plane through the operation."""
    shape = FrameShape(plane.shape[0], plane.shape[1], GRAY)
    frame = Block((plane.astype(np.float32),), shape.whole, shape)
    return run_whole(make_operation("deblock", shape, **values), [frame]).planes[0]


def by_hand(plane, strength, block, x, y):
    """The rule of H.264's strong filter, edge by edge and sample by sample."""
    done = plane.astype(np.float64)
    for columns in (True, False):
        view = done.T if columns else done
        for edge in range((x if columns else y) % block, view.shape[0], block):
            if edge < 4 or edge + 4 > view.shape[0]:
                continue
            for line in range(view.shape[1]):
                view[edge - 4 : edge + 4, line] = one_line(
                    view[edge - 4 : edge + 4, line].copy(), strength / 255
                )
    return done


def one_line(samples, alpha):
    """Eight samples across one edge."""
    p3, p2, p1, p0, q0, q1, q2, q3 = samples
    beta = alpha / 3
    if not (abs(p0 - q0) < alpha and abs(p1 - p0) < beta and abs(q1 - q0) < beta):
        return samples
    small = abs(p0 - q0) < alpha / 2

    def side(a3, a2, a1, a0, b0, b1):
        if small and abs(a2 - a0) < beta:
            return (
                (2 * a3 + 3 * a2 + a1 + a0 + b0) / 8,
                (a2 + a1 + a0 + b0) / 4,
                (a2 + 2 * a1 + 2 * a0 + 2 * b0 + b1) / 8,
            )
        return a2, a1, (2 * a1 + a0 + b1) / 4

    left, right = side(p3, p2, p1, p0, q0, q1), side(q3, q2, q1, q0, p0, p1)
    return [p3, *left, *right[::-1], q3]


@pytest.mark.parametrize(("block", "x", "y"), [(8, 0, 0), (8, 3, 6), (16, 5, 0), (12, 0, 1)])
def test_it_is_the_stated_filter(block, x, y, make_operation, run_whole):
    """Every sample is what the rule gives when it is followed line by line."""
    rng = np.random.default_rng(block + x)
    plane = np.kron(rng.normal(0.5, 0.02, (9, 10)), np.ones((8, 8))) + rng.normal(
        0, 0.004, (72, 80)
    )
    got = run(make_operation, run_whole, plane, strength=8, block=block, x=x, y=y)
    np.testing.assert_allclose(got, by_hand(plane, 8, block, x, y), atol=1e-6)
    assert np.abs(got - plane).max() > 0.004


@pytest.mark.parametrize("quality", [10, 20, 35])
def test_a_coded_photograph_comes_nearer(quality, make_operation, run_whole):
    """After JPEG a photograph comes nearer to itself, and steps at the edges fall by a quarter."""
    truth = data.camera()[:400, :400]
    _, coded = cv2.imencode(".jpg", truth, [cv2.IMWRITE_JPEG_QUALITY, quality])
    plane = cv2.imdecode(coded, cv2.IMREAD_GRAYSCALE).astype(np.float64) / 255
    got = run(make_operation, run_whole, plane, strength=24)
    truth = truth / 255

    def at_edges(one):
        jumps = np.abs(np.diff(one, axis=1))
        return jumps[:, 7::8].mean() / jumps.mean()

    assert np.mean((got - truth) ** 2) < np.mean((plane - truth) ** 2)
    assert abs(at_edges(got) - 1) < 0.75 * abs(at_edges(plane) - 1)


def test_steps_above_the_strength_stay(make_operation, run_whole):
    """An edge of the scene that lies on the grid is left as it is."""
    plane = np.full((32, 32), 0.3, np.float32)
    plane[:, 16:] = 0.5
    got = run(make_operation, run_whole, plane, strength=20)
    np.testing.assert_allclose(got, plane, atol=1e-6)


def test_chroma_has_a_grid_of_its_own(layouts, make_operation, make_picture):
    """Chroma blocks count chroma samples; with `chroma` false those planes keep their bits."""
    shape = FrameShape(64, 64, layouts["420-left"])
    planes = tuple(np.full(shape.plane_size(index), 0.5, np.float32) for index in range(3))
    for plane in planes:
        plane[:, 8:] += 0.01
    frame = Block(planes, shape.whole, shape)
    for chroma in (True, False):
        operation = make_operation("deblock", shape, strength=6, chroma=chroma)
        got = operation.apply([frame], 0, shape.whole)
        changed = [bool((a != b).any()) for a, b in zip(got.planes, planes, strict=True)]
        assert changed == [True, chroma, chroma]
