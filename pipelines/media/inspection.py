"""A clip as `inspect` finds it: stated facts, tallies of frames and packets, in one pass.

Nothing is refused that can be described, and nothing is kept per frame: a clip of any length
takes the same memory. What takes the samples' measures of fields is handed in.
"""

from __future__ import annotations

import base64
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.errors import DecodeChildError
from pipelines.media.frame_row import FIELDS_AT
from pipelines.media.frame_tally import FrameTally, PacketTally
from pipelines.media.index import decoder_threads
from pipelines.media.limits import VideoLimits
from pipelines.media.pool import ChildSession, DecodePool
from pipelines.media.stated import stated_streams, video_facts
from pipelines.media.timing import timing_of
from pipelines.media.video import PacketDigests, VideoFacts
from pipelines.ports import Progress

Measures = Callable[[NDArray[np.int32]], None]
"""Takes (N, 5) measures of fields (`pipelines.media.tasks.field_meter`) of the next N frames."""

_DEFAULT_LIMITS = VideoLimits()


@dataclass(frozen=True, slots=True)
class Inspection:
    """What one pass over a clip found.

    `container` are the facts of `pipelines.media.tasks.container_facts`. `video` is None where no
    frame decodes, or where `refusal` says why its pictures are not worked on. `concealments` are
    (frame, blocks) that the decoder said it concealed, near that frame.
    """

    container: Mapping[str, Any]
    video: VideoFacts | None
    refusal: str
    frames: FrameTally
    packets: PacketTally
    digests: tuple[PacketDigests, ...]
    defects: tuple[str, ...]
    concealments: tuple[tuple[int, int], ...]
    reads_qp: bool
    decoder_threads: int

    @property
    def stream(self) -> int:
        """The stream that was decoded."""
        return int(self.container["stream"])

    def stated(self, stream: int) -> Mapping[str, Any]:
        """What the container states about one stream."""
        found: Mapping[str, Any] = next(
            one for one in self.container["streams"] if one["index"] == stream
        )
        return found


class _DamageError(Exception):
    """Several threads decoded a clip, and it is damaged."""


def inspect_clip(
    pool: DecodePool,
    path: Path,
    progress: Progress,
    *,
    make_measures: Callable[[], Measures],
    stream: int | None = None,
    limits: VideoLimits = _DEFAULT_LIMITS,
) -> Inspection:
    """Look at every packet and every frame of one stream.

    `make_measures` is called when a pass begins: a damaged clip is begun again with one thread.
    Raises InputError in its kinds, UnsupportedError for a stream that is not there,
    DecodeChildError.
    """
    threads = decoder_threads(len(os.sched_getaffinity(0)))
    try:
        return _inspected(pool, path, progress, make_measures(), stream, threads, limits)
    except _DamageError:
        return _inspected(pool, path, progress, make_measures(), stream, 1, limits)


def _inspected(
    pool: DecodePool,
    path: Path,
    progress: Progress,
    measures: Measures,
    stream: int | None,
    threads: int,
    limits: VideoLimits,
) -> Inspection:
    progress.start("inspecting", 0)
    arguments = {
        "path": str(path),
        "name": path.name,
        "stream": stream,
        "threads": threads,
        "limits": {
            "pixels": limits.pixels,
            "side": limits.side,
            "frames": limits.frames,
            "streams": limits.streams,
        },
    }
    with pool.session("video_inspect", arguments, steady=threads == 1) as session:
        return _received(session, progress, measures)


def _received(session: ChildSession, progress: Progress, measures: Measures) -> Inspection:
    """Tally what a child tells."""
    frames, packets = FrameTally(), PacketTally()
    container: Mapping[str, Any] | None = None
    first: Mapping[str, Any] | None = None
    refusal = ""
    while "end" not in (message := session.receive()):
        if "damaged" in message:
            raise _DamageError
        if "container" in message:
            container = message["container"]
        elif "first" in message:
            first, refusal = message["first"], str(message["refusal"])
        elif "frames" in message:
            rows = _rows(message["frames"])
            digests = np.frombuffer(base64.b64decode(message["digests"]), np.uint8)
            frames.add(rows[:, :FIELDS_AT], digests.reshape(len(rows), 32))
            measures(rows[:, FIELDS_AT:].astype(np.int32))
            progress.advance(len(rows))
        else:
            packets.add(_rows(message["packets"]))
    if container is None:
        raise DecodeChildError("The decoder ended without a word about the container.")
    end = message["end"]
    return Inspection(
        container=container,
        video=None if first is None else _video(first, str(container["format"])),
        refusal=refusal or str(end["reason"]),
        frames=frames,
        packets=packets,
        digests=tuple(
            PacketDigests(one["stream"], one["packets"], one["bytes"], bytes.fromhex(one["chain"]))
            for one in end["packets"]
        ),
        defects=tuple(map(str, end["defects"])),
        concealments=tuple((int(frame), int(blocks)) for frame, blocks in end["concealments"]),
        reads_qp=bool(end["reads_qp"]),
        decoder_threads=int(end["threads"]),
    )


def _video(first: Mapping[str, Any], format_name: str) -> VideoFacts:
    """What the stream is as a job would take it, assumptions included."""
    _, own = stated_streams(first)
    return video_facts(first, own, timing_of(format_name))


def _rows(message: Mapping[str, Any]) -> NDArray[np.int64]:
    data = np.frombuffer(base64.b64decode(message["data"]), "<i8")
    return data.reshape(int(message["rows"]), -1).astype(np.int64)
