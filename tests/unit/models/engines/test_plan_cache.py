"""What engines built is used again only where nothing about it changed."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from models import weights
from models.catalog import Catalog
from models.engines.openvino_engine import OpenVinoEngine
from models.engines.plan_cache import PlanCache, PlanKey
from models.spec import Precision

KEY = PlanKey("0" * 64, "engine", "1.2.3", "a device", "fp32", 2, (1, 1, 64, 64))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A place for a cache, made by the cache itself."""
    return tmp_path / "plans"


def only_plan(folder: Path) -> Path:
    """The one plan of a cache."""
    (path,) = folder.glob("*.plan")
    return path


def test_what_was_written_is_read(folder: Path) -> None:
    """A plan comes back as it was, also to another process's cache over the same folder."""
    PlanCache(folder).write(KEY, b"built")
    assert PlanCache(folder).read(KEY) == b"built"


@pytest.mark.parametrize(
    "other",
    [
        replace(KEY, weights_sha256="1" * 64),
        replace(KEY, engine_version="1.2.4"),
        replace(KEY, device="another"),
        replace(KEY, precision="bf16"),
        replace(KEY, threads=1),
        replace(KEY, shape=(1, 1, 64, 65)),
    ],
)
def test_another_key_shares_nothing(folder: Path, other: PlanKey) -> None:
    """A plan for other weights, versions, devices, precisions, threads or shapes is not used."""
    cache = PlanCache(folder)
    cache.write(KEY, b"built")
    assert cache.read(other) is None
    only_plan(folder).rename(folder / f"{other.digest().hex()}.plan")
    assert cache.read(other) is None


@pytest.mark.parametrize("at", [0, 8, 40, -1])
def test_an_altered_plan_is_not_used(folder: Path, at: int) -> None:
    """One changed byte anywhere, head or content, makes the plan as if it were not there."""
    cache = PlanCache(folder)
    cache.write(KEY, b"built")
    path = only_plan(folder)
    content = bytearray(path.read_bytes())
    content[at] ^= 1
    path.write_bytes(content)
    assert cache.read(KEY) is None
    assert not path.exists()
    cache.write(KEY, b"built again")
    assert cache.read(KEY) == b"built again"


def test_a_plan_of_another_cache_is_not_used(folder: Path, tmp_path: Path) -> None:
    """A file that was made elsewhere, under another secret, does not pass."""
    foreign = PlanCache(tmp_path / "foreign")
    foreign.write(KEY, b"poison")
    cache = PlanCache(folder)
    cache.write(KEY, b"built")
    only_plan(folder).write_bytes(only_plan(tmp_path / "foreign").read_bytes())
    assert cache.read(KEY) is None


@pytest.mark.skipif(not hasattr(os, "getuid"), reason="permissions as POSIX has them")
@pytest.mark.parametrize("which", ["folder", "plan"])
def test_what_others_may_write_to_is_not_used(folder: Path, which: str) -> None:
    """A folder or a plan that its group may write to is not trusted."""
    cache = PlanCache(folder)
    cache.write(KEY, b"built")
    path = folder if which == "folder" else only_plan(folder)
    path.chmod(0o770)
    assert cache.read(KEY) is None
    path.chmod(0o700)
    assert cache.read(KEY) == b"built"


def test_a_link_is_not_followed(folder: Path, tmp_path: Path) -> None:
    """A link in the place of a plan is passed over."""
    cache = PlanCache(folder)
    cache.write(KEY, b"built")
    path = only_plan(folder)
    path.rename(tmp_path / "moved")
    path.symlink_to(tmp_path / "moved")
    assert cache.read(KEY) is None


def test_the_longest_unused_go_first(folder: Path) -> None:
    """Beyond its size the cache drops what was not read for longest."""
    cache = PlanCache(folder, most_bytes=3000)
    keys = [replace(KEY, threads=number) for number in (1, 2, 3)]
    for age, key in enumerate(keys[:2]):
        cache.write(key, bytes(1200))
        path = folder / f"{key.digest().hex()}.plan"
        os.utime(path, (1000 + age, 1000 + age))
    assert cache.read(keys[0]) is not None
    cache.write(keys[2], bytes(1200))
    assert [cache.read(key) is not None for key in keys] == [True, False, True]


def test_a_plan_that_never_fits_is_not_kept(folder: Path) -> None:
    """What is larger than the whole cache is not written, and nothing else is dropped."""
    cache = PlanCache(folder, most_bytes=3000)
    cache.write(KEY, b"built")
    cache.write(replace(KEY, threads=9), bytes(4000))
    assert cache.read(KEY) == b"built"


def test_a_place_that_cannot_be_made_costs_nothing(tmp_path: Path) -> None:
    """Without a place the plan is just not kept."""
    (tmp_path / "file").touch()
    cache = PlanCache(tmp_path / "file" / "plans")
    cache.write(KEY, b"built")
    assert cache.read(KEY) is None


def test_openvino_takes_what_it_compiled_before(tiny: Catalog, folder: Path) -> None:
    """From the cache the network gives the same bits, and an altered file is compiled anew."""
    card = tiny.card("tiny-x2")
    plane = np.random.default_rng(3).random((1, 1, 30, 40), dtype=np.float32)

    def run() -> np.ndarray:
        engine = OpenVinoEngine(cache=PlanCache(folder))
        content = weights.read_verified(card, engine.weights_format)
        return engine.load(card, content, threads=1, precision=Precision.FP32).run(plane)

    built = run()
    path = only_plan(folder)
    kept = path.read_bytes()
    np.testing.assert_array_equal(run(), built)
    path.write_bytes(kept[:-1] + bytes([kept[-1] ^ 1]))
    np.testing.assert_array_equal(run(), built)
    assert len(path.read_bytes()) == len(kept)
