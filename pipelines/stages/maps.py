"""The two maps of a result: where it contradicts its input, and what was supplied.

*Contradiction*: the result as handed to the encoder, degraded again by the chain's forward model
and rounded to codes, minus the input, where that exceeds what noise explains. Drawn on the
input's samples. *Supplied*: the result minus the plain counterpart of the chain, rounded to codes
as well. Drawn on the result's samples.

What this cannot show: detail that was never in the scene can agree with the input in every
sample once it is degraded. It is then absent from the first map and present in the second.

Flat in memory: strips of native planes, whatever the size of the picture.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import numpy as np

from pipelines.media.picture import FrameShape, Region, Samples, native_from_block
from pipelines.operations.base import Operation
from pipelines.operations.forward import Applied, NoWay, Way, degraded_again, plain_counterpart
from pipelines.operations.steered import at_frame
from pipelines.quality.difference import Difference, allowance, difference
from pipelines.quality.indexed_png import IndexedPng
from pipelines.quality.noise import noise_of_planes
from pipelines.quality.ramp import FULL_SCALE, PALETTE, steps_of
from pipelines.quality.spread import SpreadMeter
from pipelines.quality.thumbnail import Steps, Thumbnail
from pipelines.stages.enhance import Chain, covered, pulled, reads
from pipelines.stages.export.facts_quality import (
    MapFacts,
    MapKind,
    MapNumbers,
    MapPictureFacts,
    QualityFacts,
    Standing,
)

Planes = tuple[Samples, ...]
Opener = Callable[[Path], AbstractContextManager[BinaryIO]]

STRIP_SAMPLES = 1 << 18
_LEAST_ROWS = 16
_MOST_TRIMMED = 64

_TITLES = {
    MapKind.CONTRADICTION: "Where the result, degraded again, differs from the input by more "
    "than noise explains; drawn on the input's samples",
    MapKind.SUPPLIED: "Where the result differs from a plain reconstruction of the input; drawn "
    "on the result's samples",
}


@dataclass(frozen=True, slots=True)
class MadeMap:
    """One map: its facts, and where its picture lies and what the report draws of it, if any."""

    facts: MapFacts
    path: Path | None = None
    dots: Steps | None = None


@dataclass(frozen=True, slots=True)
class Judged:
    """How a result was held against its input: the facts, and the maps that have pictures."""

    facts: QualityFacts = field(default_factory=QualityFacts)
    maps: tuple[MadeMap, ...] = ()

    @property
    def paths(self) -> tuple[Path, ...]:
        """The pictures' files, in the order of the maps."""
        return tuple(one.path for one in self.maps if one.path is not None)

    @property
    def drawn(self) -> dict[str, Steps]:
        """What the report draws of each picture, by its file name."""
        return {
            one.path.name: one.dots
            for one in self.maps
            if one.path is not None and one.dots is not None
        }


@dataclass(frozen=True, slots=True)
class Pair:
    """One picture as it came in and as it was handed to the encoder; native planes.

    `frame` is None for a still picture.
    """

    before: Planes
    after: Planes
    frame: int | None = None


@dataclass(frozen=True, slots=True)
class _Sheet:
    """What a map is drawn on: a region of `shape`, and how strips of both sides are made."""

    kind: MapKind
    shape: FrameShape
    region: Region
    sides: Callable[[Region], tuple[Planes, Planes]]
    against: tuple[str, ...]


class MapMaker:
    """Makes the maps of pictures that went through `chain`."""

    def __init__(self, chain: Chain) -> None:
        applied = tuple(
            Applied(bound.step.descriptor, bound.step.parameters, bound.operation)
            for bound in chain.steps
        )
        self._chain = chain
        self._back = degraded_again(applied)
        self._plain = plain_counterpart(applied)
        self._judged: Region | None = None
        if isinstance(self._back, Way):
            self._judged = _judged(chain, self._back.operations)
            if self._judged is None:
                self._back = NoWay("too little of the picture is left to degrade it again")

    @property
    def nothing(self) -> tuple[MadeMap, ...]:
        """The maps that do not apply to this chain, each with its reason."""
        found = []
        for kind, way in ((MapKind.CONTRADICTION, self._back), (MapKind.SUPPLIED, self._plain)):
            if isinstance(way, NoWay):
                facts = MapFacts(
                    kind=kind, standing=Standing.NOT_APPLICABLE, reason=f"{way.reason}."
                )
                found.append(MadeMap(facts))
        return tuple(found)

    @property
    def applies(self) -> bool:
        """Whether there is any map to make."""
        return len(self.nothing) < len(MapKind)

    def make(
        self, pair: Pair, *, folder: Path, opener: Opener, pictured: bool = True
    ) -> tuple[MadeMap, ...]:
        """Make the maps that apply. With `pictured`, PNG files are written into `folder`.

        Raises what `opener` raises where a file cannot be written.
        """
        sheets = list(self._sheets(pair))
        if not sheets:
            return ()
        noise = noise_of_planes(pair.before, self._chain.source)
        made = []
        for sheet in sheets:
            path = folder / map_name(sheet.kind, pair.frame) if pictured else None
            made.append(_drawn(sheet, noise, pair.frame, path, opener))
        return tuple(made)

    def _sheets(self, pair: Pair) -> Iterator[_Sheet]:
        source, result = self._chain.source, self._chain.result
        if isinstance(self._back, Way) and self._judged is not None:
            back = _at(self._back.operations, pair.frame)

            def contradicted(region: Region) -> tuple[Planes, Planes]:
                return (
                    native_from_block(pulled(back, pair.after, result, region)),
                    _cut(pair.before, source, region),
                )

            yield _Sheet(
                MapKind.CONTRADICTION, source, self._judged, contradicted, self._back.words
            )
        if isinstance(self._plain, Way):
            plain = _at(self._plain.operations, pair.frame)

            def supplied(region: Region) -> tuple[Planes, Planes]:
                return (
                    _cut(pair.after, result, region),
                    native_from_block(pulled(plain, pair.before, source, region)),
                )

            yield _Sheet(MapKind.SUPPLIED, result, result.whole, supplied, self._plain.words)


