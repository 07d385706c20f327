"""Memory does not grow with the length of a clip."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

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


def peak_kib(evident: Evident, clip: Path) -> int:
    """The largest resident size of a whole job over `clip`."""
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, "run", clip, "--out", "out"],
        cwd=evident.folder,
        env={**evident.environment, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
    )
    return int(done.stdout.rpartition("peak ")[2])


def test_a_clip_ten_times_as_long_takes_the_same_memory(evident: Evident) -> None:
    """The peak of a job stays within a tenth when the clip is ten times as long."""
    short = make_clip(evident.folder / "short.mp4", frames=60, size=(160, 96))
    long = make_clip(evident.folder / "long.mp4", frames=600, size=(160, 96))
    assert peak_kib(evident, long) < 1.1 * peak_kib(evident, short)
