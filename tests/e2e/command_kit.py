"""Runs the command line as its users do: another process, a home of its own, files of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Said:
    """What one call of the command line did."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one JSON object on stdout."""
        return json.loads(self.out)


@dataclass(frozen=True)
class Evident:
    """The command line in a folder of its own."""

    folder: Path
    program: str = "services.cli.main"

    @property
    def environment(self) -> dict[str, str]:
        """An environment whose home is this test's alone."""
        return {**os.environ, "EVIDENT_HOME": str(self.folder / "home"), "PYTHONPATH": str(ROOT)}

    def command(self, *arguments: object) -> list[str]:
        """The call as an argument list."""
        return [sys.executable, "-m", self.program, *map(str, arguments)]

    def __call__(self, *arguments: object) -> Said:
        """Run to the end."""
        done = subprocess.run(
            self.command(*arguments),
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        return Said(done.returncode, done.stdout, done.stderr)

    def start(self, *arguments: object) -> subprocess.Popen[str]:
        """Begin, to be stopped on the way."""
        return subprocess.Popen(
            self.command(*arguments),
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )


def textured(height: int, width: int, *, seed: int = 0) -> np.ndarray:
    """A picture with edges and mild noise, (H, W, 3) uint8."""
    random = np.random.default_rng(seed)
    rows, columns = np.mgrid[0:height, 0:width]
    waves = 110 + 60 * np.sin(columns / 5) + 40 * np.cos(rows / 7)
    picture = np.stack([waves, waves[::-1], np.roll(waves, 9, 1)], axis=-1)
    return np.clip(picture + random.normal(0, 3, picture.shape), 0, 255).astype(np.uint8)


def make_clip(
    path: Path, *, frames: int, size: tuple[int, int] = (96, 64), step: int = 512, gop: int = 9999
) -> Path:
    """A clip with one key frame (unless `gop` says otherwise), 25 frames per second."""
    width, height = size
    options = {"g": str(gop), "x264-params": f"keyint={gop}:scenecut=0", "preset": "veryfast"}
    with av.open(str(path), "w") as out:
        stream: Any = out.add_stream("libx264", rate=25, options=options)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.codec_context.time_base = Fraction(1, 25 * 512)
        picture = textured(height, width + 2 * frames, seed=1)
        for number in range(frames):
            part = np.ascontiguousarray(picture[:, number : number + width])
            frame = av.VideoFrame.from_ndarray(part, format="rgb24")
            frame.pts, frame.time_base = number * step, Fraction(1, 25 * 512)
            for packet in stream.encode(frame):
                out.mux(packet)
        for packet in stream.encode(None):
            out.mux(packet)
    return path


def ledger_of(bundle: Path) -> list[dict[str, Any]]:
    """The lines of a bundle's ledger, without the header."""
    with zipfile.ZipFile(bundle) as archive:
        data = archive.read("bundle/data/ledger.jsonl")
    return [json.loads(line) for line in data.splitlines()[1:]]


def entries_of(bundle: Path) -> list[dict[str, Any]]:
    """The entries of a bundle's job, in their sequence."""
    with zipfile.ZipFile(bundle) as archive:
        data = archive.read("bundle/data/log/entries.jsonl")
    return [json.loads(line) for line in data.splitlines()]
