"""Gives the pages of scratch files back to the system while large pictures are worked on.

Planes of a large picture are a mapped file. What was touched of it counts as resident memory
until the system wants it back; a job that is watched by its resident size would look as large as
its picture. `GivingBack` asks the kernel to forget the mapped pages now and then: the file keeps
them, and whoever touches one again gets it again (madvise(2), MADV_DONTNEED on a shared map).
"""

from __future__ import annotations

import mmap
import threading
from types import TracebackType
from typing import Any, Self, TypeVar

from pipelines.media.photo_planes import IN_MEMORY_BYTES
from pipelines.media.picture import Plane, Samples

PERIOD_SECONDS = 0.05

Kept = TypeVar("Kept", Samples, Plane)


class GivingBack:
    """While it is entered, pages of the planes that it watches are given back every moment."""

    def __init__(self) -> None:
        self._mappings: list[mmap.mmap] = []
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="pages", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._ended.set()
        self._thread.join()
        self._mappings.clear()

    def watch(self, planes: tuple[Kept, ...]) -> tuple[Kept, ...]:
        """Watch the file behind `planes`, if they have one; returns `planes`."""
        for plane in planes:
            mapping = _mapping_of(plane)
            known = any(mapping is one for one in self._mappings)
            if mapping is not None and not known and len(mapping) > IN_MEMORY_BYTES:
                self._mappings.append(mapping)
        return planes

    def _run(self) -> None:
        while not self._ended.wait(PERIOD_SECONDS):
            for mapping in tuple(self._mappings):
                mapping.madvise(mmap.MADV_DONTNEED)


def _mapping_of(plane: Any) -> mmap.mmap | None:
    """The map that holds an array's samples; None where it lies in plain memory."""
    while plane is not None:
        if isinstance(plane, mmap.mmap):
            return plane
        plane = plane.obj if isinstance(plane, memoryview) else getattr(plane, "base", None)
    return None
