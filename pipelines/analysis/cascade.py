"""Faces by a boosted cascade of local binary patterns, on a pyramid of small gray pictures.

P. Viola, M. Jones, "Rapid object detection using a boosted cascade of simple features", CVPR
2001; S. Liao and others, "Learning multi-scale block local binary patterns for face recognition",
ICB 2007. The table is not ours (`cascade_file`); what runs it is written here, so that the same
picture gives the same windows in the same order whatever the number of threads.

It finds upright frontal faces only and no landmarks. Its score is a count made into 0 to 1:
n windows that agree give n / (n + 2).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipelines.analysis.cascade_file import CascadeTable, Stage, installed_table
from pipelines.analysis.found import FACE, Box, Detection, DetectorFacts, Rgb8, without_doubles
from pipelines.analysis.reduced import area_means

NAME = "lbp-cascade"
LEAST_SHARE = 1 / 16
"""The shorter side of the smallest face that is looked for, as a share of the picture's."""

LEAST_AGREEING = 2
STEP = 1.2
_STRIDE = 1
_SLICED = 3
_SAME = 0.4
MOST_OVERLAP = 0.3
_WARNING = (
    "It finds upright faces that look at the camera, misses many of them and marks things that "
    "are none. It finds no landmarks. No gate has judged it."
)

# The eight cells around the middle one as (column, row), from the highest bit to the lowest.
_AROUND = ((0, 0), (1, 0), (2, 0), (2, 1), (2, 2), (1, 2), (0, 2), (0, 1))

Sums = NDArray[np.int32]
Look = Callable[[int, int], Sums]


@dataclass(frozen=True, slots=True)
class Window:
    """A window that passed every stage, in samples of the picture that was searched."""

    left: float
    top: float
    side: float


class CascadeDetector:
    """The cascade with the installed table, or with a given one."""

    targets = (FACE,)
    usual_side = 480

    def __init__(self, table: CascadeTable | None = None) -> None:
        self._table = installed_table() if table is None else table
        self.facts = DetectorFacts(
            name=NAME,
            version=self._table.version,
            sha256=self._table.sha256,
            engine="numpy",
            licence="BSD-3-Clause",
            warning=_WARNING,
        )

    def detect(self, rgb: Rgb8) -> tuple[Detection, ...]:
        """Find faces of a 16th of the picture's shorter side and more, best first."""
        gray = rgb @ np.array([0.299, 0.587, 0.114])
        return grouped(passing_windows(self._table, gray))


def passing_windows(table: CascadeTable, gray: NDArray[np.float64]) -> tuple[Window, ...]:
    """Every window of the pyramid that passes all stages, large windows last."""
    shorter = min(gray.shape)
    factor = max(1.0, shorter * LEAST_SHARE / table.side)
    found: list[Window] = []
    while shorter / factor >= table.side:
        height, width = (int(side / factor) for side in gray.shape)
        across, down = gray.shape[1] / width, gray.shape[0] / height
        for top, left in _passing(table, np.rint(area_means(gray, height, width))):
            side = table.side * (across + down) / 2
            found.append(Window(left * across, top * down, side))
        factor *= STEP
    return tuple(found)


def _passing(table: CascadeTable, small: NDArray[np.float64]) -> NDArray[np.int64]:
    """(top, left) of the windows of one level that pass, (n, 2).

    The first stages, which most windows fail, look at all places by slices; the others at those
    that are left, one by one.
    """
    total = np.zeros((small.shape[0] + 1, small.shape[1] + 1), np.int32)
    total[1:, 1:] = small.astype(np.int32).cumsum(axis=0).cumsum(axis=1)
    rows, columns = (side - table.side + 1 for side in small.shape)
    wide, flat = total.shape[1], total.ravel()

    def everywhere(y: int, x: int) -> Sums:
        return total[y : y + rows : _STRIDE, x : x + columns : _STRIDE]

    passed = np.ones(everywhere(0, 0).shape, bool)
    for stage in table.stages[:_SLICED]:
        passed &= _score(stage, table.cells, everywhere) >= stage.threshold
    places = np.argwhere(passed) * _STRIDE
    for stage in table.stages[_SLICED:]:
        start = places[:, 0] * wide + places[:, 1]

        def here(y: int, x: int, start: NDArray[np.int64] = start) -> Sums:
            return np.asarray(flat[start + (y * wide + x)])

        places = places[_score(stage, table.cells, here) >= stage.threshold]
    return places


def _score(stage: Stage, cells: NDArray[np.int64], at: Look) -> NDArray[np.float64]:
    """The sum over a stage's stumps in every window; `at` gives sums above and left of a place."""
    score = np.zeros(at(0, 0).shape)
    for feature, subset, leaves in zip(stage.feature, stage.subset, stage.leaves, strict=True):
        codes = _codes(cells[feature], at)
        score += np.where(subset, leaves[0], leaves[1])[codes]
    return score


def _codes(cell: NDArray[np.int64], at: Look) -> NDArray[np.uint8]:
    """The pattern of one feature in every window: which cells are as bright as the middle one."""
    x, y, width, height = (int(one) for one in cell)
    corners = [
        [at(y + row * height, x + column * width) for column in range(4)] for row in range(4)
    ]

    def brightness(column: int, row: int) -> Sums:
        above, below = corners[row], corners[row + 1]
        return np.asarray(below[column + 1] - below[column] - above[column + 1] + above[column])

    middle = brightness(1, 1)
    codes = np.zeros(middle.shape, np.uint8)
    for bit, (column, row) in enumerate(_AROUND):
        codes |= (brightness(column, row) >= middle).astype(np.uint8) << np.uint8(7 - bit)
    return codes


def grouped(windows: Sequence[Window]) -> tuple[Detection, ...]:
    """One detection per group of windows that overlap; lone windows are left out.

    A window joins the first group whose first window it overlaps by 0.4 or more; the box is the
    mean of its windows. Of two groups that still overlap the larger is kept.
    """
    groups: list[list[Box]] = []
    for one in windows:
        box = Box(one.left, one.top, one.side, one.side)
        for group in groups:
            if group[0].overlap(box) >= _SAME:
                group.append(box)
                break
        else:
            groups.append([box])
    found = [_mean(one) for one in groups if len(one) >= LEAST_AGREEING]
    return without_doubles(found, most_overlap=MOST_OVERLAP)


def _mean(boxes: Sequence[Box]) -> Detection:
    sides = np.array([(one.left, one.top, one.width, one.height) for one in boxes]).mean(axis=0)
    left, top, width, height = (float(one) for one in sides)
    return Detection(FACE, Box(left, top, width, height), len(boxes) / (len(boxes) + 2))
