"""Memory does not grow with the length of a clip."""

from __future__ import annotations

import subprocess
import sys

from tests.e2e.command_kit import ROOT, Evident, make_clip

# VmHWM belongs to the program that runs now; getrusage would count whoever started it.
SCRIPT = """
import sys
from services.cli.main import app
try:
    app(sys.argv[1:])
except SystemExit as ended:
    assert not ended.code
status = open("/proc/self/status").read()
print("peak", status.partition("VmHWM:")[2].split()[0])
"""


def peak_kib(evident: Evident, *call: object) -> int:
    """The largest resident size of a whole call of the command line."""
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, *map(str, call)],
        cwd=evident.folder,
        env={**evident.environment, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
    )
    return int(done.stdout.rpartition("peak ")[2])


def test_a_clip_ten_times_as_long_takes_the_same_memory(evident: Evident) -> None:
    """Peaks of a job and of its replay stay within a tenth where a clip is ten times as long."""
    short = make_clip(evident.folder / "short.mp4", frames=60, size=(160, 96))
    long = make_clip(evident.folder / "long.mp4", frames=600, size=(160, 96))
    jobs = [peak_kib(evident, "run", clip, "--out", "out") for clip in (short, long)]
    assert jobs[1] < 1.1 * jobs[0]
    bundles = [evident.folder / "out" / clip.name / "bundle.zip" for clip in (short, long)]
    replays = [peak_kib(evident, "replay", bundle) for bundle in bundles]
    assert replays[1] < 1.1 * replays[0]
