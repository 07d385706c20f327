"""The index of a clip: every displayed frame and every packet, from one decode in a child.

Times are those that the container states; where it states none, frames are counted, and that is
an assumption for the report.
"""

from __future__ import annotations

import base64
import os
from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.errors import DamagedError, DecodeChildError
from pipelines.media.limits import VideoLimits
from pipelines.media.pool import ChildSession, DecodePool
from pipelines.media.stated import FALLBACK_RATE, ratio, stated_streams, video_facts
from pipelines.media.timing import timing_of
from pipelines.media.video import (
    PacketDigests,
    StreamFacts,
    StreamKind,
    TimingSource,
    VideoFacts,
    VideoIndex,
)
from pipelines.ports import Progress, SilentProgress

NO_TIME = -(2**63)
ONE_THREAD = (
    "The clip is damaged, and only one thread of a decoder conceals damage in the same way every "
    "time; so one thread decodes it."
)
_MOST_THREADS = 16
_DESCRIBED = 6
_DEFAULT_LIMITS = VideoLimits()
_SILENT = SilentProgress()

_Numbers = NDArray[np.int64]


def index_video(
    pool: DecodePool,
    path: Path,
    *,
    stream: int | None = None,
    threads: int | None = None,
    progress: Progress = _SILENT,
    limits: VideoLimits = _DEFAULT_LIMITS,
) -> VideoIndex:
    """Decode the clip once, in a child, and list what it holds.

    `stream` is the container's index of the video stream, None for the default one. `threads`
    decode it, None for as many as the machine has use for; where damage is noticed it is one in
    any case. Raises InputError in its kinds, UnsupportedError, DecodeChildError.
    """
    several = threads or _every_core()
    try:
        index = _indexed(pool, path, stream, several, progress, limits)
    except _DamageError:
        index = _indexed(pool, path, stream, 1, progress, limits)
        index = replace(index, defects=(*index.defects, ONE_THREAD))
    return index if stream is not None else _with_items(index)


def _with_items(index: VideoIndex) -> VideoIndex:
    """Say which streams there are where a file holds several videos and nobody chose."""
    items = [
        one.index
        for one in index.streams
        if one.kind is StreamKind.VIDEO and not one.attached_picture
    ]
    if len(items) < 2:
        return index
    video = index.video
    said = (
        f"The file holds {len(items)} video streams, each an item of its own: "
        f"{', '.join(map(str, items))}. Stream {video.stream.index} is worked on, for nobody chose."
    )
    return replace(index, video=replace(video, assumptions=(*video.assumptions, said)))


class _DamageError(Exception):
    """Several threads decoded a clip, and it is damaged."""


def _indexed(
    pool: DecodePool,
    path: Path,
    stream: int | None,
    threads: int,
    progress: Progress,
    limits: VideoLimits,
) -> VideoIndex:
    progress.start("indexing", 0)
    arguments = _arguments(path, stream, threads, limits)
    with pool.session("video_index", arguments, steady=threads == 1) as session:
        return _received(session, progress)[0]


def decoder_threads(cores: int) -> int:
    """How many threads decode on so many cores, by FFmpeg's own rule (pthread_frame.c)."""
    return 1 if cores == 1 else min(cores + 1, _MOST_THREADS)


class SegmentIndexer:
    """Indexes files of our own making, one after another, in one child.

    Leaving the context ends it. Calls come from one thread at a time.
    """

    def __init__(self, pool: DecodePool) -> None:
        self._pool = pool
        self._session: ChildSession | None = None

    def index(self, path: Path) -> tuple[VideoIndex, bytes]:
        """Decode `path` and list what it holds; also returns the digest of its coded packets.

        That digest is the one of `video.CodedSegment`. Raises as `index_video` does; what we
        made ourselves must not be damaged.
        """
        arguments = _arguments(path, None, _every_core(), _DEFAULT_LIMITS) | {"coded": True}
        if self._session is None:
            self._session = self._pool.session("video_index", arguments)
        else:
            self._session.order("video_index", arguments)
        try:
            index, end = _received(self._session, _SILENT)
            return index, bytes.fromhex(end["coded"])
        except _DamageError as error:
            raise DamagedError(
                f"{path.name}, written a moment ago, does not decode without errors.",
                next_step="Check the disk and the memory of this machine, then run again.",
            ) from error

    def close(self) -> None:
        """End the child."""
        if self._session is not None:
            self._session.close()
            self._session = None


def _every_core() -> int:
    return decoder_threads(len(os.sched_getaffinity(0)))


def _arguments(
    path: Path, stream: int | None, threads: int, limits: VideoLimits
) -> dict[str, object]:
    return {
        "path": str(path),
        "name": path.name,
        "stream": stream,
        "threads": threads,
        "coded": False,
        "limits": {
            "pixels": limits.pixels,
            "side": limits.side,
            "frames": limits.frames,
            "streams": limits.streams,
        },
    }


