"""Stopping from outside: in order where that is possible, and without leftovers where it is not."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[4]
STUBBORN = """
import pathlib, shutil, sys, time
from services.cli.interrupt import stop_on_signals
folder = pathlib.Path(sys.argv[1])
stop_on_signals("These were the last words.", leaving=lambda: shutil.rmtree(folder))
is_told = False
while True:
    try:
        if not is_told:
            is_told = True
            print("ready", flush=True)
        time.sleep(60)
    except KeyboardInterrupt:
        pass
"""


def test_a_process_that_will_not_stop_is_ended_and_leaves_nothing(tmp_path: Path) -> None:
    """Where the main thread goes on, the process ends all the same, after it was cleaned up."""
    folder = tmp_path / "scratch"
    folder.mkdir()
    (folder / "file").write_bytes(b"x")
    running = subprocess.Popen(
        [sys.executable, "-c", STUBBORN, str(folder)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert running.stdout is not None
    assert running.stdout.readline() == "ready\n"
    running.send_signal(signal.SIGINT)
    _, said = running.communicate(timeout=60)
    assert running.returncode == 1
    assert "These were the last words." in said
    assert not folder.exists()
