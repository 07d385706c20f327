"""Conventional operations beside OpenCV's and FFmpeg's own: `python -m benchmarks.operations`.

One gray picture of 1920 x 1080 (or a clip of it), one thread on both sides, alternating; the
ratio of the medians of processor time counts, ours over theirs. The others are what OpenCV or
FFmpeg offer for the same purpose: their arithmetic is not the same, and most of them work on
8-bit codes. Ours is float32 with the same bits for every region; the ratio says what that costs.
Names after the command measure these operations alone and write nothing.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median

import cv2

from benchmarks import beside_clips, beside_place, beside_tone
from benchmarks.beside import HEIGHT, WIDTH, Pair, picture
from benchmarks.machine import describe

RESULT = Path(__file__).with_name("results") / "operations.json"
REPEATS = 7


def main() -> None:
    """Measure, write the result, print it."""
    cv2.setNumThreads(1)
    wanted = sys.argv[1:]
    measured = []
    for name, against, ours, theirs in _pairs():
        if wanted and name.split(",")[0].split()[0] not in wanted:
            continue
        ours()
        theirs()
        times: tuple[list[float], list[float]] = ([], [])
        for _ in range(REPEATS):
            for kept, work in zip(times, (ours, theirs), strict=True):
                begun = time.process_time()
                work()
                kept.append(time.process_time() - begun)
        own, other = (median(one) for one in times)
        measured.append({
            "operation": name,
            "against": against,
            "seconds": round(own, 5),
            "their_seconds": round(other, 5),
            "ratio": round(own / other, 2),
        })  # fmt: skip
        print(json.dumps(measured[-1]))
    if wanted:
        return
    found = {
        "machine": describe("numpy", "opencv-python-headless", "av"),
        "picture": f"{WIDTH} x {HEIGHT}; one thread each; processor seconds; ratio is ours over "
        f"theirs, by medians of {REPEATS}",
        "measured": measured,
    }
    RESULT.write_text(json.dumps(found, indent=1) + "\n")


def _pairs() -> Iterator[Pair]:
    plane = picture()
    yield from beside_place.pairs(plane)
    yield from beside_tone.pairs(plane)
    yield from beside_clips.pairs()


if __name__ == "__main__":
    main()
