"""The samples of an enhanced photograph, region by region.

A result does not depend on how it is cut, but for `approximate` networks within their stated
tolerance; so the side of a region is part of the plan, and the same side gives the same samples.

A network that looks at the whole picture is asked once, not once per region: its operation's result
is written down in float32, region by region, and the operations after it read it from there.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from pipelines.media.photo import new_blocks, new_planes, read_photo
from pipelines.media.photo_facts import Photo, PhotoLimits
from pipelines.media.picture import (
    Block,
    FrameShape,
    Plane,
    Region,
    Samples,
    block_from_native,
    native_from_block,
)
from pipelines.media.pool import DecodePool
from pipelines.media.scratch_pages import GivingBack
from pipelines.operations.base import Operation
from pipelines.operations.sighted import Sighted, sighted
from pipelines.ports import Progress
from pipelines.stages.enhance import Chain, pulled_from

REGION_PIXELS = 1024
"""Side of a work region in new plans, in samples of the result."""


def render_photo(
    chain: Chain,
    photo: Photo,
    *,
    side: int,
    threads: int,
    scratch: Path,
    pages: GivingBack,
    progress: Progress,
) -> tuple[Samples, ...]:
    """Compute the result's planes; a chain without operations hands back the source's own.

    Planes lie in memory, or in an unlinked file in `scratch` when large. Raises DiskFullError,
    and what operations raise.
    """
    if not chain.steps:
        return photo.planes
    planes = pages.watch(new_planes(chain.result, scratch=scratch))
    parts = tuple(_parts(chain.operations))
    cuts = [work_regions(part[-1].result, side=side) for part in parts]
    progress.start("enhancing", sum(map(len, cuts)))
    # A network uses every thread by itself; other operations use one each.
    workers = 1 if chain.runs_networks else threads
    source = _native_source(photo.planes, chain.source)
    for part, regions in zip(parts, cuts, strict=True):
        last = part is parts[-1]
        shape = part[-1].result
        resting = () if last else pages.watch(new_blocks(shape, scratch=scratch))
        puts = _put_native(planes, shape) if last else _put_resting(resting, shape)
        _work(_made(part, source), puts, regions, workers=workers, progress=progress)
        source = _resting_source(resting, shape)
    return planes


Give = Callable[[Region], Block]
"""Gives a region of a picture."""


def _parts(operations: Sequence[Operation]) -> Iterator[tuple[Operation, ...]]:
    """Cut a chain after each operation that looks at the whole picture."""
    part: list[Operation] = []
    for operation in operations:
        part.append(operation)
        if sighted(operation):
            yield tuple(part)
            part = []
    if part:
        yield tuple(part)


def _made(part: tuple[Operation, ...], source: Give) -> Give:
    """What gives regions of a part's result; its network is asked here, if it sees all."""
    last: Sighted | None = sighted(part[-1])
    if last is None:
        return lambda region: pulled_from(part, source, region)
    whole = pulled_from(part[:-1], source, part[-1].source.whole)
    seen = last.seen(whole)
    return lambda region: seen.apply([whole], 0, region)


def _work(
    give: Give,
    put: Callable[[Block], None],
    regions: Sequence[Region],
    *,
    workers: int,
    progress: Progress,
) -> None:
    """Compute and put down every region, several at a time."""
    with ThreadPoolExecutor(min(workers, len(regions))) as pool:
        try:
            for _ in pool.map(lambda region: put(give(region)), regions):
                progress.advance()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _native_source(planes: tuple[Samples, ...], shape: FrameShape) -> Give:
    return lambda region: block_from_native(planes, shape, region)


def _resting_source(planes: tuple[Plane, ...], shape: FrameShape) -> Give:
    whole = Block(planes, shape.whole, shape)
    return whole.cut


def _put_native(planes: tuple[Samples, ...], shape: FrameShape) -> Callable[[Block], None]:
    def put(block: Block) -> None:
        for index, samples in enumerate(native_from_block(block)):
            planes[index][block.region.on_plane(index, shape.layout)] = samples

    return put


def _put_resting(planes: tuple[Plane, ...], shape: FrameShape) -> Callable[[Block], None]:
    def put(block: Block) -> None:
        for index, samples in enumerate(block.planes):
            planes[index][block.region.on_plane(index, shape.layout)] = samples

    return put


def read_back(pool: DecodePool, path: Path, shape: FrameShape, *, scratch: Path) -> Photo:
    """Decode a result of `shape` as anybody would.

    A file of our own may be larger than what strangers send. Raises what `read_photo` raises.
    """
    usual = PhotoLimits()
    limits = replace(
        usual,
        pixels=max(usual.pixels, shape.height * shape.width),
        side=max(usual.side, shape.height, shape.width),
    )
    return read_photo(pool, path, scratch=scratch, orientation="keep", limits=limits)


def work_regions(shape: FrameShape, *, side: int = REGION_PIXELS) -> tuple[Region, ...]:
    """Cut a picture into even regions of at most `side` samples a side, on whole chroma."""
    rows = _cuts(shape.height, shape.layout.align_y, side)
    columns = _cuts(shape.width, shape.layout.align_x, side)
    return tuple(
        Region(top, left, bottom - top, right - left)
        for top, bottom in itertools.pairwise(rows)
        for left, right in itertools.pairwise(columns)
    )


def _cuts(length: int, align: int, side: int) -> tuple[int, ...]:
    count = -(-length // side)
    return (*(length * number // count // align * align for number in range(count)), length)
