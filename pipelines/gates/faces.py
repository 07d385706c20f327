"""Where the faces of a golden set are: `faces.toml` beside its manifest, by the truth's digest.

A set without the file has no faces, and drift is unavailable on it.
"""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pipelines.errors import InputError
from pipelines.quality.metrics.pictures import Picture

FILE = "faces.toml"
_MOST_BYTES = 1 << 20
_MOST_SIDE = 1 << 16
_DIGEST = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class FaceBox:
    """A face in samples of the truth."""

    left: int
    top: int
    width: int
    height: int

    def of(self, picture: Picture, *, reduced_by: int = 1) -> Picture:
        """The face in a picture that is smaller than the truth by a whole number."""
        top, left = self.top // reduced_by, self.left // reduced_by
        bottom = (self.top + self.height) // reduced_by
        right = (self.left + self.width) // reduced_by
        return picture[top:bottom, left:right]


@dataclass(frozen=True, slots=True)
class Faces:
    """The faces of every truth; `sha256` is the file's, empty where there is none."""

    sha256: str = ""
    boxes: Mapping[str, tuple[FaceBox, ...]] = field(default_factory=dict)


def read_faces(folder: Path) -> Faces:
    """Read the file of the set in `folder`. Raises InputError for one that is out of form."""
    try:
        with (folder / FILE).open("rb") as file:
            content = file.read(_MOST_BYTES)
    except FileNotFoundError:
        return Faces()
    found: dict[str, tuple[FaceBox, ...]] = {}
    try:
        for one in tomllib.loads(content.decode("utf-8"))["face"]:
            truth, box = _face(one)
            found[truth] = (*found.get(truth, ()), box)
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(
            f"{folder / FILE} does not say where faces are: {error}",
            next_step="Restore the golden set from the release.",
        ) from error
    return Faces(hashlib.sha256(content).hexdigest(), found)


def _face(table: Mapping[str, object]) -> tuple[str, FaceBox]:
    box = FaceBox(**{name: _side(table[name]) for name in FaceBox.__dataclass_fields__})
    if set(table) != {"truth", *FaceBox.__dataclass_fields__} or not box.width * box.height:
        raise ValueError("a face has truth, left, top, width and height")
    truth = str(table["truth"])
    if not _DIGEST.fullmatch(truth):
        raise ValueError("a truth is named by its SHA-256")
    return truth, box


def _side(value: object) -> int:
    if not isinstance(value, int) or not 0 <= value <= _MOST_SIDE:
        raise ValueError(f"{value!r} is no number of samples")
    return value
