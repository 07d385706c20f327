"""Ugly clips made with the real encoders: small, quick, and wrong in one way each."""

from __future__ import annotations

import io
import random
import struct
import tempfile
from collections.abc import Sequence
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import av
import numpy as np

from tests.unit.pipelines.media.clip_kit import write_clip

MILLISECOND = Fraction(1, 1000)
RATE = Fraction(1, 25)
SMALL = (64, 48)

FORMATS: dict[str, tuple[str, str | None]] = {
    ".mp4": ("libx264", None),
    ".mov": ("mpeg4", None),
    ".mkv": ("libx264", None),
    ".avi": ("mpeg4", None),
    ".ts": ("libx264", None),
    ".mpg": ("mpeg2video", "mpeg"),
    ".flv": ("libx264", None),
    ".webm": ("libvpx", None),
}
"""Containers, each with a codec that it is known for."""

RAW: dict[str, tuple[str, str]] = {
    ".h264": ("libx264", "h264"),
    ".h265": ("libx265", "hevc"),
    ".m2v": ("mpeg2video", "mpeg2video"),
    ".m4v": ("mpeg4", "m4v"),
    ".obu": ("libsvtav1", "obu"),
}
"""Streams without a container."""


@cache
def plain(suffix: str) -> bytes:
    """A clip of twelve frames with nothing wrong."""
    codec, form = FORMATS.get(suffix) or RAW[suffix]
    options = {"g": "4"} if codec != "libsvtav1" else {}
    size = SMALL
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"clip{suffix}"
        write_clip(path, codec=codec, container=form, size=size, base=RATE, times=range(12),
                   options=options)  # fmt: skip
        return path.read_bytes()


def boxes(data: bytes) -> list[tuple[str, int, int]]:
    """(path, first byte, one past the last) of every box of an MP4."""
    holders = {b"moov", b"trak", b"mdia", b"minf", b"stbl", b"edts", b"dinf", b"udta"}
    found: list[tuple[str, int, int]] = []

    def walk(at: int, stop: int, path: str) -> None:
        while at + 8 <= stop:
            size, name = struct.unpack_from(">I4s", data, at)
            end = at + size
            where = f"{path}/{name.decode('latin-1')}"
            found.append((where, at, end))
            if name in holders:
                walk(at + 8, end, where)
            at = end

    walk(0, len(data), "")
    return found


