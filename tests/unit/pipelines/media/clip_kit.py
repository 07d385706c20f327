"""Small clips for tests, of every kind that matters, made with PyAV."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

BASE = Fraction(1, 12_800)
EVEN = tuple(512 * number for number in range(12))
UNEVEN = (0, 512, 1100, 1400, 2500, 2600, 3300, 3900, 4700, 4800, 6000, 6100)


def fill(frame: av.VideoFrame, number: int, *, seed: int = 0) -> None:
    """Put a moving texture into every byte of a frame, within its depth."""
    random = np.random.default_rng(1000 * seed + number)
    depth = frame.format.components[0].bits
    for place, plane in enumerate(frame.planes):
        flat: Any = np.frombuffer(plane, np.uint8)
        rows = flat.reshape(-1, plane.line_size)
        if depth > 8:
            wide = rows.view("<u2")
            wide[:] = random.integers(0, 1 << depth, wide.shape)
        else:
            ramp = np.arange(rows.shape[1])[None] * 3 + np.arange(rows.shape[0])[:, None] * 2
            rows[:] = (ramp + 5 * number + 40 * place + random.integers(0, 8, rows.shape)) % 256


def write_clip(
    path: Path,
    *,
    codec: str = "libx264",
    form: str = "yuv420p",
    size: tuple[int, int] = (64, 48),
    times: Sequence[int] = EVEN,
    base: Fraction = BASE,
    options: Mapping[str, str] | None = None,
    colour: Mapping[str, int] | None = None,
    container: str | None = None,
    rotation: int | None = None,
    audio: str | None = None,
    audio_rate: int = 48_000,
    language: str = "",
) -> Path:
    """Write a clip; `times` are the frames' pts in units of `base`."""
    settings = dict(options or {})
    if codec == "libx264":
        settings = {"preset": "veryfast", "x264-params": "scenecut=0", **settings}
    if codec == "libx265":
        settings = {"x265-params": "log-level=none", **settings}
    with av.open(str(path), "w", format=container) as out:
        video: Any = out.add_stream(codec, rate=25, options=settings)
        video.width, video.height, video.pix_fmt = *size, form
        video.codec_context.time_base = base
        video.codec_context.thread_count = 1
        for name, value in (colour or {}).items():
            setattr(video.codec_context, name, value)
        if rotation is not None:
            video.set_display_rotation(rotation)
        sound: Any = out.add_stream(audio, rate=audio_rate, layout="mono") if audio else None
        if sound is not None and language:
            sound.metadata["language"] = language
        _write_frames(out, video, times, base)
        if sound is not None:
            _write_tone(out, sound, audio_rate)
    return path


def _write_frames(out: Any, video: Any, times: Sequence[int], base: Fraction) -> None:
    """One textured frame per time."""
    for number, moment in enumerate(times):
        frame = av.VideoFrame(video.width, video.height, video.pix_fmt)
        fill(frame, number)
        frame.pts, frame.time_base = moment, base
        for packet in video.encode(frame):
            out.mux(packet)
    for packet in video.encode(None):
        out.mux(packet)


def _write_tone(out: Any, sound: Any, rate: int) -> None:
    """Half a second of a tone."""
    size = sound.codec_context.frame_size or 1024
    form = sound.codec_context.format.name
    for number in range(rate // 2 // size):
        time = (np.arange(size) + size * number) / rate
        tone = (0.2 * np.sin(2 * np.pi * 300 * time)).astype(np.float32)[None]
        if form.startswith("s16"):
            tone = (tone * 32_767).astype(np.int16)
        if form.startswith("s32"):
            tone = (tone * 2_000_000_000).astype(np.int32)
        frame = av.AudioFrame.from_ndarray(tone, format=form, layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = rate, size * number, Fraction(1, rate)
        for packet in sound.encode(frame):
            out.mux(packet)
    for packet in sound.encode(None):
        out.mux(packet)


def framehash(path: Path, stream: int) -> list[str]:
    """SHA-256 of every frame as FFmpeg prints it."""
    program = shutil.which("ffmpeg")
    if program is None:
        pytest.fail("ffmpeg is not installed; the digests are compared with what it prints")
    done = subprocess.run(
        [program, "-v", "error", "-noautorotate", "-i", path, "-map", f"0:{stream}",
         "-fps_mode", "passthrough", "-f", "framehash", "-hash", "sha256", "-"],
        capture_output=True,
        text=True,
        check=True,
    )  # fmt: skip
    lines = [line for line in done.stdout.splitlines() if not line.startswith("#")]
    return [line.rpartition(",")[2].strip() for line in lines]


def decoded(path: Path, stream: int = 0) -> list[tuple[Fraction, bytes]]:
    """Times and raw bytes of every frame, decoded here and now."""
    with av.open(str(path)) as container:
        return [
            (frame.pts * frame.time_base, frame.to_ndarray().tobytes())
            for frame in container.decode(container.streams[stream])
        ]  # fmt: skip
