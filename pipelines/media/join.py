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
from pipelines.media.delivery import container_named
from pipelines.media.limits import DecodeLimits
from pipelines.media.pool import DecodePool
from pipelines.media.video import Delivery, VideoIndex

_SLACK_BYTES = 64 << 20
_FRAME_BYTES = 256


def join(
    pool: DecodePool,
    segments: Sequence[Path],
    *,
    source: Path,
    index: VideoIndex,
    delivery: Delivery,
    out: Path,
) -> None:
    """Write `out` from segments in order; nothing is coded again.

    Raises ConservationError where segments do not fit together, UnsupportedError where the
    container refuses a stream, DiskFullError, DecodeChildError.
    """
    part = out.with_name(f".{out.name}.part")
    turn = index.video.display_matrix
    coded = sum(path.stat().st_size for path in segments) + source.stat().st_size
    most = coded + _FRAME_BYTES * index.frames + _SLACK_BYTES
    arguments = {
        "source": str(source),
        "segments": [str(path) for path in segments],
        "out": str(part),
        "format": container_named(delivery.container).format,
        "stream": index.video.stream.index,
        "dropped": list(delivery.dropped),
        "time_base": str(index.video.stream.time_base),
        "pts": _text(index.pts),
        "duration": _text(index.duration),
        "display_matrix": None if turn is None else list(turn),
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


def _text(values: NDArray[np.int64]) -> str:
    return base64.b64encode(values.astype("<i8").tobytes()).decode()
