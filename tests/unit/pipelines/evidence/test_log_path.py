"""Names in a log's public folder: each means one thing, and no other name means anything."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.evidence.log_path import HeadFile, SingleFile, TileFile, parse_log_path

TILES = st.builds(
    TileFile,
    level=st.none() | st.integers(0, 2),
    index=st.integers(0, 60_000),
    width=st.integers(1, 256),
)


@given(TILES)
@settings(max_examples=300, deadline=None)
def test_tile_names_round_trip(tile: TileFile) -> None:
    """The name of a tile or an entry bundle means that tile, and no longer number is one."""
    assert parse_log_path(tile.path) == tile
    assert parse_log_path(f"{tile.path}0") != tile


def test_names_of_every_kind() -> None:
    """Tiles, bundles, heads and the two single files are told apart."""
    assert parse_log_path("tile/0/x001/x234/067") == TileFile(0, 1_234_067, 256)
    assert parse_log_path("tile/entries/273.p/112") == TileFile(None, 273, 112)
    assert parse_log_path("checkpoints/700") == HeadFile(700)
    assert parse_log_path("checkpoint") == SingleFile("checkpoint")
    assert parse_log_path("vkey") == SingleFile("vkey")


def test_a_file_says_how_large_its_tree_is() -> None:
    """A tile belongs to trees with at least the leaves below its last hash."""
    assert TileFile(0, 1, 44).leaves == 300
    assert TileFile(None, 1, 44).leaves == 300
    assert TileFile(1, 0, 2).leaves == 512
    assert TileFile(2, 0, 1).leaves == 65_536


@pytest.mark.parametrize(
    "name",
    [
        "", "checkpoints", "checkpoints/0", "checkpoints/01", "checkpoints/-1", "checkpoints/1.p/1",
        "checkpoints/9999999999999", "tile/0/0", "tile/0/0000", "tile/0/000.p/256",
        "tile/0/000.p/0", "tile/0/000.p/007", "tile/00/000", "tile/entries/x000/000",
        "tile/9/999", "tile/0/../000", "tile/0/x001/x234/67", "/checkpoint", "checkpoint/",
        "vkey\n", "tile/0/\u0660\u0660\u0660", "tile/0/x1/x2/x3/x4/x5/000",
    ],
)  # fmt: skip
def test_other_names_mean_nothing(name: str) -> None:
    """A name in any other spelling is a stray."""
    assert parse_log_path(name) is None
