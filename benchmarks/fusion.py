"""What fusion gains after real H.264: `python -m benchmarks.fusion`.

A scene of lettering, drawn twice as fine as it is recorded, moving by fractions of a sample or
standing still, recorded with noise and coded by x264 at several qualities. PSNR of the fused
region against the scene, beside plain cubic interpolation of the chosen frame and of the best
single frame; a hyphen where fusion declined. Bar: never worse than plain interpolation by more
than a tenth of a decibel where it does not decline.
"""

from __future__ import annotations

import json
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.machine import describe
from pipelines.media.index import index_video
from pipelines.media.picture import Region
from pipelines.media.pool import DecodePool
from pipelines.run.fuse import FusionWish
from pipelines.run.fuse_files import enlarged, fuse_clip
from tests.unit.pipelines.analysis.fusion_kit import (
    MIDDLE,
    PLACE,
    REGION,
    SHIFTS,
    fidelity,
    fine_scene,
    footage,
    lumas_of,
    region_of,
    truth,
)

RESULT = Path(__file__).with_name("results") / "fusion.json"
QUALITIES = (10, 18, 23, 28, 33)
BAR = -0.1
STILL = [(0.0, 0.0)] * len(SHIFTS)


def main() -> None:
    """Measure and write the result."""
    with tempfile.TemporaryDirectory() as folder, DecodePool() as pool:
        rows = [
            _row(pool, Path(folder), subject, crf)
            for subject in ("moving", "still")
            for crf in QUALITIES
        ]
    held = all(row["gain_over_plain"] is None or row["gain_over_plain"] >= BAR for row in rows)
    result = {"machine": describe(), "bar": BAR, "held": held, "rows": rows}
    RESULT.write_text(json.dumps(result, indent=1) + "\n")


def _row(pool: DecodePool, folder: Path, subject: str, crf: int) -> dict[str, Any]:
    scene, shifts = fine_scene(), SHIFTS if subject == "moving" else STILL
    path = footage(folder / f"{subject}-{crf}.mp4", scene, shifts, crf=crf, noise=2)
    index = index_video(pool, path)
    began = time.process_time()
    fusion, chosen = fuse_clip(pool, path, index, FusionWish(MIDDLE, Region(*PLACE, *REGION)))
    seconds = time.process_time() - began
    expected = region_of(truth(scene, shifts[MIDDLE]))
    top, left = PLACE
    part = chosen[top : top + REGION[0], left : left + REGION[1]]
    plain = fidelity(enlarged(part, 2), expected)
    row: dict[str, Any] = {
        "subject": subject,
        "crf": crf,
        "plain": round(plain, 2),
        "best_single": round(_best(lumas_of(path), fusion.frames, expected), 2),
        "fused": None,
        "gain_over_plain": None,
        "independent": round(fusion.independent, 2),
        "used": sum(one.used for one in fusion.frames),
        "seconds": round(seconds, 2),
    }
    if fusion.picture is not None:
        fused = fidelity(fusion.picture, expected)
        row |= {"fused": round(fused, 2), "gain_over_plain": round(fused - plain, 2)}
    return row


def _best(lumas: dict[int, Any], frames: Any, expected: Any) -> float:
    """The single frame that shows the region best, among those on the chosen one's samples."""
    found = []
    for one in frames:
        if max(abs(value - round(value)) for value in one.shift) >= 0.1:
            continue
        top, left = (PLACE[axis] + round(one.shift[axis]) for axis in (0, 1))
        part = lumas[one.index][top : top + REGION[0], left : left + REGION[1]]
        if part.shape == REGION:
            found.append(fidelity(enlarged(part, 2), expected))
    return max(found)


if __name__ == "__main__":
    main()
