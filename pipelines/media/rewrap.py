"""A clip in a container that players open: packets copied, nothing coded again, and verified.

The copy is indexed like the file as received, and both must decode to the same samples in the
same order; the coded pictures must be the same without the framing of their containers, and
stated times equal. Times of a stream that has none are assumed, and the record says so. A copy
that is another in any of this is not kept.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from pipelines.errors import ConservationError, UnsupportedError
from pipelines.media.containers import CONTAINERS, Container
from pipelines.media.index import NO_TIME, index_video
from pipelines.media.limits import DecodeLimits
from pipelines.media.pool import DecodePool
from pipelines.media.video import StreamFacts, StreamKind, TimingSource, VideoIndex
from pipelines.ports import Progress

_SLACK_BYTES = 64 << 20
_PACKET_BYTES = 256


@dataclass(frozen=True, slots=True)
class Rewrapped:
    """A verified copy.

    `coded` is the digest of the coded pictures in both files, `left_out` are streams that no copy
    was made of.
    """

    path: Path
    index: VideoIndex
    container: str
    coded: str
    copied: tuple[int, ...]
    left_out: tuple[StreamFacts, ...]


def container_for(index: VideoIndex) -> tuple[Container, tuple[StreamFacts, ...]]:
    """The first container that carries the video, and what else it carries of sound.

    Raises UnsupportedError where none carries the video.
    """
    own = index.video.stream
    for container in CONTAINERS:
        if own.codec not in container.codecs or not _keeps_times(container, index):
            continue
        sound = tuple(one for one in index.streams if one.kind is StreamKind.AUDIO)
        return container, (own, *(one for one in sound if one.codec in container.codecs))
    raise UnsupportedError(
        f"No container here carries {own.codec} packet for packet at these times.",
        next_step="Work on the file as received; a job reads it without rewrapping.",
    )


def rewrap_clip(
    pool: DecodePool, source: Path, index: VideoIndex, out: Path, progress: Progress
) -> Rewrapped:
    """Write `out` (a part of it is never left behind) from the packets of `source`.

    Raises UnsupportedError where packets cannot be timed, ConservationError where the copy is
    another, DiskFullError, DecodeChildError.
    """
    if int(index.pts.min()) < 0:
        raise UnsupportedError(
            "The clip begins before zero, which a copied packet cannot keep.",
            next_step="Work on the file as received; a job moves its times and says so.",
        )
    container, kept = container_for(index)
    part = out.with_name(f".{out.name}.part")
    assumed = index.video.timing is TimingSource.ASSUMED
    rate = str(1 / index.video.stream.time_base) if assumed else None
    arguments = {
        "path": str(source),
        "name": source.name,
        "stream": index.video.stream.index,
        "out": str(part),
        "format": container.format,
        "streams": [one.index for one in kept],
        "rate": rate,
    }
    most = source.stat().st_size + _PACKET_BYTES * sum(one.packets for one in index.packets)
    limits = DecodeLimits(file_bytes=most + _SLACK_BYTES)
    try:
        progress.start("rewrapping", 0)
        with pool.session("video_rewrap", arguments, limits=limits) as session:
            while "end" not in session.receive():
                pass
        coded = _require_same(pool, source, index, part, kept, progress)
        part.replace(out)
    finally:
        part.unlink(missing_ok=True)
    chosen = {one.index for one in kept}
    return Rewrapped(
        path=out,
        index=index,
        container=container.name,
        coded=coded,
        copied=tuple(sorted(chosen)),
        left_out=tuple(one for one in index.streams if one.index not in chosen),
    )


def _keeps_times(container: Container, index: VideoIndex) -> bool:
    base = index.video.stream.time_base
    if container.name != "matroska":
        return base.denominator < 1 << 31
    ratio = base * 1000
    return bool(((index.pts * ratio.numerator) % ratio.denominator == 0).all())


def _require_same(
    pool: DecodePool,
    source: Path,
    index: VideoIndex,
    copy: Path,
    kept: tuple[StreamFacts, ...],
    progress: Progress,
) -> str:
    """Compare samples, times and coded packets; returns the digest of the coded pictures."""
    again = index_video(pool, copy, progress=progress, threads=index.decoder_threads)
    if again.digest.shape != index.digest.shape or not (again.digest == index.digest).all():
        raise ConservationError(
            "The copy does not decode to the samples of the file as received.",
            next_step="Nothing was kept. Work on the file as received.",
        )
    old, new = index.video.stream.time_base, again.video.stream.time_base
    if [int(t) * old for t in index.pts] != [int(t) * new for t in again.pts]:
        raise ConservationError(
            "The copy does not keep the times of its frames.",
            next_step="Nothing was kept. Work on the file as received.",
        )
    place = sorted(one.index for one in kept).index(index.video.stream.index)
    was = _packets(pool, source, index.video.stream.index)
    now = _packets(pool, copy, place)
    order = sorted(one.index for one in kept)
    same = was.coded == now.coded and all(
        was.others[number] == now.others[n] for n, number in enumerate(order) if n != place
    )
    if not same:
        raise ConservationError(
            "The copy does not hold the packets of the file as received.",
            next_step="Nothing was kept. Work on the file as received.",
        )
    return was.coded


@dataclass(frozen=True, slots=True)
class _Packets:
    """The digest of the coded pictures, and of every other stream its packets and times."""

    coded: str
    others: dict[int, tuple[str, tuple[Fraction | None, ...]]]


def _packets(pool: DecodePool, path: Path, stream: int) -> _Packets:
    arguments = {"path": str(path), "name": path.name, "stream": stream, "parts": [1 << 40]}
    with pool.session("video_packets", arguments) as session:
        while "end" not in (message := session.receive()):
            pass
    end: dict[str, Any] = message["end"]
    return _Packets(
        coded=str(end["coded"][0]),
        others={int(one["stream"]): (str(one["payloads"]), _times(one)) for one in end["streams"]},
    )


def _times(looked: dict[str, Any]) -> tuple[Fraction | None, ...]:
    base = Fraction(looked["time_base"])
    stated = np.frombuffer(base64.b64decode(looked["times"]), "<i8").tolist()
    return tuple(None if one == NO_TIME else one * base for one in stated)
