"""Cuts a plane into tiles, as pure numbers.

What holds for every plan:
- every sample of the plane belongs to the core of exactly one tile;
- a tile reads its core and a halo, clipped at the plane's edge and never padded, so a network
  meets its own border padding at true edges and only there;
- under the `exact` rule the halo is the network's reach, so what a tile computes for its core
  is what the whole plane would have given;
- under `fixed` a tile reads as many samples as the network takes, fewer only at the far edges of
  the plane, where whoever runs it has to fill up;
- under `aligned`, `fixed` and `approximate` neighbours overlap, and `feather` gives the weights
  that blend them; the weights of all tiles add up to one at every sample.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from models.spec import NetworkCard, TilingKind, TilingRule


@dataclass(frozen=True, slots=True)
class Span:
    """One tile along one axis, in input samples; every range is half-open.

    The core is what the tile owns, `read_start:read_stop` what it reads. `blend_before` and
    `blend_after` are the samples on each side of a core's border over which neighbours fade
    into each other; zero at the plane's edge and under the `exact` rule.
    """

    start: int
    stop: int
    read_start: int
    read_stop: int
    blend_before: int = 0
    blend_after: int = 0

    @property
    def length(self) -> int:
        """Samples that the tile owns."""
        return self.stop - self.start

    @property
    def read_length(self) -> int:
        """Samples that the tile reads."""
        return self.read_stop - self.read_start


@dataclass(frozen=True, slots=True)
class Tile:
    """One tile of a plane."""

    rows: Span
    columns: Span

    @property
    def read_pixels(self) -> int:
        """Input samples that the tile reads: what its memory need is computed from."""
        return self.rows.read_length * self.columns.read_length


@dataclass(frozen=True, slots=True)
class TilePlan:
    """All tiles of a plane of `height` x `width` input samples, in raster order."""

    height: int
    width: int
    rows: tuple[Span, ...]
    columns: tuple[Span, ...]

    def __len__(self) -> int:
        return len(self.rows) * len(self.columns)

    def __iter__(self) -> Iterator[Tile]:
        return (Tile(rows, columns) for rows in self.rows for columns in self.columns)

    @property
    def blends(self) -> bool:
        """Whether neighbouring tiles have to be blended."""
        return any(span.blend_after for span in (*self.rows, *self.columns))

    @property
    def largest_read_pixels(self) -> int:
        """Input samples of the largest tile with its halo."""
        tallest = max(span.read_length for span in self.rows)
        return tallest * max(span.read_length for span in self.columns)


def plan(height: int, width: int, *, rule: TilingRule, tile_pixels: int) -> TilePlan:
    """Cut a plane of `height` x `width` input samples.

    `tile_pixels` bounds the side of a core, halo not counted; under `aligned` it is rounded
    down to whole windows, and under `fixed` the rule states it. A plane with no more samples than
    one full tile would read stays whole, and so does every plane under `whole-frame`. Raises
    ValueError for an empty plane or a tile that is smaller than one sample or one window.
    """
    if height < 1 or width < 1:
        raise ValueError(f"a plane of {width}x{height} samples cannot be cut")
    if rule.kind is TilingKind.FIXED:
        return TilePlan(height, width, _cut_fixed(height, rule), _cut_fixed(width, rule))
    side = tile_pixels // rule.window * rule.window
    if side < 1:
        raise ValueError(f"a tile of {tile_pixels} is smaller than a window of {rule.window}")
    whole = height * width <= (side + 2 * rule.halo) ** 2
    if whole or rule.kind is TilingKind.WHOLE_FRAME:
        rows, columns = Span(0, height, 0, height), Span(0, width, 0, width)
        return TilePlan(height, width, (rows,), (columns,))
    return TilePlan(height, width, _cut(height, side, rule), _cut(width, side, rule))


def memory_ceiling_bytes(card: NetworkCard, height: int, width: int, *, tile_pixels: int) -> int:
    """Compute what running a network on a plane of `height` x `width` needs at most, in bytes.

    The card's need for the largest tile, plus the whole float32 result when there are several
    tiles. The plane that goes in is the caller's. Raises ValueError as `plan` does.
    """
    tiles = plan(height, width, rule=card.tiling, tile_pixels=tile_pixels)
    samples = height * width * card.scale**2 * card.channels.planes
    result_bytes = 4 * samples if len(tiles) > 1 else 0
    read = tiles.largest_read_pixels
    if card.tiling.kind is TilingKind.FIXED:
        read = card.tiling.window**2
    return card.memory.total_bytes(read) + result_bytes


def _cut(length: int, side: int, rule: TilingRule) -> tuple[Span, ...]:
    """Cut one axis into cores of nearly equal length, so that few tile shapes occur."""
    windows = -(-length // rule.window)
    per_tile = side // rule.window
    count = -(-windows // per_tile)
    cuts = [windows * index // count * rule.window for index in range(count)] + [length]
    spans = []
    blends = [0, *_blends(cuts, rule), 0]
    for index, (start, stop) in enumerate(pairwise(cuts)):
        spans.append(
            Span(
                start=start,
                stop=stop,
                read_start=max(0, start - rule.halo),
                read_stop=min(length, stop + rule.halo),
                blend_before=blends[index],
                blend_after=blends[index + 1],
            )
        )
    return tuple(spans)


def _cut_fixed(length: int, rule: TilingRule) -> tuple[Span, ...]:
    """Cut one axis so that every tile reads `window` samples and shares `2 * reach` with the next.

    Neighbours meet in the middle of what they share, and fade into each other around it.
    """
    side, reach = rule.window, rule.reach
    stride = side - 2 * reach
    blend = min(reach, stride // 2)
    count = 1 if length <= side else -(-(length - 2 * reach) // stride)
    spans = []
    for number in range(count):
        first, last = number == 0, number == count - 1
        read = number * stride
        stop = length if last else read + side - reach
        spans.append(
            Span(
                start=0 if first else read + reach,
                stop=stop,
                read_start=read,
                read_stop=min(length, read + side),
                blend_before=0 if first else blend,
                blend_after=0 if last else blend,
            )
        )
    return tuple(spans)


def _blends(cuts: list[int], rule: TilingRule) -> list[int]:
    """Bound the fade on each side of every inner cut: the halo, but never past half of a core."""
    if rule.kind is TilingKind.EXACT:
        return [0] * (len(cuts) - 2)
    return [
        min(rule.halo, (cut - before) // 2, (after - cut) // 2)
        for before, cut, after in zip(cuts, cuts[1:], cuts[2:], strict=False)
    ]


def feather(span: Span, scale: int) -> tuple[float, ...]:
    """Compute the weight of every output sample that the tile reads along one axis.

    One on the core, falling linearly over the blend, zero beyond it: `scale * read_length`
    numbers. Where two tiles overlap their weights add up to one.
    """
    weights = []
    for index in range(span.read_start * scale, span.read_stop * scale):
        centre = (index + 0.5) / scale
        entering = _fade(centre - span.start, span.blend_before)
        weights.append(entering * _fade(span.stop - centre, span.blend_after))
    return tuple(weights)


def _fade(inside: float, blend: int) -> float:
    """0 to 1 across a border, `inside` samples past it, over `blend` samples on each side."""
    if blend == 0:
        return 1.0 if inside > 0 else 0.0
    return min(1.0, max(0.0, 0.5 + inside / (2 * blend)))
