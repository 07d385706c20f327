"""The public files: only by their own names, and proofs for every size."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from pipelines.errors import RequestError
from pipelines.evidence.merkle import is_consistent, is_included, leaf_hash
from pipelines.evidence.tiles import decode_entries, entries_path
from services.provenance.public_log import PublicLog
from services.provenance.published_log import LogFaultError
from tests.unit.services.provenance.view_kit import writing


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A log of 300 leaves, published at 260 and at 300; its tests take nothing away."""
    folder = tmp_path_factory.mktemp("home")
    with writing(folder) as log:
        for count in (260, 40):
            for _ in range(count):
                log.record("a", "step", {})
            log.seal("a")
    (folder / "log" / "public" / "secret").write_bytes(b"x")
    return folder


@pytest.fixture
def public(home: Path) -> PublicLog:
    """Its public files."""
    return PublicLog(home / "log" / "public")


def test_every_published_file_is_served(public: PublicLog) -> None:
    """Heads, past heads, keys, tiles and entry bundles are served; what can change is not final."""
    changing, text, binary = (
        {"checkpoint", "vkey"},
        {"checkpoints/260", "checkpoints/300"},
        {
            "tile/0/000",
            "tile/0/001.p/44",
            "tile/1/000.p/1",
            "tile/entries/000",
            "tile/entries/001.p/4",
        },
    )
    for name in changing | text | binary:
        found = public.file(name)
        assert found is not None
        assert found.data
        assert found.is_final is (name not in changing)
        assert found.is_text is (name not in binary)


@pytest.mark.parametrize(
    "name",
    [
        "", "secret", "../entries.db", "checkpoints/../secret", "checkpoint/", "/checkpoint",
        "checkpoints/0260", "checkpoints/+260", "checkpoints/٢٦٠", "checkpoints/260\n",
        "tile/0/0", "tile/0/000.p/0", "tile/0/000.p/256", "tile/0/001.p/044", "tile/00/000",
        "tile/100/000", "tile/-1/000", "tile/entries/../../secret", "tile/0/000/", "TILE/0/000",
        "tile/0/x000/000", "tile\\0\\000", "tile/0/000\x00", "checkpoints/261", "tile/0/999",
    ],
)  # fmt: skip
def test_no_other_name_is_served(public: PublicLog, name: str) -> None:
    """A name that is not exactly one of the log's, or of no file, finds nothing."""
    assert public.file(name) is None


def test_no_link_folder_or_giant_is_served(public: PublicLog, home: Path) -> None:
    """What stands under a public name and is no plain file of its size is not served."""
    heads = home / "log" / "public" / "checkpoints"
    (heads / "7").symlink_to(home / "log" / "entries.db")
    (heads / "8").mkdir()
    (heads / "9").write_bytes(bytes(20_000))
    os.mkfifo(heads / "10")
    assert public.file("checkpoints/8") is None
    assert public.file("checkpoints/10") is None
    for size in (7, 9):
        with pytest.raises(LogFaultError):
            public.file(f"checkpoints/{size}")


def test_proofs_hold_at_every_size(public: PublicLog, home: Path) -> None:
    """Inclusion and consistency proofs hold for sizes that had a head and for those without."""
    root = home / "log" / "public"
    leaves = [
        leaf_hash(one)
        for name in (entries_path(0), entries_path(1, 44))
        for one in decode_entries((root / name).read_bytes())
    ]
    head = public.head()
    assert head.size == 300
    for leaf in (0, 1, 255, 256, 299):
        assert is_included(leaves[leaf], leaf, 300, public.inclusion(leaf, 300), head.root)
    assert public.inclusion(3, 7) != public.inclusion(3, 300)
    past = parse(root / "checkpoints" / "260")
    assert is_consistent(260, 300, past, head.root, public.consistency(260, 300))
    assert public.consistency(300, 300) == ()


def parse(path: Path) -> bytes:
    """The root in a checkpoint."""
    from base64 import b64decode

    return b64decode(path.read_bytes().split(b"\n")[2])


@pytest.mark.parametrize(("leaf", "size"), [(0, 301), (300, 300), (7, 7), (-1, 5)])
def test_no_proof_beyond_the_log(public: PublicLog, leaf: int, size: int) -> None:
    """A leaf or a size that the log has not published has no proof."""
    with pytest.raises(RequestError):
        public.inclusion(leaf, size)


@pytest.mark.parametrize(("first", "second"), [(0, 5), (6, 5), (5, 301), (301, 301)])
def test_no_consistency_beyond_the_log(public: PublicLog, first: int, second: int) -> None:
    """Sizes that are not in order or not published have no consistency proof."""
    with pytest.raises(RequestError):
        public.consistency(first, second)


def test_a_lost_tile_is_said(home: Path, tmp_path: Path) -> None:
    """Where a published tile is gone, the log is at fault and not the question."""
    public = PublicLog(
        Path(shutil.copytree(home / "log" / "public", tmp_path / "public", ignore=_pipes))
    )
    (tmp_path / "public" / "tile" / "0" / "000").unlink()
    with pytest.raises(LogFaultError) as caught:
        public.inclusion(0, 300)
    assert caught.value.file == "tile/0/000"


def _pipes(folder: str, names: list[str]) -> list[str]:
    return [name for name in names if name in {"7", "8", "9", "10"}]


def test_a_log_without_a_head_is_empty(tmp_path: Path) -> None:
    """Before anything is published the size is nought and nothing is served."""
    public = PublicLog(tmp_path / "nowhere")
    assert public.size() == 0
    assert public.file("checkpoint") is None