@cache
def fast_start() -> bytes:
    """An MP4 whose index comes first."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "fast.mp4"
        with av.open(str(path), "w", options={"movflags": "faststart"}) as out:
            encode(out, [_ramp(number) for number in range(12)])
        return path.read_bytes()


def _ramp(number: int, size: tuple[int, int] = SMALL) -> np.ndarray[Any, np.dtype[np.uint8]]:
    width, height = size
    x = np.arange(width)[None] * 3 + np.arange(height)[:, None] * 2 + 7 * number
    return (x % 220 + 16).astype(np.uint8)


def encode(
    out: Any,
    pictures: Sequence[np.ndarray[Any, np.dtype[np.uint8]]],
    *,
    codec: str = "libx264",
    times: Sequence[int] | None = None,
    base: Fraction = RATE,
    options: dict[str, str] | None = None,
    aspect: Fraction | None = None,
) -> None:
    """Write pictures as one video stream."""
    height, width = pictures[0].shape
    settings = {"preset": "ultrafast"} if codec == "libx264" else {}
    video: Any = out.add_stream(codec, rate=25, options={**settings, **(options or {})})
    video.width, video.height, video.pix_fmt = width, height, "yuv420p"
    video.codec_context.time_base = base
    video.codec_context.thread_count = 1
    if aspect is not None:
        video.codec_context.sample_aspect_ratio = aspect
    for number, picture in enumerate(pictures):
        chroma = np.full((height // 2, width), 128, np.uint8)
        frame = av.VideoFrame.from_ndarray(np.concatenate([picture, chroma]), format="yuv420p")
        frame.pts = number if times is None else times[number]
        frame.time_base = base
        for packet in video.encode(frame):
            out.mux(packet)
    for packet in video.encode(None):
        out.mux(packet)


def pictures(count: int, size: tuple[int, int] = SMALL) -> list[Any]:
    """Pictures that all differ."""
    return [_ramp(number, size) for number in range(count)]


def written(path: Path, shown: Sequence[Any], **how: Any) -> Path:
    """A clip of these pictures."""
    form = how.pop("container", None)
    with av.open(str(path), "w", format=form) as out:
        encode(out, shown, **how)
    return path


def two_videos(path: Path, *, codec: str = "mpeg4") -> Path:
    """Two video streams of different sizes."""
    with av.open(str(path), "w") as out:
        made: list[Any] = []
        for width in (64, 96):
            video: Any = out.add_stream(codec, rate=25, options={"bf": "0", "g": "4"})
            video.width, video.height, video.pix_fmt = width, 48, "yuv420p"
            video.codec_context.time_base = RATE
            made.append(video)
        for number in range(8):
            for video in made:
                picture = _ramp(number, (video.width, 48))
                chroma = np.full((24, video.width), 128, np.uint8)
                frame = av.VideoFrame.from_ndarray(
                    np.concatenate([picture, chroma]), format="yuv420p"
                )
                frame.pts, frame.time_base = number, RATE
                out.mux(video.encode(frame))
        for video in made:
            out.mux(video.encode(None))
    return path


def dahua(*, frames: Sequence[bytes], times: Sequence[int]) -> bytes:
    """H.264 in the frames of a Dahua recorder; `times` in milliseconds.

    As FFmpeg's dhav.c reads them: a header of 24 bytes, extensions (the kind of video and its
    size), the payload, a footer of 8 bytes.
    """
    out = b""
    for number, (payload, moment) in enumerate(zip(frames, times, strict=True)):
        kind = 0xFD if number == 0 else 0xFC
        extra = bytes((0x80, 0, SMALL[0] // 8, SMALL[1] // 8)) + bytes((0x81, 0, 2, 25))
        length = 24 + len(extra) + len(payload) + 8
        second, milliseconds = divmod(moment, 1000)
        date = (26 << 26) | (3 << 22) | (1 << 17) | (12 << 12) | (second // 60 << 6) | second % 60
        header = struct.pack("<4sBBBBIIIH", b"DHAV", kind, 0, 0, 0, number, length, date,
                             milliseconds + 1000 * (second % 60))  # fmt: skip
        header += bytes((len(extra), sum(header) & 0xFF))
        out += header + extra + payload + b"dhav" + struct.pack("<I", length)
    return out


def hisilicon(*, frames: Sequence[bytes], times: Sequence[int], sound: bool = True) -> bytes:
    """H.264 in the units of a HiSilicon camera; `times` in milliseconds.

    As FFmpeg's hxvs.c reads them: a header with the size, then every NAL unit by itself behind
    its length, time and whether it belongs to a key frame; A-law sound between, its first four
    bytes no sound. No index follows.
    """
    out = b"HXVS" + struct.pack("<II", *SMALL) + bytes(4)
    for payload, moment in zip(frames, times, strict=True):
        units = [b"\0\0\0\1" + one.rstrip(b"\0") for one in payload.split(b"\0\0\1")[1:]]
        for unit in units:
            # Parameter sets and a picture on its own are where decoding can begin.
            key = int(unit[4] & 31 in (5, 7, 8))
            out += b"HXVF" + struct.pack("<III", len(unit), moment, key) + unit
        if sound:
            heard = b"\0\0\0\1" + bytes((0xD5,)) * 320
            out += b"HXAF" + struct.pack("<III", len(heard), moment, 0) + heard
    return out


def h264_frames() -> list[bytes]:
    """The access units of a stream of twelve frames, without B-frames, with start codes."""
    with io.BytesIO() as held:
        with av.open(held, "w", format="h264") as out:
            encode(out, pictures(12), options={"bf": "0", "g": "50"})
        held.seek(0)
        with av.open(held, format="h264") as raw:
            return [bytes(packet) for packet in raw.demux(video=0) if packet.size]


def flipped(data: bytes, seed: int) -> bytes:
    """Some bits of a file the other way round."""
    chance = random.Random(seed)  # noqa: S311 - the same damage every time is the point
    changed = bytearray(data)
    for _ in range(chance.randint(1, 12)):
        changed[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
    return bytes(changed)
