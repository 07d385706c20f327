"""The gateway starts without anything that works on pixels."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[4]
HEAVY = ("torch", "onnxruntime", "ray", "av", "numpy", "PIL", "pyvips", "cv2", "reportlab")


def test_no_engine_decoder_or_cluster_is_loaded() -> None:
    """Building the application loads no engine, no decoder, no cluster and no PDF library."""
    script = (
        "import sys; from pathlib import Path;"
        "from services.gateway.provenance_app import provenance_app;"
        "import services.gateway.app, pipelines.media.probe;"
        "provenance_app(Path('none'), key=None, version='1');"
        f"print([name for name in {HEAVY!r} if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
