"""Where the times of a clip come from, by the format that FFmpeg recognised.

A stream without a container carries no times at all: what FFmpeg's demuxer hands out is counted
from a frame rate that it assumes, so it is an assumption here too. Recorders with formats of
their own write times in their own way; those are taken as stated, and said to be proprietary.
"""

from __future__ import annotations

from pipelines.media.video import TimingSource

UNTIMED = frozenset(
    {"h264", "hevc", "vvc", "mpegvideo", "m4v", "vc1", "dirac", "obu", "av1", "h261", "h263"}
    | {"cavsvideo", "avs2", "avs3", "evc", "mjpeg", "dnxhd", "rawvideo"}
)
"""FFmpeg's names of streams that stand alone."""

PROPRIETARY = frozenset({"dhav", "hxvs", "ifv"})
"""FFmpeg's names of recorders' own formats."""


def timing_of(format_name: str) -> TimingSource:
    """The source of times in a file of the format that FFmpeg calls `format_name`."""
    names = set(format_name.split(","))
    if names & UNTIMED:
        return TimingSource.ASSUMED
    return TimingSource.PROPRIETARY if names & PROPRIETARY else TimingSource.CONTAINER
