"""What a blend of two networks is called. Imports nothing heavy: every lookup of a name asks."""

from __future__ import annotations

import re

from models.spec import ModelId

_NAME = re.compile(r"(?P<base>[a-z0-9._-]+)-denoise-(?P<share>0\.[0-9]{2}|1\.00)")


def blend_name(base: str, share: float) -> ModelId:
    """Name the blend of `base` with its twin; `share` (0 to 1) counts in hundredths."""
    return ModelId(f"{base}-denoise-{share:.2f}")


def parse_blend_name(name: str) -> tuple[str, str] | None:
    """Take a blend's name apart: its base and its share; None where it is no such name."""
    found = _NAME.fullmatch(name)
    return None if found is None else (found["base"], found["share"])