def _at(operations: Sequence[Operation], frame: int | None) -> tuple[Operation, ...]:
    """The operations at a frame: one with a region may have nothing to do there."""
    return tuple(at_frame(operation, frame or 0) for operation in operations)


def strips(region: Region, shape: FrameShape) -> Iterator[Region]:
    """Cut a region into strips of its whole width, on whole chroma."""
    align = shape.layout.align_y
    rows = max(_LEAST_ROWS, STRIP_SAMPLES // region.width) // align * align
    for top in range(region.top, region.bottom, rows):
        yield Region(top, region.left, min(rows, region.bottom - top), region.width)


def _cut(planes: Planes, shape: FrameShape, region: Region) -> Planes:
    return tuple(plane[region.on_plane(index, shape.layout)] for index, plane in enumerate(planes))


def _judged(chain: Chain, back: Sequence[Operation]) -> Region | None:
    """The part of the source that the result, degraded again, says something about.

    All that the result shows; after a crop, less by what the reduction would read from beyond it.
    """
    shown = covered(chain)
    for trimmed in range(_MOST_TRIMMED):
        inner = _aligned(shown, trimmed, chain.source)
        if inner is None:
            return None
        if reads(back, inner) is not None:
            return inner
    return None


def _aligned(region: Region, trimmed: int, shape: FrameShape) -> Region | None:
    """`region` smaller by `trimmed` chroma samples on each side, on whole chroma."""
    ax, ay = shape.layout.align_x, shape.layout.align_y
    top, left = (-(-region.top // ay) + trimmed) * ay, (-(-region.left // ax) + trimmed) * ax
    bottom = region.bottom if region.bottom == shape.height else region.bottom // ay * ay
    right = region.right if region.right == shape.width else region.right // ax * ax
    bottom, right = bottom - trimmed * ay, right - trimmed * ax
    if bottom <= top or right <= left:
        return None
    return Region(top, left, bottom - top, right - left)


def map_name(kind: MapKind, frame: int | None) -> str:
    """What the picture of a map is called; a photograph's map names no frame."""
    return f"{kind.value}.png" if frame is None else f"{kind.value}-{frame}.png"


def _drawn(
    sheet: _Sheet,
    noise: Sequence[float],
    frame: int | None,
    path: Path | None,
    opener: Opener,
) -> MadeMap:
    """Measure a sheet strip by strip, and draw it where it gets a picture."""
    allowed = allowance(noise, sheet.shape)
    meter = SpreadMeter()
    picture: MapPictureFacts | None = None
    dots: Steps | None = None

    def measured() -> Iterator[Steps]:
        for region in strips(sheet.region, sheet.shape):
            found = difference(*sheet.sides(region), sheet.shape.layout, allowed)
            meter.add(found.size, found.beyond)
            yield steps_of(_shown(sheet.kind, found))

    if path is None:
        for _ in measured():
            pass
    else:
        dots, picture = _pictured(sheet, measured(), path, opener)
    spread = meter.spread()
    facts = MapFacts(
        kind=sheet.kind,
        standing=Standing.MEASURED,
        frame=frame,
        against=sheet.against,
        numbers=MapNumbers.model_validate(
            {
                "noise": tuple(round(one, 3) for one in noise),
                "allowed": tuple(round(one, 3) for one in allowed),
                "samples": spread.samples,
                "beyond": spread.beyond,
                "largest": spread.largest,
                "percentile_99": spread.percentile_99,
            }
        ),
        picture=picture,
    )
    return MadeMap(facts, path, dots)


def _shown(kind: MapKind, found: Difference) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    """What is drawn: of contradiction only what lies beyond noise, of the other all of it."""
    return found.size * found.beyond if kind is MapKind.CONTRADICTION else found.size


def _pictured(
    sheet: _Sheet, rows: Iterator[Steps], path: Path, opener: Opener
) -> tuple[Steps, MapPictureFacts]:
    width, height = sheet.region.width, sheet.region.height
    thumbnail = Thumbnail(height=height, width=width)
    texts = {
        "Title": _TITLES[sheet.kind],
        "Description": f"Palette step i is i/8 of an 8-bit code value, the last step "
        f"{FULL_SCALE} or more. Held against: {'; '.join(sheet.against)}.",
    }
    with opener(path) as out:
        png = IndexedPng(out, width=width, height=height, palette=PALETTE, texts=texts)
        for strip in rows:
            png.write(strip)
            thumbnail.add(strip)
        png.finish()
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    dots = thumbnail.dots()
    facts = MapPictureFacts.model_validate(
        {
            "file_name": path.name,
            "sha256": digest,
            "bytes": path.stat().st_size,
            "width": width,
            "height": height,
            "full_scale": FULL_SCALE,
            "samples_per_dot": thumbnail.samples_per_dot,
            "drawn_sha256": hashlib.sha256(dots.tobytes()).hexdigest(),
        }
    )
    return dots, facts
