"""Tiles: the paths and contents of C2SP tlog-tiles."""

from __future__ import annotations

import pytest

from pipelines.errors import EvidenceError
from pipelines.evidence.merkle import Frontier, inclusion_proof, is_included, leaf_hash
from pipelines.evidence.tile_rows import TileRows
from pipelines.evidence.tiles import (
    TileName,
    checkpoint_path,
    decode_entries,
    encode_entries,
    entries_path,
    node_reader,
    tile_path,
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


def leaf(number: int) -> bytes:
    """Return the hash of leaf `number`."""
    return leaf_hash(number.to_bytes(4, "big"))


def grown(*sizes: int) -> tuple[TileRows, dict[TileName, bytes]]:
    """Grow a tree from size to size, each time from what the tiles alone tell."""
    files: dict[TileName, bytes] = {}

    def read(level: int, index: int, width: int) -> bytes:
        return files[TileName(level, index, width)]

    rows = TileRows(0, read)
    for size in sizes:
        rows = TileRows(rows.size, read)
        old = rows.size
        files.update(rows.append(map(leaf, range(old, size))))
        files.update(rows.unfinished(since=old))
    return rows, files


def test_tiles_of_the_specifications_tree() -> None:
    """A tree of 70,000 leaves has the tiles that tlog-tiles lists for it, right edge partial."""
    _, files = grown(70_000)
    last = {
        (level, *max((n.index, n.width) for n in files if n.level == level)) for level in range(3)
    }
    assert last == {(0, 273, 112), (1, 1, 17), (2, 0, 1)}
    assert len(files) == 274 + 2 + 1


def test_only_what_changed_is_written() -> None:
    """Growth writes the tiles that gained hashes and no other."""
    _, files = grown(255)
    rows = TileRows(255, lambda *name: files[TileName(*name)])
    assert list(rows.unfinished(since=255)) == []
    names = [name for name, _ in rows.append(map(leaf, range(255, 258)))]
    names += [name for name, _ in rows.unfinished(since=255)]
    assert names == [TileName(0, 0, 256), TileName(0, 1, 2), TileName(1, 0, 1)]


@pytest.mark.parametrize(
    "sizes", [(1, 2, 3), (255, 256, 257), (300, 512, 513, 2000), (65_536, 70_000)]
)
def test_a_tree_resumed_from_its_tiles_is_the_same_tree(sizes: tuple[int, ...]) -> None:
    """However often growth stops and goes on from the tiles, head and tiles come out the same."""
    rows, files = grown(*sizes)
    at_once, whole = grown(sizes[-1])
    frontier = Frontier()
    for number in range(sizes[-1]):
        frontier.append(leaf(number))
    assert rows.root == at_once.root == frontier.root
    assert whole.items() <= files.items()


def test_an_unfinished_tile_of_the_wrong_length_is_refused() -> None:
    """A tree is not continued from a tile that is cut short."""
    with pytest.raises(EvidenceError):
        TileRows(3, lambda *_: b"short")


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
    rows, files = grown(size)
    read = node_reader(size, lambda *name: files[TileName(*name)])
    for index in {0, size // 2, size - 1}:
        path = inclusion_proof(index, size, read)
        assert is_included(leaf(index), index, size, path, rows.root)
    with pytest.raises(EvidenceError):
        read(0, size)
    with pytest.raises(EvidenceError):
        node_reader(size, lambda *_: b"short")(0, 0)
