"""Joins coded segments and the source's other streams into the finished file, in a child.

The source is untrusted to the end: its packets are read where they can do no harm. The child
may write one file, of a bounded size; the file takes its name when it is complete.
"""

from __future__ import annotations

import base64
import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipelines.errors import DiskFullError
from pipelines.media.containers import container_named
from pipelines.media.limits import DecodeLimits
from pipelines.media.picture import Family
from pipelines.media.pool import DecodePool
from pipelines.media.sound import NewSound, as_arguments
from pipelines.media.video import UNSPECIFIED, Delivery, VideoIndex

_SLACK_BYTES = 64 << 20
_FRAME_BYTES = 256


def join(  # noqa: PLR0913 - what is joined, and how it is written
    pool: DecodePool,
    segments: Sequence[Path],
    *,
    source: Path,
    index: VideoIndex,
    delivery: Delivery,
    out: Path,
    faststart: bool = False,
    bare: bool = False,
    sounds: Sequence[NewSound] = (),
) -> None:
    """Write `out` from segments in order; nothing is coded again.

    `faststart` puts an MP4's tables before its samples, so that it plays while it loads. `bare`
    takes neither metadata nor chapters over. `sounds` stand for the streams they were coded from.

    Raises ConservationError where segments do not fit together, UnsupportedError where the
    container refuses a stream, DiskFullError, DecodeChildError.
    """
    part = out.with_name(f".{out.name}.part")
    turn = index.video.display_matrix
    own = (*segments, *(one.path for one in sounds))
    coded = sum(path.stat().st_size for path in own) + source.stat().st_size
    most = coded + _FRAME_BYTES * index.frames + _SLACK_BYTES
    arguments = {
        "source": str(source),
        "segments": [str(path) for path in segments],
        "out": str(part),
        "format": container_named(delivery.container).format,
        "stream": index.video.stream.index,
        "dropped": list(delivery.dropped),
        "time_base": str(index.video.stream.time_base),
        "pts": _text(index.pts + int(delivery.moved / index.video.stream.time_base)),
        "moved": str(delivery.moved),
        "duration": _text(index.duration),
        "display_matrix": None if turn is None else list(turn),
        "picture": _stated_beside(index, delivery),
        "faststart": faststart,
        "bare": bare,
        "sounds": as_arguments(sounds),
    }
    try:
        limits = DecodeLimits(file_bytes=most)
        with pool.session("video_join", arguments, limits=limits) as session:
            while "end" not in session.receive():
                pass
        with part.open("rb") as file:
            os.fsync(file.fileno())
        part.replace(out)
    except OSError as error:
        raise DiskFullError(
            f"{out.name} cannot be finished: {error.strerror}.",
            next_step="Free some space there and run again with --resume.",
        ) from error
    finally:
        part.unlink(missing_ok=True)


def _stated_beside(index: VideoIndex, delivery: Delivery) -> dict[str, int | str]:
    """What only the container can state of FFV1, by FFmpeg's names; the unstated is left out.

    H.264 and H.265 state it in their own headers, from where it is taken.
    """
    if delivery.codec != "ffv1":
        return {}
    video = index.video
    is_rgb = video.shape.layout.family is Family.RGB
    codes = {"color_primaries": video.colour.primaries, "color_trc": video.colour.transfer}
    if not is_rgb:
        codes["colorspace"] = video.colour.matrix
    stated: dict[str, int | str] = {
        name: code for name, code in codes.items() if code not in (0, UNSPECIFIED)
    }
    # R, G, B is full range whether or not it says so; MP4 says studio where nothing is said.
    full = (
        True if is_rgb and stated and video.colour.full_range is None else video.colour.full_range
    )
    if full is not None:
        stated["color_range"] = 2 if full else 1
    if video.sample_aspect is not None:
        stated["sample_aspect_ratio"] = str(video.sample_aspect)
    return stated


def _text(values: NDArray[np.int64]) -> str:
    return base64.b64encode(values.astype("<i8").tobytes()).decode()
