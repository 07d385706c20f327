"""How long a person waits: `python -m benchmarks.start_up`.

`evident --help`, and the whole of a 512 x 512 photograph under `balanced` (a process of its own:
start, enhance by 2, report, bundle, verification). Medians of `REPEATS` runs, as the shell sees
them, after one that is not counted: Python keeps its compiled modules, as it does wherever the
product is installed. Bars: 0.3 s and 2 s on two cores. The ratio to a bare interpreter's start
tells a slow machine from a slow program.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import numpy as np
from PIL import Image

from benchmarks.machine import describe

ROOT = Path(__file__).resolve().parents[1]
RESULT = Path(__file__).with_name("results") / "start_up.json"
REPEATS = 7
HELP_BAR_SECONDS, PHOTO_BAR_SECONDS = 0.3, 2.0


def main() -> None:
    """Measure, write the result, print it."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        rows, columns = np.mgrid[0:512, 0:512]
        waves = 120 + 70 * np.sin(columns / 6) * np.cos(rows / 9)
        picture = np.stack([waves, waves.T, waves[::-1]], axis=-1).astype(np.uint8)
        Image.fromarray(picture).save(home / "photo.png")
        evident = (sys.executable, "-m", "services.cli.main")
        bare = _median((sys.executable, "-c", "pass"), home)
        shown = _median((*evident, "--help"), home)
        photo = _median(
            (*evident, "run", "photo.png", "--preset", "balanced", "--out", "out"), home
        )
    found = {
        "machine": describe("typer", "onnxruntime", "numpy"),
        "repeats": REPEATS,
        "bare_interpreter_seconds": bare,
        "help": _judged(shown, HELP_BAR_SECONDS, bare),
        "photo_512": _judged(photo, PHOTO_BAR_SECONDS, bare),
    }
    RESULT.write_text(json.dumps(found, indent=1) + "\n")
    print(json.dumps(found, indent=1))


def _judged(seconds: float, bar: float, bare: float) -> dict[str, float | bool]:
    return {
        "seconds": seconds,
        "bar_seconds": bar,
        "kept": seconds <= bar,
        "bare_starts": round(seconds / bare, 1),
    }


def _median(command: tuple[str, ...], home: Path) -> float:
    environment = {**os.environ, "EVIDENT_HOME": str(home / "home"), "PYTHONPATH": str(ROOT)}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    subprocess.run(command, cwd=home, env=environment, capture_output=True, check=True)
    taken = []
    for _ in range(REPEATS):
        begun = time.perf_counter()
        subprocess.run(command, cwd=home, env=environment, capture_output=True, check=True)
        taken.append(time.perf_counter() - begun)
    return round(median(taken), 3)


if __name__ == "__main__":
    main()
