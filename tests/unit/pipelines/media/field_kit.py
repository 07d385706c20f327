"""A scene that is known at every moment, and clips of it: progressive, woven, spread from film."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

Luma = NDArray[np.uint8]

SIZE = (160, 96)
SPEED = 3.0
"""Columns that the scene moves in one field time."""


def scene(moment: float, *, size: tuple[int, int] = SIZE, speed: float = SPEED) -> Luma:
    """The picture at `moment`, counted in fields: texture and bars that go to the right."""
    width, height = size
    y, x = np.mgrid[0:height, 0:width].astype(np.float64)
    x = x - speed * moment
    waves = 30 * np.sin(0.19 * x + 0.05 * y) + 18 * np.sin(0.43 * x - 0.21 * y)
    bars = 45 * np.tanh(3 * np.sin(0.11 * x + 0.02 * y))
    return np.clip(120 + waves + bars, 16, 235).round().astype(np.uint8)


def woven(first: float, second: float, *, top_first: bool, **how: Any) -> Luma:
    """One frame whose two fields were taken at two moments."""
    top, bottom = (first, second) if top_first else (second, first)
    picture = scene(top, **how).copy()
    picture[1::2] = scene(bottom, **how)[1::2]
    return picture


def progressive(frames: int, **how: Any) -> list[Luma]:
    """Whole pictures, two field times apart."""
    return [scene(2 * number, **how) for number in range(frames)]


def interlaced(frames: int, *, top_first: bool, **how: Any) -> list[Luma]:
    """Frames of two fields each."""
    return [woven(2 * n, 2 * n + 1, top_first=top_first, **how) for n in range(frames)]


def telecined(frames: int, *, start: int = 0, **how: Any) -> list[Luma]:
    """Film of 24 pictures a second as 30 frames, fields 2:3; a cycle begins at frame `start`."""
    film = [(0, 0), (1, 1), (1, 2), (2, 3), (3, 3)]
    pictures = []
    for number in range(frames):
        cycle, place = divmod(number - start, 5)
        top, bottom = (2.5 * (one + 4 * cycle) for one in film[place])
        pictures.append(woven(top, bottom, top_first=True, **how))
    return pictures


def write_luma(
    path: Path,
    pictures: Sequence[Luma],
    *,
    codec: str = "libx264",
    form: str = "yuv420p",
    options: dict[str, str] | None = None,
    audio: bool = False,
    rate: Fraction = Fraction(25),
) -> Path:
    """Code pictures without colour; `options` are those of the encoder."""
    height, width = pictures[0].shape
    settings = {"preset": "veryfast", "crf": "20"} if codec == "libx264" else {}
    with av.open(str(path), "w") as out:
        video: Any = out.add_stream(codec, rate=rate, options={**settings, **(options or {})})
        video.width, video.height, video.pix_fmt = width, height, form
        video.codec_context.thread_count = 1
        sound: Any = out.add_stream("aac", rate=48_000, layout="mono") if audio else None
        for number, picture in enumerate(pictures):
            frame = _as_planar(picture).reformat(format=form)
            frame.pts = number
            for packet in video.encode(frame):
                out.mux(packet)
        for packet in video.encode(None):
            out.mux(packet)
        if sound is not None:
            _write_silence(out, sound)
    return path


def _as_planar(picture: Luma) -> av.VideoFrame:
    height, width = picture.shape
    chroma = np.full((height // 2, width), 128, np.uint8)
    whole = np.concatenate([picture, chroma])
    return av.VideoFrame.from_ndarray(whole, format="yuv420p")


def _write_silence(out: Any, sound: Any) -> None:
    for number in range(10):
        quiet = np.zeros((1, 1024), np.float32)
        frame = av.AudioFrame.from_ndarray(quiet, format="fltp", layout="mono")
        frame.sample_rate, frame.pts = 48_000, 1024 * number
        for packet in sound.encode(frame):
            out.mux(packet)
    for packet in sound.encode(None):
        out.mux(packet)
