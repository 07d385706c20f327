"""Takes a clip through decode, encode and join without changing it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pipelines.media.conservation import check_laws
from pipelines.media.delivery import choose_delivery
from pipelines.media.index import SegmentIndexer, index_video
from pipelines.media.join import join
from pipelines.media.picture import Samples
from pipelines.media.pool import DecodePool
from pipelines.media.reader import FrameReader
from pipelines.media.segment_writer import SegmentWriter
from pipelines.media.video import CodedSegment, Delivery, Law, VideoIndex


def frames_of(pool: DecodePool, path: Path, index: VideoIndex) -> list[tuple[Samples, ...]]:
    """Every frame's planes."""
    found = []
    with FrameReader(pool, path, index) as reader:
        for frame in reader:
            found.append(tuple(plane.copy() for plane in frame.planes))
            reader.release(frame)
    return found


def rewrap(
    pool: DecodePool,
    path: Path,
    folder: Path,
    *,
    cuts: Sequence[int] = (),
    drop: frozenset[int] = frozenset(),
    lossless: bool = True,
    index: VideoIndex | None = None,
) -> tuple[VideoIndex, Delivery, Path, list[bytes]]:
    """Take a clip through decode, encode and join unchanged, cut at `cuts`."""
    index = index or index_video(pool, path)
    shape = index.video.shape
    delivery = choose_delivery(index, shape, lossless=lossless, drop_streams=drop, untouched=True)
    planes = frames_of(pool, path, index)
    starts = (0, *cuts)
    segments, digests = [], []
    for first, stop in zip(starts, (*cuts, len(planes)), strict=True):
        target = folder / f"part-{first}.nut"
        with SegmentWriter(target, index, shape, delivery, first=first) as writer:
            digests += [writer.write(frame) for frame in planes[first:stop]]
            writer.finish()
        segments.append(target)
    out = folder / f"result{delivery.suffix}"
    join(pool, segments, source=path, index=index, delivery=delivery, out=out)
    return index, delivery, out, digests


def coded_segments(pool: DecodePool, folder: Path) -> list[CodedSegment]:
    """What the segments that `rewrap` left in `folder` are made of."""
    paths = sorted(folder.glob("part-*.nut"), key=lambda path: int(path.stem.partition("-")[2]))
    indexer = SegmentIndexer(pool)
    try:
        found = [indexer.index(path) for path in paths]
    finally:
        indexer.close()
    return [CodedSegment(own.frames, coded, bytes(own.digest[0])) for own, coded in found]


def laws_of(
    pool: DecodePool, path: Path, index: VideoIndex, delivery: Delivery, out: Path
) -> tuple[Law, ...]:
    """The laws of a clip that nothing changed."""
    return check_laws(
        pool,
        segments=coded_segments(pool, out.parent),
        source=path,
        index=index,
        result_path=out,
        delivery=delivery,
        result=index.video.shape,
    )
