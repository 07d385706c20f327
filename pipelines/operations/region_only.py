"""Any operation that keeps the size, held to a region that a person drew.

out = in + w * (operation(in) - in) with the weights w of `pipelines.operations.drawn`: where w is
0 the sample is the one that came, bit for bit, and where it is 1 the one that the operation gives
on the whole picture. The operation is asked for the surroundings of the region only; the contract
of `pipelines.operations.base` makes that the same samples.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy

import numpy as np

from pipelines.media.picture import Block, Plane, Region
from pipelines.operations.base import Operation
from pipelines.operations.drawn import Drawn, around
from pipelines.operations.sighted import sighted


class RegionOnly:
    """An operation within a region. `drawn` is laid out on the operation's own samples."""

    def __init__(self, inner: Operation, drawn: Drawn) -> None:
        self.inner = inner
        self.drawn = drawn
        self.name = inner.name
        self.source = inner.source
        self.result = inner.result
        self.before = inner.before
        self.after = inner.after
        self._works = True

    def at(self, frame: int) -> Operation:
        """The same operation at a frame of the source, where it may have nothing to do."""
        if self.drawn.has(frame) == self._works:
            return self
        other = copy(self)
        other._works = not self._works  # noqa: SLF001 - a copy of our own
        return other

    @property
    def sees_all(self) -> bool:
        """Whether a network looks at the whole picture for the region."""
        return sighted(self.inner) is not None

    def seen(self, block: Block) -> Operation:
        """The same operation for one picture alone; `block` is the whole of what comes in."""
        looking = sighted(self.inner)
        return self if looking is None else RegionOnly(looking.seen(block), self.drawn)

    def needs(self, out: Region) -> Region:
        """Name the region itself, and what the operation reads for what of it is worked on."""
        worked = self._worked(out)
        return out if worked is None else around(out, self.inner.needs(worked))

    def apply(self, window: Sequence[Block], centre: int, out: Region) -> Block:
        """Compute region `out`; see `pipelines.operations.base.Operation`."""
        came = window[centre].cut(out)
        worked = self._worked(out)
        if worked is None:
            return came
        read = self.inner.needs(worked)
        made = self.inner.apply([block.cut(read) for block in window], centre, worked)
        planes = [
            self._mixed(plane, made.planes[number], number, out, worked)
            for number, plane in enumerate(came.planes)
        ]
        return Block(tuple(planes), out, self.result)

    def _worked(self, out: Region) -> Region | None:
        return self.drawn.within(out) if self._works else None

    def _mixed(self, came: Plane, made: Plane, number: int, out: Region, worked: Region) -> Plane:
        """One plane of `out`: as it came, with what was made where it belongs to the region."""
        layout = self.source.layout
        own, inner = out.on_plane(number, layout), worked.on_plane(number, layout)
        place = tuple(
            slice(there.start - here.start, there.stop - here.start)
            for here, there in zip(own, inner, strict=True)
        )
        weights = self.drawn.weights(worked, number)
        mixed = came.copy()
        old = mixed[place]
        new = np.where(weights < 1, old + weights * (made - old), made)
        mixed[place] = np.where(weights > 0, new, old)
        return mixed
