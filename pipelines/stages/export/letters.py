"""Where the fonts lie that ship with the product, for whoever draws letters into pictures."""

from __future__ import annotations

from pathlib import Path

SANS = Path(__file__).with_name("fonts") / "DejaVuSans.ttf"
BOLD = Path(__file__).with_name("fonts") / "DejaVuSans-Bold.ttf"
