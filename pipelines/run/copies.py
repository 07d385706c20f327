"""Copies of a clip that play anywhere: H.264 baseline, 8-bit 4:2:0, MP4 that begins at once.

Frames pass one by one through a drawing of the copy's own (none for a court copy), keep their
exact times, and are held to the same conservation laws as an enhanced result. What a copy changes
on purpose (depth, chroma, size, streams) stands beside the law as declared; anything else that
differs makes it fail. Sound is copied packet for packet where every player knows it, else coded
anew as AAC; what cannot be decoded is left out. Both are said.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from pipelines.errors import ConservationError, UnsupportedError
from pipelines.media.conservation import check_laws, require
from pipelines.media.delivery import X264_REPEATS
from pipelines.media.index import SegmentIndexer
from pipelines.media.join import join
from pipelines.media.picture import FrameShape, Samples
from pipelines.media.plain_picture import conversions, plain_colour, plain_planes, plain_shape
from pipelines.media.pool import DecodePool
from pipelines.media.reader import FrameReader
from pipelines.media.segment_writer import SegmentWriter
from pipelines.media.sound import NewSound, encode_sound
from pipelines.media.video import CodedSegment, Delivery, Law, StreamKind, VideoIndex
from pipelines.ports import Progress

Planes = tuple[Samples, ...]
Drawing = Callable[[int, Planes], Planes]
"""Makes the copy's planes of frame n from its plain ones, which it may change."""

SOUND = ("aac", "mp3")
"""Sound that every player of MP4 knows, by FFmpeg's names."""

CRF = "17"
_THREADS = 4
_OPTIONS = {
    "profile": "baseline",
    "preset": "medium",
    "crf": CRF,
    "g": "50",
    "bf": "0",
    "x264-params": X264_REPEATS,
}
_MAY_DIFFER = {
    *("size", "bits per sample", "planes and chroma", "primaries", "transfer", "matrix", "range"),
    *("streams", "chapters"),
}
"""Laws that a copy may declare otherwise; all others hold or the copy is not handed over."""


@dataclass(frozen=True, slots=True)
class CopyWish:
    """How a copy is made. `what` names it in laws; `result` is another size than the clip's."""

    what: str
    drawing: Drawing | None = None
    result: FrameShape | None = None
    sound: bool = True
    bare: bool = False


@dataclass(frozen=True, slots=True)
class MadeCopy:
    """A finished copy: its laws, what was converted, and what was left out, for a person."""

    path: Path
    laws: tuple[Law, ...]
    conversions: tuple[str, ...]
    left_out: tuple[str, ...]


def make_copy(
    pool: DecodePool, path: Path, index: VideoIndex, out: Path, wish: CopyWish, progress: Progress
) -> MadeCopy:
    """Write the copy `out` of the clip at `path`.

    Raises ConservationError where a law is broken, and what decoding and writing raise; `out` is
    then not there.
    """
    shape = wish.result or plain_shape(index.video.shape)
    timed = replace(index, video=replace(index.video, colour=plain_colour(index)))
    with TemporaryDirectory(prefix=".evident-copy-", dir=out.parent) as folder:
        kept, sounds, left = _streams(pool, path, index, Path(folder), sound=wish.sound)
        delivery = _delivery(index, kept)
        segment, made = Path(folder) / "copy.nut", Path(folder) / out.name
        with (
            SegmentWriter(segment, timed, shape, delivery, first=0) as writer,
            FrameReader(pool, path, index) as reader,
        ):
            _draw(reader, writer, index, wish, progress)
        progress.start("joining", 0)
        join(
            pool,
            [segment],
            source=path,
            index=timed,
            delivery=delivery,
            out=made,
            faststart=True,
            bare=wish.bare,
            sounds=sounds,
        )
        progress.start("checking", 0)
        laws = _declared(
            check_laws(
                pool,
                source=path,
                index=index,
                timed=timed,
                result_path=made,
                delivery=delivery,
                result=shape,
                segments=[_coded(pool, segment)],
                declared=f"declared by the {wish.what}",
                sounds=sounds,
            ),
            wish.what,
        )
        require(laws)
        made.replace(out)
    said = (*conversions(index.video.shape), *(one.sentence for one in sounds))
    return MadeCopy(out, laws, said, left)


def _draw(
    reader: FrameReader,
    writer: SegmentWriter,
    index: VideoIndex,
    wish: CopyWish,
    progress: Progress,
) -> None:
    progress.start("copying", index.frames)
    for frame in reader:
        planes = plain_planes(frame.planes, index.video.shape)
        reader.release(frame)
        if wish.drawing is not None:
            planes = wish.drawing(frame.index, planes)
        writer.write(planes)
        progress.advance()
    writer.finish()


def _delivery(index: VideoIndex, kept: Sequence[int]) -> Delivery:
    own = index.video.stream.index
    dropped = tuple(one.index for one in index.streams if one.index not in (own, *kept))
    return Delivery(
        codec="libx264",
        pixel_format="yuv420p",
        container="mp4",
        suffix=".mp4",
        lossless=False,
        options=_OPTIONS,
        threads=_THREADS,
        kept_as_is=tuple(kept),
        dropped=dropped,
    )


def _streams(
    pool: DecodePool, path: Path, index: VideoIndex, folder: Path, *, sound: bool
) -> tuple[tuple[int, ...], tuple[NewSound, ...], tuple[str, ...]]:
    """The streams that go along, the sound that was coded anew, and a sentence about each other."""
    kept: list[int] = []
    sounds: list[NewSound] = []
    left: list[str] = []
    for one in index.streams:
        if one.index == index.video.stream.index:
            continue
        why = "a copy has none"
        if one.kind is StreamKind.AUDIO:
            why = "no sound was asked for"
            if sound and one.codec not in SOUND:
                try:
                    made = encode_sound(pool, path, one, folder / f"sound-{one.index}.nut")
                except UnsupportedError as error:
                    left.append(f"{error} It is left out.")
                    continue
                sounds.append(made)
            if sound:
                kept.append(one.index)
                continue
        left.append(f"Stream {one.index} ({one.kind.value}, {one.codec}) is left out: {why}.")
    return tuple(kept), tuple(sounds), tuple(left)


def _coded(pool: DecodePool, segment: Path) -> CodedSegment:
    indexer = SegmentIndexer(pool)
    try:
        found, coded = indexer.index(segment)
    finally:
        indexer.close()
    if not found.frames:
        raise ConservationError("The copy holds no frame.")
    return CodedSegment(found.frames, coded, bytes(found.digest[0]))


def _declared(laws: Sequence[Law], what: str) -> tuple[Law, ...]:
    return tuple(
        replace(law, holds=True, declared=f"declared by the {what}")
        if not law.holds and law.name in _MAY_DIFFER
        else law
        for law in laws
    )
