"""What is told of every frame and every packet when a clip is inspected: rows of whole numbers.

A decode child writes them, its parent reads them in batches; nobody keeps them all.
"""

from __future__ import annotations

from dataclasses import dataclass

UNKNOWN_QP = -(2**31)
"""Where the decoder says nothing of the quantiser."""

FIELDS_AT = 10
"""Where the five measures of `pipelines.media.tasks.field_meter` begin in a row."""

PTS, DTS, DURATION, KEYFRAME, PICTURE, CORRUPT, INTERLACED, WIDTH, HEIGHT, QP = range(FIELDS_AT)
"""The columns of a frame's row."""

BYTES, PACKET_PTS, PACKET_DTS, PACKET_KEY = range(4)
"""The columns of a packet's row."""


@dataclass(frozen=True, slots=True)
class FrameRow:
    """One displayed frame. `picture` is I, P, B or ?; times are in the stream's time base."""

    pts: int
    dts: int
    duration: int
    keyframe: bool
    picture: str
    corrupt: bool
    interlaced: bool
    width: int
    height: int
    qp_hundredths: int = UNKNOWN_QP

    def numbers(self) -> tuple[int, ...]:
        """The row, in the order of the columns."""
        return (
            self.pts,
            self.dts,
            self.duration,
            int(self.keyframe),
            ord(self.picture),
            int(self.corrupt),
            int(self.interlaced),
            self.width,
            self.height,
            self.qp_hundredths,
        )


@dataclass(frozen=True, slots=True)
class PacketRow:
    """One coded packet of the inspected stream, in the order of the file."""

    size: int
    pts: int
    dts: int
    keyframe: bool

    def numbers(self) -> tuple[int, ...]:
        """The row, in the order of the columns."""
        return (self.size, self.pts, self.dts, int(self.keyframe))
