"""Sound of every kind that people have beside a clip is kept packet for packet."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import pytest

from pipelines.media.conservation import require
from pipelines.media.containers import CONTAINERS
from pipelines.media.pool import DecodePool
from tests.unit.pipelines.media.clip_kit import write_clip
from tests.unit.pipelines.media.damage_kit import MILLISECOND
from tests.unit.pipelines.media.rewrap_kit import laws_of, rewrap

IN_MATROSKA: dict[str, Any] = {"base": MILLISECOND, "times": range(0, 480, 40)}
SOUNDS: dict[str, tuple[str, dict[str, Any], str]] = {
    "alac": ("mkv", {"audio": "alac", **IN_MATROSKA}, "mp4"),
    "a-law": ("mov", {"audio": "pcm_alaw", "audio_rate": 8000}, "mov"),
    "mu-law": ("mov", {"audio": "pcm_mulaw", "audio_rate": 8000}, "mov"),
    "AMR": ("3gp", {"audio": "libopencore_amrnb", "audio_rate": 8000}, "mov"),
    "raw": ("mov", {"audio": "pcm_s24le"}, "mov"),
    "raw beside FFV1": (
        "mov",
        {"audio": "pcm_s24le", "codec": "prores_ks", "form": "yuva444p10le"},
        "mp4",
    ),
}


@pytest.fixture(scope="module")
def pool() -> Iterator[DecodePool]:
    """Decode children for this module."""
    with DecodePool() as made:
        yield made


@pytest.mark.parametrize("kind", SOUNDS)
def test_sound_is_kept_packet_for_packet(pool: DecodePool, tmp_path: Path, kind: str) -> None:
    """No packet is lost, changed or moved, the last one of a sound without durations included."""
    suffix, how, container = SOUNDS[kind]
    path = write_clip(tmp_path / f"clip.{suffix}", **how)
    index, delivery, out, _ = rewrap(pool, path, tmp_path)
    assert delivery.container == container
    laws = laws_of(pool, path, index, delivery, out)
    require(laws)
    assert sum("payloads" in law.name for law in laws) == 1


def test_every_codec_that_is_named_exists() -> None:
    """A container lists codecs by the names that streams state."""
    known = {av.Codec(name, "r").canonical_name for name in av.codecs_available if decodes(name)}
    named = set().union(*(container.codecs for container in CONTAINERS))
    assert named - known == set()


def decodes(name: str) -> bool:
    """Whether FFmpeg has a decoder of this name."""
    try:
        av.Codec(name, "r")
    except av.codec.codec.UnknownCodecError:
        return False
    return True
