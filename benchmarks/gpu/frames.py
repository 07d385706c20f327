"""Where frames come from: a decoder in a thread of its own, or noise where there is none.

A plain PyTorch image has no decoder; PyAV is used where it is installed and a clip is named.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Frames = NDArray[np.uint8]
_AHEAD = 4


def drawn(height: int, width: int, *, batch: int, frames: int) -> Iterator[Frames]:
    """Yield batches of noise (B, H*3/2, W); drawn once and repeated, so drawing costs no time."""
    rng = np.random.default_rng(7)
    made = rng.integers(0, 256, (batch, height * 3 // 2, width), dtype=np.uint8)
    for first in range(0, frames, batch):
        yield made[: min(batch, frames - first)]


def decoded(clip: Path, height: int, width: int, *, batch: int, frames: int) -> Iterator[Frames]:
    """Yield batches of a clip's frames as 4:2:0 of this size, decoded ahead by another thread."""
    ahead: queue.Queue[Frames | BaseException | None] = queue.Queue(_AHEAD)
    thread = threading.Thread(
        target=_decode, args=(clip, height, width, batch, frames, ahead), daemon=True
    )
    thread.start()
    while True:
        got = ahead.get()
        if got is None:
            break
        if isinstance(got, BaseException):
            raise got
        yield got
    thread.join()


def _decode(
    clip: Path,
    height: int,
    width: int,
    batch: int,
    frames: int,
    ahead: queue.Queue[Frames | BaseException | None],
) -> None:
    """Decode, starting over at the end of the clip, until there are enough frames."""
    try:
        import av  # noqa: PLC0415 - optional

        held: list[Frames] = []
        given = 0
        while given < frames:
            before = given
            with av.open(str(clip)) as container:
                container.streams.video[0].thread_type = "AUTO"
                for frame in container.decode(video=0):
                    held.append(
                        frame.reformat(width=width, height=height, format="yuv420p").to_ndarray()
                    )
                    given += 1
                    if len(held) == batch or given == frames:
                        ahead.put(np.stack(held))
                        held = []
                    if given == frames:
                        break
            _require_frames(clip, given - before)
        ahead.put(None)
    except BaseException as error:  # noqa: BLE001 - it is raised where the frames are awaited
        ahead.put(error)


def _require_frames(clip: Path, found: int) -> None:
    """Refuse a clip that would be decoded for ever."""
    if not found:
        raise ValueError(f"{clip} has no frames")
