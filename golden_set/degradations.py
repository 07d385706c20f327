"""What is done to a truth before a network sees it, each spelt out, random numbers from a seed.

The same libraries give the same bytes. Pictures are (H, W, 3) float64 in 8-bit code values.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

Rgb = NDArray[np.float64]


@dataclass(frozen=True)
class Degradation:
    """What is done to a truth, in this order.

    `blur` is the standard deviation of a Gaussian in samples of the truth per unit of scale,
    `noise` that of Gaussian noise in 8-bit code values, `quality` that of a JPEG (IJG scale,
    4:2:0), None where the input is stored without loss.
    """

    name: str
    blur: float = 0.0
    noise: float = 0.0
    quality: int | None = None

    def words(self, scale: int) -> str:
        """Say it in one sentence for the manifest."""
        parts = [f"Gaussian blur {self.blur * scale:g}"] if self.blur else []
        parts += [f"reduction by {scale} (Pillow's bicubic)"] if scale > 1 else []
        parts += [f"Gaussian noise {self.noise:g} of 255"] if self.noise else []
        parts += [f"JPEG quality {self.quality}"] if self.quality else ["stored without loss"]
        return ", ".join(parts)


CLEAN = Degradation("clean")
REAL = Degradation("real", blur=0.3, noise=4.0, quality=75)
HEAVY = Degradation("heavy", blur=0.45, noise=9.0, quality=50)
NOISE = Degradation("noise", noise=12.0)
NOISE_JPEG = Degradation("noise-jpeg", noise=8.0, quality=80)
OF_SCALE = {1: (NOISE, NOISE_JPEG), 2: (CLEAN, REAL, HEAVY), 4: (CLEAN, REAL, HEAVY)}


def degraded(picture: Rgb, kind: Degradation, scale: int, seed: int) -> tuple[bytes, str]:
    """Degrade a picture; returns the file and its suffix."""
    random = np.random.default_rng(seed)
    if kind.blur:
        width = kind.blur * scale
        picture = ndimage.gaussian_filter(picture, (width, width, 0))
    if scale > 1:
        size = (picture.shape[1] // scale, picture.shape[0] // scale)
        channels = [
            np.asarray(
                Image.fromarray(picture[..., channel].astype(np.float32)).resize(
                    size, Image.Resampling.BICUBIC
                )
            )
            for channel in range(3)
        ]
        picture = np.stack(channels, axis=-1).astype(np.float64)
    picture = picture + random.normal(0, kind.noise, picture.shape)
    codes = Image.fromarray(np.clip(np.rint(picture), 0, 255).astype(np.uint8))
    stored = io.BytesIO()
    if kind.quality is None:
        codes.save(stored, "PNG", optimize=True)
        return stored.getvalue(), "png"
    codes.save(stored, "JPEG", quality=kind.quality)
    return stored.getvalue(), "jpg"


def video(frames: list[NDArray[Any]], *, qp: int) -> bytes:
    """Code frames as H.264, 25 per second."""
    stored = io.BytesIO()
    with av.open(stored, "w", format="mp4", options={"fflags": "+bitexact"}) as out:
        options = {"qp": str(qp), "preset": "slow"}
        stream: Any = out.add_stream("libx264", rate=25, options=options)
        stream.height, stream.width = frames[0].shape[:2]
        stream.pix_fmt = "yuv420p"
        stream.codec_context.thread_count = 1
        stream.codec_context.time_base = Fraction(1, 25)
        for number, one in enumerate(frames):
            codes = np.clip(np.rint(one), 0, 255).astype(np.uint8)
            frame = av.VideoFrame.from_ndarray(codes, format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, 25)
            for packet in stream.encode(frame):
                out.mux(packet)
        for packet in stream.encode(None):
            out.mux(packet)
    return stored.getvalue()


def png(picture: NDArray[np.float64]) -> bytes:
    """Store a picture without loss."""
    stored = io.BytesIO()
    Image.fromarray(np.clip(np.rint(picture), 0, 255).astype(np.uint8)).save(
        stored, "PNG", optimize=True
    )
    return stored.getvalue()
