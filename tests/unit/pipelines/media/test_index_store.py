"""A stored index is the same index or none at all."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from pipelines.errors import EvidenceError
from pipelines.media.index import index_video
from pipelines.media.index_store import load_index, save_index
from pipelines.media.pool import DecodePool
from pipelines.media.video import ColourTags, TimingSource, VideoIndex
from tests.unit.pipelines.media.clip_kit import UNEVEN, write_clip


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> VideoIndex:
    """The index of a clip with times, a turn, colours and sound of its own."""
    path = write_clip(
        tmp_path_factory.mktemp("plain") / "clip.mp4", times=UNEVEN, rotation=90, audio="aac",
        language="deu", colour={"color_primaries": 9, "color_trc": 16, "colorspace": 9},
    )  # fmt: skip
    with DecodePool() as pool:
        return index_video(pool, path)


def unequal(one: VideoIndex, two: VideoIndex) -> list[str]:
    """The names of all fields that differ."""
    found = []
    for field in fields(VideoIndex):
        a, b = getattr(one, field.name), getattr(two, field.name)
        is_array = isinstance(a, np.ndarray)
        if not (a.dtype == b.dtype and np.array_equal(a, b) if is_array else a == b):
            found.append(field.name)
    return found


def test_every_field_comes_back(index: VideoIndex, tmp_path: Path) -> None:
    """Nothing of an index is lost or changed, whatever its facts are."""
    save_index(index, tmp_path / "one")
    assert unequal(load_index(tmp_path / "one"), index) == []
    video = replace(
        index.video,
        colour=ColourTags(full_range=None, siting="left"),
        sample_aspect=Fraction(4, 3),
        display_matrix=None,
        nominal_rate=None,
        timing=TimingSource.ASSUMED,
        assumptions=("a", "b\nc"),
    )
    other = replace(index, video=video, defects=("ü\ud800",), container_metadata={"a\n": "b"})
    save_index(other, tmp_path / "two")
    assert unequal(load_index(tmp_path / "two"), other) == []


def test_an_index_replaces_another_whole(index: VideoIndex, tmp_path: Path) -> None:
    """Storing leaves one file under one name."""
    path = tmp_path / "index"
    path.write_bytes(b"older")
    save_index(index, path)
    assert [one.name for one in tmp_path.iterdir()] == ["index"]
    assert unequal(load_index(path), index) == []


def test_whatever_is_damaged_is_refused_or_still_an_index(
    index: VideoIndex, tmp_path: Path
) -> None:
    """A file that was cut or scratched anywhere never ends in another error than ours."""
    path = tmp_path / "index"
    save_index(index, path)
    data = path.read_bytes()
    random = np.random.default_rng(1)
    refused = 0
    for place in random.integers(0, len(data), 400).tolist():
        scratched = bytearray(data)
        scratched[place] = int(random.integers(0, 256))
        for damaged in (bytes(scratched), data[:place]):
            path.write_bytes(damaged)
            try:
                load_index(path)
            except EvidenceError:
                refused += 1
    assert refused > 400


@pytest.mark.parametrize(
    ("name", "value"),
    [("format", "evident-index/0"), ("stream", 77), ("streams", [{}]), ("size", [1]),
     ("nominal_rate", "1/0"), ("layout", None), ("packets", [[0, 1, 2, "x"]]), ("timing", "?")],
)  # fmt: skip
def test_facts_that_are_none_are_refused(
    index: VideoIndex, tmp_path: Path, name: str, value: object
) -> None:
    """A header with a wrong fact is no index."""
    path = tmp_path / "index"
    save_index(index, path)
    head, _, rest = path.read_bytes().partition(b"\n")
    path.write_bytes(json.dumps({**json.loads(head), name: value}).encode() + b"\n" + rest)
    with pytest.raises(EvidenceError):
        load_index(path)


def test_no_object_is_ever_unpickled(index: VideoIndex, tmp_path: Path) -> None:
    """An array of objects in the place of an array of numbers is refused."""
    path = tmp_path / "index"
    save_index(index, path)
    head, _, _ = path.read_bytes().partition(b"\n")
    with path.open("wb") as file:
        file.write(head + b"\n")
        np.save(file, np.array([{}], object), allow_pickle=True)
    with pytest.raises(EvidenceError):
        load_index(path)
