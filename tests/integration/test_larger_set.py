"""The larger golden set: made from pictures by digest, the same each time, and read by gates."""

from __future__ import annotations

import hashlib
import tomllib
from importlib import resources
from pathlib import Path

import pytest

from golden_set import make_larger_set
from golden_set.make_larger_set import SOURCES, THRESHOLDS, Source, by_digest, make
from models.training.pictures import read_split
from pipelines.gates.golden_set import read_set
from pipelines.gates.thresholds import read_thresholds

SHIPPED = Path(str(resources.files("skimage"))) / "data"


def sources() -> list[Source]:
    """What `larger.toml` pins."""
    return [Source(**row) for row in tomllib.loads(SOURCES.read_text("utf-8"))["photo"]]


def test_no_picture_was_trained_on() -> None:
    """A network is never judged on what it was made from."""
    trained = {one.sha256 for one in read_split("train")}
    pinned = sources()
    assert len({one.sha256 for one in pinned}) == len({one.name for one in pinned}) == len(pinned)
    assert not trained & {one.sha256 for one in pinned}
    assert all(one.url.startswith("https://") and one.licence for one in pinned)


def test_pictures_are_found_by_digest_whatever_they_are_called(tmp_path: Path) -> None:
    """A renamed picture is found, and one of its name with other bytes is not."""
    coins = next(one for one in sources() if one.name == "coins")
    (tmp_path / "renamed.bin").write_bytes((SHIPPED / "coins.png").read_bytes())
    (tmp_path / "coins.png").write_bytes(b"another")
    assert by_digest([coins], [tmp_path]) == {coins.sha256: tmp_path / "renamed.bin"}


def test_a_set_that_was_made_is_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every case names files of the digests that it states, and making it again changes none."""
    monkeypatch.setattr(make_larger_set, "PIXELS", {2: (6,)})
    coins = next(one for one in sources() if one.name == "coins")
    found = by_digest([coins], [SHIPPED])
    manifests = []
    for _ in range(2):
        make(tmp_path, [coins], found)
        manifests.append((tmp_path / "manifest.toml").read_bytes())
    assert manifests[0] == manifests[1]
    golden = read_set(tmp_path)
    assert {case.name.partition("-")[0] for case in golden.photos} == {"coins", "chart"}
    for case in (*golden.photos, *golden.characters, *golden.clips):
        for file in (case.truth, case.source):
            assert hashlib.sha256(file.read()).hexdigest() == file.sha256
    assert read_thresholds(tmp_path).networks == read_thresholds_of_larger()


def read_thresholds_of_larger() -> object:
    """The networks' limits as the repository states them."""
    return tomllib.loads(THRESHOLDS.read_text("utf-8"))["networks"]
