"""What importing the photo room costs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[4]
CODECS = ("pyvips", "PIL", "av", "cv2", "onnxruntime", "torch")


def test_reading_the_contract_loads_no_codec() -> None:
    """Neither the photo module, the ceiling nor the task imports a codec until one is used."""
    modules = "pipelines.media.photo, pipelines.media.photo_ceiling, pipelines.media.tasks.photo"
    told = subprocess.run(
        [sys.executable, "-c", f"import sys, {modules}; print(*sys.modules)"],
        cwd=ROOT,
        capture_output=True,
        check=True,
        text=True,
    )
    assert "pipelines.media.tasks.photo" in told.stdout
    assert not set(CODECS) & set(told.stdout.split())
