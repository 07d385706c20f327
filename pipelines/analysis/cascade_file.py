"""Reads the table of a boosted LBP cascade: the XML file that comes with scikit-image's wheel.

The form is OpenCV's (`opencv-cascade-classifier`, LBP features, stumps). The file is looked for
without importing scikit-image; its digest goes into the record. What does not have this form is
refused: a table that is read wrongly would find faces that are not there.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from functools import cache
from importlib import metadata, util
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
from numpy.typing import NDArray

from pipelines.errors import UnsupportedError

PACKAGE = "scikit-image"
FILE = "lbpcascade_frontalface_opencv.xml"
_INSTALL = "Install the faces extra: python -m pip install 'evident[faces]'."
_MOST_BYTES = 1 << 20
_ROUNDED = 1e-5
_DOCTYPE = re.compile(rb"<!(DOCTYPE|ENTITY)")


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage: a window passes where the sum over its stumps is `threshold` or more.

    `feature` (n,) selects a rectangle, `subset` (n, 256) says which codes are on the list, and
    `leaves` (n, 2) are the values of codes on the list and of all others.
    """

    threshold: float
    feature: NDArray[np.int64]
    subset: NDArray[np.bool_]
    leaves: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class CascadeTable:
    """A cascade. `cells` (m, 4) are (x, y, width, height) of the first of 3 x 3 cells."""

    side: int
    stages: tuple[Stage, ...]
    cells: NDArray[np.int64]
    version: str
    sha256: str


def is_installed() -> bool:
    """Whether the wheel with the table is installed."""
    return _path() is not None


@cache
def installed_table() -> CascadeTable:
    """Return the table of the installed wheel. Raises UnsupportedError where there is none."""
    path = _path()
    if path is None:
        raise UnsupportedError(
            f"The face cascade is not installed (it comes with {PACKAGE}).", next_step=_INSTALL
        )
    data = path.read_bytes()
    return read_table(data, version=f"{PACKAGE} {metadata.version(PACKAGE)}")


def read_table(data: bytes, *, version: str) -> CascadeTable:
    """Read a table. Raises UnsupportedError where the file is not of the form above."""
    if len(data) > _MOST_BYTES or _DOCTYPE.search(data):
        raise _refused("it is no table")
    try:
        # Bounded above, without entities, and from an installed package: not a stranger's file.
        root = ET.fromstring(data)  # noqa: S314
        cascade = _child(root, "cascade")
        if (_text(cascade, "featureType"), _text(cascade, "stageType")) != ("LBP", "BOOST"):
            raise _refused("it is of another kind")
        cells = np.array(
            [_numbers(one, "rect") for one in _child(cascade, "features")], dtype=np.int64
        )
        stages = tuple(_stage(one) for one in _child(cascade, "stages"))
        side = int(_text(cascade, "width"))
    except (ET.ParseError, ValueError, IndexError) as error:
        raise _refused(str(error)) from error
    fits = cells.ndim == 2 and bool((cells[:, :2] + 3 * cells[:, 2:] <= side).all())
    if not fits or any(int(one.feature.max()) >= len(cells) for one in stages):
        raise _refused("its features do not fit into its window")
    return CascadeTable(side, stages, cells, version, hashlib.sha256(data).hexdigest())


def _stage(element: ET.Element) -> Stage:
    feature, subset, leaves = [], [], []
    for stump in _child(element, "weakClassifiers"):
        node = _numbers(stump, "internalNodes")
        if len(node) != 11 or node[:2] != [0, -1]:
            raise _refused("a classifier is no stump")
        feature.append(int(node[2]))
        words = np.array(node[3:], np.int64).astype(np.uint32)
        subset.append((words[:, None] >> np.arange(32, dtype=np.uint32) & 1).astype(bool).ravel())
        leaves.append(_numbers(stump, "leafValues"))
    # The printed threshold is rounded, and sums that meet it exactly are meant to pass.
    threshold = float(_text(element, "stageThreshold")) - _ROUNDED
    return Stage(threshold, np.array(feature), np.array(subset), np.array(leaves, np.float64))


def _path() -> Path | None:
    found = util.find_spec("skimage")
    if found is None or found.origin is None:
        return None
    path = Path(found.origin).parent / "data" / FILE
    return path if path.is_file() else None


def _child(element: ET.Element, name: str) -> ET.Element:
    found = element.find(name)
    if found is None:
        raise _refused(f"it has no {name}")
    return found


def _text(element: ET.Element, name: str) -> str:
    return (_child(element, name).text or "").strip()


def _numbers(element: ET.Element, name: str) -> list[float]:
    return [float(one) for one in _text(element, name).split()]


def _refused(why: str) -> UnsupportedError:
    return UnsupportedError(f"The face cascade cannot be read: {why}.", next_step=_INSTALL)
