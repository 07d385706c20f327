"""The samples of an enhanced photograph, region by region.

A result does not depend on how it is cut, but for `approximate` networks within their stated
tolerance; so the side of a region is part of the plan, and the same side gives the same samples.
"""

from __future__ import annotations

import itertools
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from pipelines.media.photo import new_planes, read_photo
from pipelines.media.photo_facts import Photo, PhotoLimits
from pipelines.media.picture import FrameShape, Region, Samples, native_from_block
from pipelines.media.pool import DecodePool
from pipelines.media.scratch_pages import GivingBack
from pipelines.ports import Progress
from pipelines.stages.enhance import Chain

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
    regions = work_regions(chain.result, side=side)
    progress.start("enhancing", len(regions))

    def render(region: Region) -> None:
        native = native_from_block(chain.region(photo.planes, region))
        for index, (plane, samples) in enumerate(zip(planes, native, strict=True)):
            plane[region.on_plane(index, chain.result.layout)] = samples

    # A network uses every thread by itself; other operations use one each.
    workers = 1 if chain.runs_networks else min(threads, len(regions))
    with ThreadPoolExecutor(workers) as pool:
        try:
            for _ in pool.map(render, regions):
                progress.advance()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return planes


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
