"""Makes the two samples from public-domain and CC0 pictures that come with scikit-image.

Run in the development environment: `python samples/make_samples.py`. The same libraries give
the same bytes; `samples/README.md` holds the digests.
"""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray
from PIL import Image
from skimage import data

HERE = Path(__file__).parent
WIDTH, HEIGHT, FRAMES = 320, 180, 50
BASE = Fraction(1, 30_000)
RATE = 48_000


def main() -> None:
    """Write both files."""
    random = np.random.default_rng(20)
    make_photo(random)
    make_clip(random)


def noisy(picture: NDArray[Any], random: np.random.Generator, sigma: float) -> NDArray[np.uint8]:
    """The picture with Gaussian noise of `sigma` 8-bit code values."""
    noise = random.normal(0, sigma, picture.shape)
    return np.clip(np.rint(picture + noise), 0, 255).astype(np.uint8)


def make_photo(random: np.random.Generator) -> None:
    """A cat, reduced to 320 pixels wide, with the noise of a small camera, as JPEG."""
    cat = Image.fromarray(data.chelsea()).resize((320, 213), Image.Resampling.BICUBIC)
    Image.fromarray(noisy(np.asarray(cat), random, 2.0)).save(HERE / "photo.jpg", quality=90)


def make_clip(random: np.random.Generator) -> None:
    """A pan over a rocket launch with frames at uneven times, and a quiet tone."""
    scene = Image.fromarray(data.rocket())
    with av.open(HERE / "clip.mp4", "w", options={"fflags": "+bitexact"}) as out:
        video: Any = out.add_stream("libx264", rate=30, options={"crf": "26", "preset": "slow"})
        video.width, video.height, video.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        video.codec_context.time_base = BASE
        video.codec_context.thread_count = 1
        audio: Any = out.add_stream("aac", rate=RATE, layout="mono")
        moment = 0
        for number in range(FRAMES):
            left, top = 40 + 2 * number, 60 + number // 2
            part = scene.crop((left, top, left + 480, top + 270))
            small = np.asarray(part.resize((WIDTH, HEIGHT), Image.Resampling.BICUBIC))
            frame = av.VideoFrame.from_ndarray(noisy(small, random, 1.5), format="rgb24")
            frame.pts, frame.time_base = moment, BASE
            for packet in video.encode(frame):
                out.mux(packet)
            moment += 1001 if number % 5 else 1502
        for packet in video.encode(None):
            out.mux(packet)
        write_tone(out, audio, seconds=float(moment * BASE))


def write_tone(out: Any, audio: Any, *, seconds: float) -> None:
    """A tone of 440 Hz at a tenth of full scale."""
    samples = int(seconds * RATE) // 1024
    for number in range(samples):
        time = (np.arange(1024) + 1024 * number) / RATE
        tone = (0.1 * np.sin(2 * np.pi * 440 * time)).astype(np.float32)[None]
        frame = av.AudioFrame.from_ndarray(tone, format="fltp", layout="mono")
        frame.sample_rate, frame.pts = RATE, 1024 * number
        frame.time_base = Fraction(1, RATE)
        for packet in audio.encode(frame):
            out.mux(packet)
    for packet in audio.encode(None):
        out.mux(packet)


if __name__ == "__main__":
    main()
