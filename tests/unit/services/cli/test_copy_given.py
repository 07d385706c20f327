"""Files that say what a copy hides are read once, and bounded."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from pipelines.errors import EvidenceError, UnreadableError
from pipelines.run.hidden_regions import MOST_BYTES
from services.cli.copy_given import given


def test_what_is_on_record_is_what_was_read(tmp_path: Path) -> None:
    """A file that changes later changes neither what is drawn nor its digest."""
    path = tmp_path / "tracks.json"
    path.write_bytes(b"first")
    found = given(path, "tracks")
    path.write_bytes(b"another one")
    line = found.named().line()
    assert found.data == b"first"
    assert line["sha256"] == hashlib.sha256(b"first").hexdigest()
    assert (line["name"], line["bytes"], line["role"]) == ("tracks.json", 5, "tracks")


def test_what_cannot_be_read_whole_is_refused(tmp_path: Path) -> None:
    """No file, and one beyond the limit, end with a reason."""
    with pytest.raises(UnreadableError):
        given(tmp_path / "none.json", "tracks")
    long = tmp_path / "long.json"
    with long.open("wb") as file:
        file.truncate(MOST_BYTES + 1)
    with pytest.raises(EvidenceError):
        given(long, "tracks")
