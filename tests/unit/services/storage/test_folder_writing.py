"""Writing, hashing and making durable at once: the digest is that of the bytes in their order."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from services.storage.folder_writing import BESIDE_BYTES, SYNC_BYTES, FolderWriting


@pytest.mark.parametrize("sizes", [[], [1, 2], [BESIDE_BYTES, 3, 2 * BESIDE_BYTES, 0, 5]])
def test_what_is_written_is_what_is_hashed(tmp_path: Path, sizes: list[int]) -> None:
    """Pieces of any length are in the file in their order, and the digest is theirs."""
    pieces = [os.urandom(size) for size in sizes]
    with (tmp_path / "file").open("wb", buffering=0) as file, FolderWriting(file) as writing:
        for piece in pieces:
            writing.add(piece)
        assert writing.digest() == hashlib.sha256(b"".join(pieces)).hexdigest()
        assert writing.size == sum(sizes)
        writing.make_durable()
    assert (tmp_path / "file").read_bytes() == b"".join(pieces)


def test_short_writes_are_gone_on_with(tmp_path: Path) -> None:
    """A system that takes a part of a piece is given the rest."""

    class Slow:
        """A file that takes three bytes at a time."""

        def __init__(self) -> None:
            self.held = b""

        def write(self, piece: memoryview) -> int:
            self.held += piece[:3]
            return len(piece[:3])

    slow = Slow()
    with FolderWriting(slow) as writing:  # type: ignore[arg-type]
        writing.add(b"0123456789")
    assert slow.held == b"0123456789"


def test_a_disk_that_refuses_on_the_way_is_heard_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the disk refused while more was written is raised before the file has its name."""

    def refuses(_descriptor: int) -> None:
        raise OSError(5, "broken")

    monkeypatch.setattr(os, "fdatasync", refuses)
    with (tmp_path / "file").open("wb", buffering=0) as file, FolderWriting(file) as writing:
        writing.add(bytes(SYNC_BYTES))
        with pytest.raises(OSError, match="broken"):
            writing.make_durable()
