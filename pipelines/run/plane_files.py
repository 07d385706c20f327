"""A photograph's planes as files, one each, and back: with the sizes and types that a plan states.

What is read may lie in memory or in a mapped file; the pages of a large picture pass by.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from pipelines.media.photo import new_planes
from pipelines.media.picture import FrameShape, Samples
from pipelines.media.scratch_pages import GivingBack
from pipelines.run.durable_file import writing

_ROWS = 256


def plane_paths(folder: Path, count: int) -> tuple[Path, ...]:
    """Where the files of so many planes lie in a folder."""
    return tuple(folder / f"plane-{number}.npy" for number in range(count))


def save_planes(folder: Path, planes: Sequence[Samples]) -> tuple[Path, ...]:
    """Write planes to their files. Raises DiskFullError, ResourceError."""
    paths = plane_paths(folder, len(planes))
    for path, plane in zip(paths, planes, strict=True):
        with writing(path) as file:
            np.save(file, plane, allow_pickle=False)
    return paths


def mapped_planes(folder: Path, shape: FrameShape) -> tuple[Samples, ...]:
    """Open the planes of a picture of `shape` where they lie, to be read.

    Raises OSError or ValueError where they are no such planes.
    """
    planes = tuple(
        np.load(path, mmap_mode="r", allow_pickle=False)
        for path in plane_paths(folder, shape.layout.plane_count)
    )
    for number, plane in enumerate(planes):
        wanted = (shape.plane_size(number), np.dtype(shape.layout.sample_type))
        if (plane.shape, plane.dtype) != wanted:
            raise ValueError(f"plane {number} is {plane.shape} of {plane.dtype}")
    return planes


def taken_planes(
    planes: Sequence[Samples], shape: FrameShape, *, scratch: Path, pages: GivingBack
) -> tuple[Samples, ...]:
    """Copy planes to where a job's own lie. Raises DiskFullError."""
    own = pages.watch(new_planes(shape, scratch=scratch))
    for target, samples in zip(own, planes, strict=True):
        for top in range(0, len(target), _ROWS):
            target[top : top + _ROWS] = samples[top : top + _ROWS]
    return own
