"""Clips that benchmarks make for themselves: a pan over a textured picture with mild noise."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np


def make_clip(path: Path, *, frames: int, width: int, height: int) -> Path:
    """Write an H.264 clip of 25 frames per second to `path`."""
    random = np.random.default_rng(7)
    coarse = random.integers(20, 230, (height // 8 + 1, width // 4 + 1)).astype(np.float32)
    scene = coarse.repeat(8, axis=0).repeat(8, axis=1)[:height]
    scene += random.normal(0, 2, scene.shape)
    scene = np.clip(scene, 16, 235).astype(np.uint8)
    with av.open(str(path), "w") as out:
        stream: Any = out.add_stream("libx264", rate=25, options={"crf": "20"})
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for number in range(frames):
            left = number % (scene.shape[1] - width)
            frame = av.VideoFrame(width, height, "yuv420p")
            luma = np.frombuffer(frame.planes[0], np.uint8)  # type: ignore[call-overload]
            rows = luma.reshape(-1, frame.planes[0].line_size)
            rows[:height, :width] = scene[:, left : left + width]
            for plane in frame.planes[1:]:
                np.frombuffer(plane, np.uint8)[:] = 128  # type: ignore[call-overload]
            frame.pts, frame.time_base = number, Fraction(1, 25)
            for packet in stream.encode(frame):
                out.mux(packet)
        for packet in stream.encode(None):
            out.mux(packet)
    return path
