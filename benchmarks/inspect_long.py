"""Inspecting clips up to a million frames: `python -m benchmarks.inspect_long`.

Each size is inspected in a process of its own: tiny frames of H.264, so that what is kept per
frame would show and what is decoded does not. Every quantiser is read, every field measured.
Peaks are those of the process and of its decode child. Bar: at a million frames no more than 1.1
times the memory at ten thousand.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np

from benchmarks.machine import describe
from pipelines.media.pool import DecodePool
from pipelines.ports import SilentProgress
from pipelines.stages.inspect.inspected import inspect_file

ROOT = Path(__file__).resolve().parents[1]
RESULT = Path(__file__).with_name("results") / "inspect_long.json"
SIZES = (10_000, 100_000, 1_000_000)
MEMORY_BAR = 1.1
_WIDTH, _HEIGHT = 64, 48
_PICTURES = 50
_MEASURED = "import sys; from benchmarks.inspect_long import child; child(*sys.argv[1:])"


def main() -> None:
    """Measure, write the result, print it."""
    before = os.getloadavg()[0]
    sizes = []
    with tempfile.TemporaryDirectory() as folder:
        for frames in SIZES:
            path = Path(folder) / f"{frames}.mkv"
            _write(path, frames)
            sizes.append(_child(path))
            path.unlink()
    grown = max(sizes[-1][name] / sizes[0][name] for name in ("peak_mib", "child_peak_mib"))
    found = {
        "machine": describe("av"),
        "load_average": {"before": round(before, 1), "after": round(os.getloadavg()[0], 1)},
        "memory_bar": MEMORY_BAR,
        "clip": f"H.264, {_WIDTH} x {_HEIGHT}",
        "memory_ratio": round(grown, 3),
        "kept": grown <= MEMORY_BAR,
        "sizes": sizes,
    }
    RESULT.write_text(json.dumps(found, indent=1) + "\n")
    print(json.dumps(found, indent=1))


def child(path: str) -> None:
    """Inspect one clip in this process and print what it took."""
    begun = time.perf_counter()
    with DecodePool(spare=0) as pool:
        found = inspect_file(Path(path), pool, SilentProgress())
    seconds = time.perf_counter() - begun
    if found.clip is None:
        raise SystemExit(found.reason)
    own, theirs = (
        round(resource.getrusage(who).ru_maxrss / 1024, 1)
        for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    print(
        json.dumps(
            {
                "frames": found.clip.frames.frames,
                "seconds": round(seconds, 1),
                "frames_per_second": round(found.clip.frames.frames / seconds),
                "peak_mib": own,
                "child_peak_mib": theirs,
            }
        )
    )


def _child(path: Path) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-c", _MEASURED, str(path)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def _write(path: Path, frames: int) -> None:
    """A clip of so many tiny frames."""
    rows = _HEIGHT * 3 // 2
    pictures = [
        av.VideoFrame.from_ndarray(
            np.full((rows, _WIDTH), 16 + 3 * number, np.uint8), format="yuv420p"
        )
        for number in range(_PICTURES)
    ]
    with av.open(str(path), "w") as out:
        video: Any = out.add_stream("libx264", rate=25)
        video.width, video.height, video.pix_fmt = _WIDTH, _HEIGHT, "yuv420p"
        video.options = {"preset": "ultrafast", "g": str(_PICTURES), "threads": "1"}
        for number in range(frames):
            frame = pictures[number % _PICTURES]
            frame.pts, frame.time_base = number, Fraction(1, 25)
            for packet in video.encode(frame):
                out.mux(packet)
        for packet in video.encode(None):
            out.mux(packet)


if __name__ == "__main__":
    main()
