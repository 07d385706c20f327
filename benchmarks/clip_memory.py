"""Peak memory of a clip job against its length: `python -m benchmarks.clip_memory`.

The same job over a clip and over one ten times as long, each in a process of its own; the peak is
the largest resident size of that process, and of the largest of its children as seen every 50
milliseconds. Bar: 1.10.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.clips import make_clip
from benchmarks.machine import describe

ROOT = Path(__file__).resolve().parents[1]
RESULT = Path(__file__).with_name("results") / "clip_memory.json"
SHORT, TIMES = 150, 10
BAR = 1.10

_MEASURED = """
import json, os, sys, threading, time
from pathlib import Path
from services.cli.main import app

peaks = {}

def peak(pid):
    # VmHWM belongs to the program that runs now; getrusage would count who started it.
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1])
    return 0

def watch():
    own = os.getpid()
    while True:
        for stat in Path("/proc").glob("[0-9]*/stat"):
            try:
                pid, parent = int(stat.parent.name), stat.read_text().rpartition(")")[2].split()[1]
                if int(parent) == own:
                    peaks[pid] = max(peaks.get(pid, 0), peak(pid))
            except (OSError, ValueError, IndexError):
                continue
        time.sleep(0.05)

threading.Thread(target=watch, daemon=True).start()
code = 0
try:
    app(sys.argv[1:])
except SystemExit as ended:
    code = ended.code
print(json.dumps({"code": code or 0, "peak_kib": [peak("self"), max(peaks.values())]}))
"""


def main() -> None:
    """Measure, write the result, print it."""
    measured = []
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        for frames in (SHORT, SHORT * TIMES):
            clip = make_clip(home / f"{frames}.mp4", frames=frames, width=320, height=180)
            for preset in ("forensic-safe", "balanced"):
                own, children = _peaks(clip, preset, home)
                measured.append({"frames": frames, "preset": preset, "process_mib": own,
                                 "largest_child_mib": children})  # fmt: skip
    ratios = {}
    for preset in ("forensic-safe", "balanced"):
        short, long = (one for one in measured if one["preset"] == preset)
        ratios[preset] = round(
            max(
                float(long[key]) / float(short[key]) for key in ("process_mib", "largest_child_mib")
            ),
            3,
        )
    found = {
        "machine": describe("av", "numpy", "onnxruntime"),
        "clip": f"320x180, x2, {SHORT} and {SHORT * TIMES} frames",
        "bar": BAR,
        "ratios": ratios,
        "kept": max(ratios.values()) <= BAR,
        "measured": measured,
    }
    RESULT.write_text(json.dumps(found, indent=1) + "\n")
    print(json.dumps(found, indent=1))


def _peaks(clip: Path, preset: str, home: Path) -> tuple[float, float]:
    done = subprocess.run(
        [sys.executable, "-c", _MEASURED, "run", str(clip), "--preset", preset, "--out",
         str(home / "out")],
        env={**os.environ, "EVIDENT_HOME": str(home / "home"), "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )  # fmt: skip
    said = json.loads(done.stdout.splitlines()[-1])
    if said["code"]:
        raise SystemExit(done.stderr)
    own, children = (round(kib / 1024, 1) for kib in said["peak_kib"])
    return own, children


if __name__ == "__main__":
    main()
