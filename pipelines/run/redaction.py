"""Makes regions of a copy unrecognisable for good: what lies beneath is in no way in the copy.

*Solid*: one value everywhere. *Mosaic*: blocks of random brightness, drawn once with the
operating system's randomness and held from then on. No block depends on the samples beneath it,
so neither averaging over frames nor comparing with guesses gives anything back. Chroma is
neutral.

A blur, and a mosaic of means, can be undone: by deconvolution, by comparing with guesses, by
averaging over frames in which the subject moves against the blocks. So neither is offered.

A region is grown to whole chroma samples, so no mixed sample is left at its edge.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from pipelines.media.picture import Region, Samples
from pipelines.run.hidden_regions import Hidden

FILL = 16
BLOCKS = 8
"""Blocks along the shorter side of a mosaic."""

_LEVELS = (48, 208)
_NEUTRAL = 128


class Cover(StrEnum):
    """How a region is covered."""

    SOLID = "solid"
    MOSAIC = "mosaic"


class Redactor:
    """Covers regions in frames that come in order; `draw` fits `pipelines.run.copies.Drawing`."""

    def __init__(self, hidden: Iterable[Hidden], cover: Cover, *, seed: int | None = None) -> None:
        self._hidden = tuple(hidden)
        self._cover = cover
        # The seed is nowhere written down; a test may give one.
        self._random = np.random.default_rng(secrets.randbits(128) if seed is None else seed)
        self._mosaics: dict[int, NDArray[np.uint8]] = {}

    def draw(self, frame: int, planes: tuple[Samples, ...]) -> tuple[Samples, ...]:
        """Cover what is to be hidden in this frame, in place."""
        for number, one in enumerate(self._hidden):
            if one.first <= frame <= one.last:
                self._one(number, one.region, planes)
        return planes

    def _one(self, number: int, region: Region, planes: Sequence[Samples]) -> None:
        rows, columns = slice(region.top, region.bottom), slice(region.left, region.right)
        luma = planes[0][rows, columns]
        if self._cover is Cover.SOLID:
            luma[:] = FILL
        else:
            if number not in self._mosaics:
                self._mosaics[number] = self._mosaic(luma)
            luma[:] = self._mosaics[number]
        half = (
            slice(region.top // 2, -(-region.bottom // 2)),
            slice(region.left // 2, -(-region.right // 2)),
        )
        for chroma in planes[1:]:
            chroma[half] = _NEUTRAL

    def _mosaic(self, luma: Samples) -> NDArray[np.uint8]:
        """Blocks of which none knows anything of the samples beneath."""
        height, width = luma.shape
        side = max(1, -(-min(height, width) // BLOCKS))
        size = (-(-height // side), -(-width // side))
        blocks = self._random.integers(*_LEVELS, size)
        whole = blocks.astype(np.uint8).repeat(side, axis=0).repeat(side, axis=1)
        return whole[:height, :width]
