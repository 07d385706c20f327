"""Runs a network over pictures of any size: whole when small, in tiles when large.

Nothing here happens in silence. When memory runs out the tiles get smaller, and when a tile
comes back with NaN or infinity it is run again in fp32; both are written to `replans`, and
what cannot be saved is an error. A picture goes in as it is: what it holds is never clipped.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from models.engines.base import Session
from models.errors import EngineError, NotFiniteError, OutOfMemoryError
from models.spec import NetworkCard, TilingKind
from models.tiling import Tile, TilePlan, feather, plan

Plane = NDArray[np.float32]
"""(H, W) float32, or (3, H, W) for a network that takes red, green and blue together."""
_Stack = NDArray[np.float32]
"""(C, H, W) float32: what is worked on inside, whatever the network takes."""

DEFAULT_TILE_PIXELS = 512
SMALLEST_TILE_PIXELS = 64


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

    `tile_pixels` bounds the side of what a tile owns. `safe` loads the same network in fp32
    and is called only when a result is not finite; None says that `session` is fp32 already.
    Several threads may call `run`.
    """

    def __init__(
        self,
        session: Session,
        card: NetworkCard,
        *,
        tile_pixels: int = DEFAULT_TILE_PIXELS,
        safe: Callable[[], Session] | None = None,
    ) -> None:
        if tile_pixels < card.tiling.window:
            raise EngineError(
                f"{card.name} cannot run in tiles of {tile_pixels} samples",
                next_step=f"Choose {max(SMALLEST_TILE_PIXELS, card.tiling.window)} or more.",
            )
        self.card = card
        self.replans: list[str] = []
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
            side = self._tile_pixels
            try:
                made = self._run(stack, side)
                return made.reshape(*plane.shape[:-2], *made.shape[-2:])
            except (MemoryError, OutOfMemoryError) as error:
                self._shrink(stack, side, error)

    def _run(self, stack: _Stack, side: int) -> _Stack:
        planes, height, width = stack.shape
        tiles = plan(height, width, rule=self.card.tiling, tile_pixels=side)
        if len(tiles) == 1:
            return self._run_tile(stack, next(iter(tiles)))
        result = np.zeros((planes, height * self.scale, width * self.scale), dtype=np.float32)
        for tile in tiles:
            rows, columns = tile.rows, tile.columns
            source = stack[
                :, rows.read_start : rows.read_stop, columns.read_start : columns.read_stop
            ]
            made = self._run_tile(source, tile)
            (self._blend if tiles.blends else self._place)(result, made, tile)
        return result

    def _run_tile(self, source: _Stack, tile: Tile) -> _Stack:
        """Compute the network's result for what a tile reads, finite and of the promised size."""
        height, width = source.shape[1:]
        window = self.card.tiling.window
        batch = np.ascontiguousarray(source, dtype=np.float32)
        if height % window or width % window:
            batch = np.pad(
                batch, ((0, 0), (0, -height % window), (0, -width % window)), mode="edge"
            )
        made = self._checked(batch[None], tile)
        return made[:, : height * self.scale, : width * self.scale]

    def _checked(self, batch: NDArray[np.float32], tile: Tile) -> _Stack:
        made = self._shaped(self._session.run(batch), batch)
        if _is_finite(made):
            return made
        where = f"the tile at row {tile.rows.start}, column {tile.columns.start}"
        if self._safe is not None:
            made = self._shaped(self._safe().run(batch), batch)
            if _is_finite(made):
                self._note(f"{self.card.name}: {where} was not finite and was run again in fp32")
                return made
        raise NotFiniteError(
            f"{self.card.name} gave NaN or infinity for {where}",
            next_step="Choose another engine, or leave this network out of the graph.",
        )

    def _shaped(self, made: NDArray[np.float32], batch: NDArray[np.float32]) -> _Stack:
        height, width = (side * self.scale for side in batch.shape[2:])
        if made.shape != (1, self.planes, height, width):
            raise EngineError(f"{self.card.name} gave {made.shape} for {batch.shape}")
        return np.asarray(made[0], dtype=np.float32)

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

    def _shrink(self, stack: _Stack, side: int, error: Exception) -> None:
        """Halve the tiles after a lack of memory, or say that nothing helps."""
        height, width = stack.shape[-2:]
        rule = self.card.tiling
        smaller = max(SMALLEST_TILE_PIXELS, rule.window, side // 2)
        if rule.kind is TilingKind.WHOLE_FRAME or smaller >= side:
            raise OutOfMemoryError(
                f"{self.card.name} does not fit into memory for {width}x{height} samples "
                f"in tiles of {side}",
                next_step="Free memory, or use a machine with more of it.",
            ) from error
        with self._lock:
            if self._tile_pixels != side:  # another thread was here first
                return
            self._tile_pixels = smaller
        self._note(
            f"{self.card.name}: out of memory for {width}x{height} samples in tiles of {side}; "
            f"run again in tiles of {smaller}"
        )

    def _note(self, line: str) -> None:
        with self._lock:
            self.replans.append(line)

    def plan(self, height: int, width: int) -> TilePlan:
        """How a plane of this size is cut now."""
        return plan(height, width, rule=self.card.tiling, tile_pixels=self._tile_pixels)


def _is_finite(plane: NDArray[np.float32]) -> bool:
    """Whether no sample is NaN or infinite; extremes carry both, and cost no copy."""
    return bool(np.isfinite(plane.min()) and np.isfinite(plane.max()))