def _received(session: ChildSession, progress: Progress) -> tuple[VideoIndex, dict[str, Any]]:
    """The index that a child sends, and its last message."""
    numbers: list[_Numbers] = []
    digests: list[NDArray[np.uint8]] = []
    facts: dict[str, Any] | None = None
    while "end" not in (message := session.receive()):
        if "facts" in message:
            facts = message["facts"]
        elif "damaged" in message:
            raise _DamageError
        else:
            batch = message["batch"]
            data = base64.b64decode(batch["numbers"])
            numbers.append(np.frombuffer(data, "<i8").reshape(batch["frames"], -1))
            data = base64.b64decode(batch["digests"])
            digests.append(np.frombuffer(data, np.uint8).reshape(batch["frames"], 32))
            progress.advance(batch["frames"])
    if facts is None or not numbers:
        raise DecodeChildError("The decoder ended without an index.")
    end = message["end"]
    return _built(facts, np.concatenate(numbers), np.concatenate(digests), end), end


def _built(
    facts: Mapping[str, Any],
    numbers: _Numbers,
    digests: NDArray[np.uint8],
    end: Mapping[str, Any],
) -> VideoIndex:
    streams, own = stated_streams(facts)
    nominal = ratio(facts["rate"])
    source = timing_of(str(facts["format"]))
    stated, odd = _in_order(numbers[:, 0], numbers[:, 5])
    pts, timing, more = _times(stated, nominal, own.time_base, source)
    defects = [*end["defects"], *odd, *more]
    if timing is TimingSource.ASSUMED:
        own = _retimed(own, nominal or FALLBACK_RATE)
        streams = tuple(own if one.index == own.index else one for one in streams)
    video = video_facts(facts, own, timing)
    return VideoIndex(
        video=video,
        streams=streams,
        format_name=str(facts["format"]),
        pts=pts,
        duration=_durations(pts, int(end["last_duration"]), video),
        digest=digests,
        keyframe=numbers[:, 1].astype(np.bool_),
        picture_type=numbers[:, 2].astype(np.uint8),
        corrupt=numbers[:, 3].astype(np.bool_),
        interlaced=numbers[:, 4].astype(np.bool_),
        fields=numbers[:, _DESCRIBED:].astype(np.int32),
        packets=tuple(
            PacketDigests(one["stream"], one["packets"], one["bytes"], bytes.fromhex(one["chain"]))
            for one in end["packets"]
        ),
        decoder_threads=int(end["threads"]),
        container_metadata={str(k): str(v) for k, v in facts["metadata"].items()},
        defects=tuple(defects),
    )


def _in_order(stated: _Numbers, decoding: _Numbers) -> tuple[_Numbers, list[str]]:
    """Presentation times, or those of decoding where the former run backwards and these do not.

    FFmpeg judges in the same way (guess_correct_pts): AVI states times of decoding alone.
    """
    known = decoding[decoding != NO_TIME]
    backwards = (np.diff(stated[stated != NO_TIME]) < 0).any()
    usable = len(known) > 1 and (decoding[: len(known)] == known).all()
    if not backwards or not usable or (np.diff(known) <= 0).any():
        return stated, []
    # The last frames come out of the decoder after the last packet, and go on as those before.
    more = np.arange(1, len(stated) - len(known) + 1) * (known[-1] - known[-2])
    return np.concatenate([known, known[-1] + more]), [
        "Times of presentation run backwards; those of decoding are used instead."
    ]


def _times(
    stated: _Numbers, nominal: Fraction | None, base: Fraction, source: TimingSource
) -> tuple[_Numbers, TimingSource, list[str]]:
    """Presentation times; where the file has none of its own, frames are counted instead."""
    missing = stated == NO_TIME
    if missing.all() or source is TimingSource.ASSUMED:
        return np.arange(len(stated), dtype=np.int64), TimingSource.ASSUMED, []
    if not missing.any():
        return stated.copy(), source, []
    step = max(1, round(1 / ((nominal or FALLBACK_RATE) * base)))
    times = stated.copy()
    for frame in np.flatnonzero(missing):
        times[frame] = times[frame - 1] + step if frame else 0
    first = int(np.flatnonzero(missing)[0])
    return (
        times,
        source,
        [f"{int(missing.sum())} frames carry no time, the first is frame {first}."],
    )


def _retimed(stream: StreamFacts, rate: Fraction) -> StreamFacts:
    """The stream with one unit of time per frame."""
    return replace(stream, time_base=1 / rate)


def _durations(pts: _Numbers, last: int, video: VideoFacts) -> _Numbers:
    """Distances to the next frame; for the last one what the file says, else the one before."""
    durations = np.empty_like(pts)
    durations[:-1] = np.diff(pts)
    if video.timing is TimingSource.ASSUMED:
        last = 1
    elif last <= 0 or (len(pts) > 1 and last * 10 < int(durations[-2])):
        # Some containers state a single unit where they mean nothing.
        rate = video.nominal_rate or FALLBACK_RATE
        last = int(durations[-2]) if len(pts) > 1 else round(1 / (rate * video.stream.time_base))
    durations[-1] = max(1, last)
    return durations
