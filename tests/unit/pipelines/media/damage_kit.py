"""Damages clips in ways that disks, cables and careless programs do; a seed names the damage."""

from __future__ import annotations

import random
from fractions import Fraction
from pathlib import Path
from typing import Any

from tests.unit.pipelines.media.clip_kit import write_clip

MILLISECOND = Fraction(1, 1000)
KINDS: dict[str, dict[str, Any]] = {
    "h264": {"options": {"bf": "2", "g": "15"}},
    "hevc": {"codec": "libx265", "options": {"g": "15"}},
    "mpeg4": {"codec": "mpeg4", "options": {"bf": "2", "g": "15"}},
    "vp8": {"codec": "libvpx", "options": {"deadline": "realtime", "cpu-used": "8"}},
}


def intact(folder: Path, kind: str, *, frames: int = 40) -> Path:
    """A clip of a kind, large enough for several threads to have work."""
    return write_clip(
        folder / f"{kind}.mkv", size=(320, 240), base=MILLISECOND,
        times=range(0, 40 * frames, 40), **KINDS[kind],
    )  # fmt: skip


def damaged(clip: Path, seed: int) -> Path:
    """A copy of `clip` in which flipped bits, noise, zeros or other parts of it stand."""
    chance = random.Random(seed)  # noqa: S311 - the same damage every time is the point
    data = bytearray(clip.read_bytes())
    low, high = len(data) // 40, len(data) - len(data) // 40
    way = seed % 5
    if way == 0:
        for _ in range(chance.randint(1, 6)):
            data[chance.randrange(low, high)] ^= 1 << chance.randrange(8)
    elif way == 1:
        for _ in range(chance.randint(20, 200)):
            data[chance.randrange(low, high)] = chance.randrange(256)
    else:
        length = chance.randint(50, 2000)
        at, other = (chance.randrange(low, high - length) for _ in range(2))
        new = {2: bytes(length), 3: chance.randbytes(length), 4: data[other : other + length]}
        data[at : at + length] = new[way]
    path = clip.with_name(f"{clip.stem}-{seed}{clip.suffix}")
    path.write_bytes(data)
    return path
