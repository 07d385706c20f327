"""Runs a network over pictures of any size: whole when small, in tiles when large.

Nothing here happens in silence. When memory runs out, fewer tiles go through at once, then the
tiles get smaller; when a tile comes back with NaN, infinity or, in a reduced precision, without
any contrast, it is run again in fp32. All of it is written to `replans`, and what cannot be saved
is an error. What a picture holds is never clipped. It is 0..1 here and everywhere above; a network
whose card says that it calls black -1 is handed that, and what it gives is brought back.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from models.engines.base import Session
from models.errors import EngineError, NotFiniteError, OutOfMemoryError
from models.spec import NetworkCard, SampleRange, TilingKind
from models.tiling import Tile, TilePlan, feather, plan

Plane = NDArray[np.float32]
"""(H, W) float32, or (3, H, W) for a network that takes red, green and blue together."""
_Stack = NDArray[np.float32]
"""(C, H, W) float32: what is worked on inside, whatever the network takes."""

DEFAULT_TILE_PIXELS = 512
SMALLEST_TILE_PIXELS = 64
_CONTRAST, _NO_CONTRAST = 8 / 255, 0.5 / 255
"""A tile with the one that becomes a tile below the other was lost, not enhanced."""

_SHRUNK = re.compile(r"(?P<model>[^:]+): .*; run again in tiles of (?P<side>[0-9]{1,9})")


def replanned_tile(line: str) -> tuple[str, int] | None:
    """Read a line of `replans` back: which network went on in tiles of which side.

    None for a line that tells of something else. What was planned anew is part of what ran, so
    whoever runs it again needs it.
    """
    found = _SHRUNK.fullmatch(line)
    return None if found is None else (found["model"], int(found["side"]))


class TiledNetwork:
    """A loaded network that runs on pictures of any size.

    `tile_pixels` bounds the side of what a tile owns; with `tile_is_fixed` it never gets
    smaller, because a person set it. Up to `batch` tiles of one size go through at once. `safe`
    loads the same network in fp32 and is called only when a result cannot be right; None says
    that `session` is fp32 already. `note` hears every line of `replans` as it is written.
    Several threads may call `run`.
    """

    def __init__(
        self,
        session: Session,
        card: NetworkCard,
        *,
        tile_pixels: int = DEFAULT_TILE_PIXELS,
        tile_is_fixed: bool = False,
        batch: int = 1,
        safe: Callable[[], Session] | None = None,
        note: Callable[[str], None] | None = None,
    ) -> None:
        if tile_pixels < card.tiling.window:
            raise EngineError(
                f"{card.name} cannot run in tiles of {tile_pixels} samples",
                next_step=f"Choose {max(SMALLEST_TILE_PIXELS, card.tiling.window)} or more.",
            )
        self.card = card
        self.replans: list[str] = []
        self._tile_is_fixed = tile_is_fixed
        self._batch = max(1, batch)
        self._heard = note
        self._session = session
        self._safe = safe
        self._tile_pixels = tile_pixels
        self._lock = threading.Lock()

    @property
    def scale(self) -> int:
        """Output samples per input sample along each axis."""
        return self.card.scale

    @property
    def planes(self) -> int:
        """Planes that go in together: 1 for luma, 3 for red, green and blue."""
        return self.card.channels.planes

    @property
    def reach(self) -> int:
        """Input samples on each side that one output sample depends on."""
        return self.card.tiling.sight

    @property
    def tile_pixels(self) -> int:
        """The side of a tile's core now; smaller than asked for after a re-plan."""
        return self._tile_pixels

    @property
    def batch(self) -> int:
        """Tiles that go through at once now; fewer than asked for after a re-plan."""
        return self._batch

    def run(self, plane: Plane) -> Plane:
        """(H, W) float32, nominally in 0..1, to (scale*H, scale*W) float32, unclamped.

        With three planes (3, H, W) to (3, scale*H, scale*W). Raises NotFiniteError when the
        picture or the result holds NaN or infinity, OutOfMemoryError when not even the smallest
        tile fits, EngineError otherwise.
        """
        stacked = () if self.planes == 1 else (self.planes,)
        if plane.size == 0 or plane.shape != (*stacked, *plane.shape[-2:]) or plane.ndim < 2:
            form = "(H, W)" if self.planes == 1 else f"({self.planes}, H, W)"
            raise EngineError(f"a picture {form} is needed, not an array of shape {plane.shape}")
        if not _is_finite(plane):
            raise NotFiniteError("the picture that goes into the network holds NaN or infinity")
        stack = plane.reshape(self.planes, *plane.shape[-2:])
        while True:
            side, batch = self._tile_pixels, self._batch
            try:
                made = self._run(stack, side, batch)
                return made.reshape(*plane.shape[:-2], *made.shape[-2:])
            except (MemoryError, OutOfMemoryError) as error:
                self._shrink(stack, side, batch, error)

    def _run(self, stack: _Stack, side: int, batch: int) -> _Stack:
        _, height, width = stack.shape
        tiles = plan(height, width, rule=self.card.tiling, tile_pixels=side)
        if len(tiles) == 1:
            return self._run_tiles([stack], [next(iter(tiles))])[0]
        size = (self.planes, height * self.scale, width * self.scale)
        result = np.zeros(size, dtype=np.float32)
        put = self._blend if tiles.blends else self._place
        for group in _alike(tiles, batch):
            made = self._run_tiles([_read(stack, tile) for tile in group], group)
            for one, tile in zip(made, group, strict=True):
                put(result, one, tile)
        return result

    def _run_tiles(self, sources: Sequence[_Stack], tiles: Sequence[Tile]) -> list[_Stack]:
        """Compute what tiles of one size read, each finite and of the promised size."""
        _, height, width = sources[0].shape
        window = self.card.tiling.window
        batch = np.ascontiguousarray(np.stack(sources), dtype=np.float32)
        if height % window or width % window:
            padding = ((0, 0), (0, 0), (0, -height % window), (0, -width % window))
            batch = np.pad(batch, padding, mode="edge")
        made = self._through(self._session, batch)
        kept = (slice(None), slice(height * self.scale), slice(width * self.scale))
        return [
            self._checked(made[index], batch[index : index + 1], tile)[kept]
            for index, tile in enumerate(tiles)
        ]

    def _checked(self, made: _Stack, source: NDArray[np.float32], tile: Tile) -> _Stack:
        """Return a tile's result, from the safe session where the first one cannot be right."""
        finite = _is_finite(made)
        if finite and (self._safe is None or not _lost(made, source)):
            return made
        where = f"the tile at row {tile.rows.start}, column {tile.columns.start}"
        if self._safe is not None:
            again: _Stack = self._through(self._safe(), source)[0]
            if _is_finite(again):
                how = "was not finite" if not finite else "had no contrast left"
                self._note(f"{self.card.name}: {where} {how} and was run again in fp32")
                return again
        raise NotFiniteError(
            f"{self.card.name} gave NaN or infinity for {where}",
            next_step="Choose another engine, or leave this network out of the graph.",
        )

    def _through(self, session: Session, batch: NDArray[np.float32]) -> NDArray[np.float32]:
        """Run a batch of 0..1 in the numbers that the network itself takes and gives."""
        signed = self.card.samples is SampleRange.SIGNED
        made = session.run(batch * np.float32(2) - np.float32(1) if signed else batch)
        height, width = (side * self.scale for side in batch.shape[2:])
        if made.shape != (batch.shape[0], self.planes, height, width):
            raise EngineError(f"{self.card.name} gave {made.shape} for {batch.shape}")
        result: NDArray[np.float32] = np.asarray(made, dtype=np.float32)
        return (result + np.float32(1)) * np.float32(0.5) if signed else result

    def _place(self, result: _Stack, made: _Stack, tile: Tile) -> None:
        """Put the core of an exact tile where it belongs."""
        rows, columns, scale = tile.rows, tile.columns, self.scale
        top, left = rows.start - rows.read_start, columns.start - columns.read_start
        result[
            :, rows.start * scale : rows.stop * scale, columns.start * scale : columns.stop * scale
        ] = made[
            :,
            top * scale : (top + rows.length) * scale,
            left * scale : (left + columns.length) * scale,
        ]

    def _blend(self, result: _Stack, made: _Stack, tile: Tile) -> None:
        """Add all that a tile read, weighted so that overlapping tiles add up to one."""
        rows, columns, scale = tile.rows, tile.columns, self.scale
        down = np.asarray(feather(rows, scale), dtype=np.float32)
        across = np.asarray(feather(columns, scale), dtype=np.float32)
        result[
            :,
            rows.read_start * scale : rows.read_stop * scale,
            columns.read_start * scale : columns.read_stop * scale,
        ] += made * down[:, None] * across

    def _shrink(self, stack: _Stack, side: int, batch: int, error: Exception) -> None:
        """After a lack of memory halve the batch, then the tiles, or say that nothing helps."""
        _, height, width = stack.shape
        rule = self.card.tiling
        smaller = max(SMALLEST_TILE_PIXELS, rule.window, side // 2)
        whole = rule.kind in (TilingKind.WHOLE_FRAME, TilingKind.FIXED)
        if batch == 1 and (self._tile_is_fixed or whole or smaller >= side):
            help_ = (
                "name a smaller tile" if self._tile_is_fixed else "use a machine with more of it"
            )
            raise OutOfMemoryError(
                f"{self.card.name} does not fit into memory for {width}x{height} samples "
                f"in tiles of {side}, one at a time",
                next_step=f"Free memory, or {help_}.",
            ) from error
        with self._lock:
            if (self._tile_pixels, self._batch) != (side, batch):  # another thread was here first
                return
            if batch > 1:
                self._batch = batch // 2
                then = f"batches of {batch // 2}"
            else:
                self._tile_pixels = smaller
                then = f"tiles of {smaller}"
        now = f"tiles of {side}" if batch == 1 else f"tiles of {side}, {batch} at once"
        self._note(
            f"{self.card.name}: out of memory for {width}x{height} samples in {now}; "
            f"run again in {then}"
        )

    def _note(self, line: str) -> None:
        with self._lock:
            self.replans.append(line)
        if self._heard is not None:
            self._heard(line)

    def plan(self, height: int, width: int) -> TilePlan:
        """How a plane of this size is cut now."""
        return plan(height, width, rule=self.card.tiling, tile_pixels=self._tile_pixels)


def _is_finite(planes: NDArray[np.float32]) -> bool:
    """Whether no sample is NaN or infinite; extremes carry both, and cost no copy."""
    return bool(np.isfinite(planes.min()) and np.isfinite(planes.max()))


def _lost(made: _Stack, source: NDArray[np.float32]) -> bool:
    """Whether a tile with contrast became one without: what overflow leaves, once clamped."""
    return bool(np.ptp(source) > _CONTRAST and np.ptp(made) < _NO_CONTRAST)


def _read(stack: _Stack, tile: Tile) -> _Stack:
    rows, columns = tile.rows, tile.columns
    return stack[:, rows.read_start : rows.read_stop, columns.read_start : columns.read_stop]


def _alike(tiles: TilePlan, batch: int) -> Iterator[list[Tile]]:
    """Yield runs of neighbouring tiles that read planes of one size, at most `batch` each."""
    group: list[Tile] = []
    for tile in tiles:
        if group and (len(group) == batch or _size(tile) != _size(group[0])):
            yield group
            group = []
        group.append(tile)
    if group:
        yield group


def _size(tile: Tile) -> tuple[int, int]:
    return tile.rows.read_length, tile.columns.read_length
