"""Tiles: the paths and contents of C2SP tlog-tiles."""

from __future__ import annotations

import pytest

from pipelines.errors import EvidenceError
from pipelines.evidence.merkle import Frontier, inclusion_proof, is_included, leaf_hash
from pipelines.evidence.tiles import (
    checkpoint_path,
    decode_entries,
    encode_entries,
    entries_path,
    node_reader,
    tile_path,
    tiles_between,
)


def test_paths_of_the_specification() -> None:
    """Paths are those that tlog-tiles gives as its examples."""
    assert tile_path(0, 1234067) == "tile/0/x001/x234/067"
    assert tile_path(1, 0) == "tile/1/000"
    assert tile_path(0, 273, 112) == "tile/0/273.p/112"
    assert entries_path(1000, 1) == "tile/entries/x001/000.p/1"
    assert checkpoint_path(7) == "checkpoints/7"


@pytest.mark.parametrize("width", [0, 257, -1])
def test_widths_outside_a_tile_are_refused(width: int) -> None:
    """A tile holds 1 to 256 hashes."""
    with pytest.raises(EvidenceError):
        tile_path(0, 0, width)


def test_tiles_of_the_specifications_tree() -> None:
    """A tree of 70,000 leaves has the tiles that tlog-tiles lists for it, right edge partial."""
    names = tiles_between(0, 70_000)
    last = {(n.level, n.index, n.width) for n in names if n.index == max(
        one.index for one in names if one.level == n.level)}  # fmt: skip
    assert last == {(0, 273, 112), (1, 1, 17), (2, 0, 1)}
    assert len(names) == 274 + 2 + 1


def test_only_what_changed_is_written() -> None:
    """Growth writes the tiles that gained hashes and no other."""
    assert tiles_between(5, 5) == []
    assert [(n.level, n.index, n.width) for n in tiles_between(255, 258)] == [
        (0, 0, 256),
        (0, 1, 2),
        (1, 0, 1),
    ]


def test_entry_bundles_round_trip() -> None:
    """An entry bundle gives its commitments back, and no other bytes pass for one."""
    commitments = tuple(bytes([n]) * 32 for n in range(3))
    data = encode_entries(commitments)
    assert data[:2] == b"\x00\x20"
    assert decode_entries(data) == commitments
    for bad in (b"", data[:-1], data + b"\x00", b"\x00\x1f" + data[2:], data * 100):
        with pytest.raises(EvidenceError):
            decode_entries(bad)


@pytest.mark.parametrize("size", [1, 2, 255, 256, 257, 700])
def test_proofs_from_tiles(size: int) -> None:
    """Proofs are made from stored tiles alone."""
    frontier = Frontier()
    rows: dict[int, list[bytes]] = {}
    for n in range(size):
        for level, _, node in frontier.append(leaf_hash(n.to_bytes(2, "big"))):
            if level % 8 == 0:
                rows.setdefault(level // 8, []).append(node)
    files = {
        (t.level, t.index, t.width): b"".join(rows[t.level][t.index * 256 :][: t.width])
        for t in tiles_between(0, size)
    }
    read = node_reader(size, lambda *name: files[name])
    for index in {0, size // 2, size - 1}:
        path = inclusion_proof(index, size, read)
        leaf = leaf_hash(index.to_bytes(2, "big"))
        assert is_included(leaf, index, size, path, frontier.root)
    with pytest.raises(EvidenceError):
        read(0, size)
    with pytest.raises(EvidenceError):
        node_reader(size, lambda *_: b"short")(0, 0)
