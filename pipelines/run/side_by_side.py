"""Before and after in one picture, in sync: for each frame of the result what was shown then.

The source is on the left, the result on the right, both at the result's size; the smaller one is
enlarged by repeating samples, which adds no detail. Left, right and the words in the strip above
are those of the picture as it is shown, also where it is stored lying on its side. Which source
frame stands beside a frame of the result is decided by their times alone: the last one that was
shown at that moment.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from pipelines.media.lettering import lettering
from pipelines.media.picture import FrameShape, Samples
from pipelines.media.plain_picture import plain_planes, plain_shape
from pipelines.media.pool import DecodePool
from pipelines.media.reader import FrameReader
from pipelines.media.video import VideoIndex
from pipelines.stages.export.letters import BOLD

GAP = 8
WORDS = ("BEFORE", "AFTER")
_BLACK, _WHITE = (16, 128, 128), 235
_LEAST_STRIP = 16


class Beside:
    """Puts frames of the source beside those of the result; `draw` fits `copies.Drawing`."""

    def __init__(
        self, pool: DecodePool, source: Path, index: VideoIndex, result: VideoIndex
    ) -> None:
        self._index = index
        self._shown = shown_then(index, result)
        self._own = plain_shape(result.video.shape)
        self._turns = result.video.rotation % 360 // 90
        self._reader = FrameReader(pool, source, index)
        self._frames = self._decoded()
        self._current: tuple[int, tuple[Samples, ...]] | None = None

    @property
    def shape(self) -> FrameShape:
        """The size of both together."""
        own = self._own
        high, wide = _upright((own.height, own.width), self._turns)
        both = _upright((high + strip_rows(high), 2 * wide + GAP), self._turns)
        return FrameShape(*both, own.layout)

    def draw(self, frame: int, planes: tuple[Samples, ...]) -> tuple[Samples, ...]:
        """Put the source's frame of that moment on the left."""
        wanted = int(self._shown[frame])
        while self._current is None or self._current[0] < wanted:
            self._current = next(self._frames)
        made: list[Samples] = []
        for number, plane in enumerate(planes):
            other = fitted(self._current[1][number], (len(plane), plane.shape[1]))
            joined = _joined(
                np.rot90(other, self._turns), np.rot90(plane, self._turns), number=number
            )
            made.append(np.rot90(joined, -self._turns).copy(order="C"))
        return tuple(made)

    def close(self) -> None:
        """End the decoder of the source."""
        self._reader.__exit__(None, None, None)

    def _decoded(self) -> Iterator[tuple[int, tuple[Samples, ...]]]:
        for frame in self._reader:
            planes = plain_planes(frame.planes, self._index.video.shape)
            self._reader.release(frame)
            yield frame.index, planes


def strip_rows(height: int) -> int:
    """Rows of the strip above pictures of a height, a whole number of chroma samples."""
    return max(_LEAST_STRIP, height // 20 // 2 * 2)


def _upright(size: tuple[int, int], turns: int) -> tuple[int, int]:
    """Height and width after a number of quarter turns."""
    return size if turns % 2 == 0 else (size[1], size[0])


def _joined(left: Samples, right: Samples, *, number: int) -> Samples:
    """One plane of both pictures side by side below the strip."""
    part = 1 if number == 0 else 2
    height, width = left.shape
    strip, gap = strip_rows(height * part) // part, GAP // part
    whole = np.full((strip + height, 2 * width + gap), _BLACK[number], np.uint8)
    whole[strip:, :width], whole[strip:, width + gap :] = left, right
    for words, start in zip(WORDS if number == 0 else (), (0, width + gap), strict=False):
        letters = lettering(words, font=BOLD, pixels=strip - 4)[:strip, :width]
        top = (strip - len(letters)) // 2
        place = whole[top : top + len(letters), start : start + letters.shape[1]]
        place[letters] = _WHITE
    return whole


def shown_then(source: VideoIndex, result: VideoIndex) -> np.ndarray:
    """For each frame of the result, the source frame that was shown at its moment."""
    ours, theirs = result.video.stream.time_base, source.video.stream.time_base
    common = ours.denominator * theirs.denominator
    when = result.pts.astype(object) * int(ours * common)
    moments = source.pts.astype(object) * int(theirs * common)
    found = np.searchsorted(moments, when, side="right") - 1
    return np.maximum(found, 0)


def fitted(plane: Samples, size: tuple[int, int]) -> Samples:
    """A plane at another size, each sample the nearest one."""
    rows = (np.arange(size[0]) * 2 + 1) * len(plane) // (2 * size[0])
    columns = (np.arange(size[1]) * 2 + 1) * plane.shape[1] // (2 * size[1])
    return plane[rows][:, columns]
