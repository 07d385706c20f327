"""The index of a job and `inspect` walk over a clip alike, so they see the same defects."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pipelines.errors import TooLargeError
from pipelines.media.pool import DecodePool
from tests.unit.pipelines.media.damage_kit import damaged, intact

KINDS = ("h264", "mpeg4")
SEEDS = (1, 3, 7)
LIMITS = {"pixels": 1 << 24, "side": 1 << 14, "frames": 1000, "streams": 8}


@pytest.fixture(scope="module")
def pool() -> Iterator[DecodePool]:
    """Decode children for this module."""
    with DecodePool(spare=1) as made:
        yield made


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A clip of each kind, intact."""
    folder = tmp_path_factory.mktemp("clips")
    return {kind: intact(folder, kind) for kind in KINDS}


def heard(
    pool: DecodePool, task: str, path: Path, *, threads: int = 1, limits: dict[str, int] = LIMITS
) -> list[dict[str, Any]]:
    """All that one of the two tasks says of a clip, up to its last message."""
    arguments = {
        "path": str(path), "name": path.name, "stream": None, "threads": threads,
        "coded": False, "limits": limits,
    }  # fmt: skip
    said: list[dict[str, Any]] = []
    with pool.session(task, arguments, steady=threads == 1) as session:
        while not said or not {"end", "damaged"} & said[-1].keys():
            said.append(dict(session.receive()))
    return said


def digests(said: list[dict[str, Any]]) -> bytes:
    """The digests of all frames, one after another."""
    found = [one["digests"] for one in said if "digests" in one]
    found += [one["batch"]["digests"] for one in said if "batch" in one]
    return b"".join(base64.b64decode(one) for one in found)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", SEEDS)
def test_both_see_the_same_defects_and_samples(
    pool: DecodePool, clips: dict[str, Path], kind: str, seed: int
) -> None:
    """Of a damaged clip both tell the same samples, concealed ones too, and the same defects."""
    path = damaged(clips[kind], seed)
    index, inspection = (heard(pool, task, path) for task in ("video_index", "video_inspect"))
    assert len(digests(index)) >= 32
    assert digests(index) == digests(inspection)
    for told in ("defects", "packets"):
        assert index[-1]["end"][told] == inspection[-1]["end"][told]


def test_both_notice_damage_at_once(pool: DecodePool, clips: dict[str, Path]) -> None:
    """With several threads the first sign of damage ends either walk with the same word."""
    path = damaged(clips["h264"], 1)
    for task in ("video_index", "video_inspect"):
        assert heard(pool, task, path, threads=4)[-1] == {"damaged": 1}


@pytest.mark.parametrize("name", ["frames", "streams"])
def test_both_keep_the_same_bounds(pool: DecodePool, clips: dict[str, Path], name: str) -> None:
    """More frames or streams than are allowed end either walk with the same words."""
    words = set()
    for task in ("video_index", "video_inspect"):
        with pytest.raises(TooLargeError) as error:
            heard(pool, task, clips["h264"], limits={**LIMITS, name: 0})
        words.add(str(error.value))
    assert len(words) == 1
