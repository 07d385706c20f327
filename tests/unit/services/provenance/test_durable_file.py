"""Durable files: whole or absent, many at once, never overwritten by mistake."""

from __future__ import annotations

import ctypes
import errno
import os
from pathlib import Path

import pytest

from services.provenance import durable_file
from services.provenance.durable_file import make_folder, replace, write_all_new, write_new


@pytest.fixture
def scratch(tmp_path: Path) -> Path:
    """Make a scratch folder on the same disk."""
    folder = tmp_path / "scratch"
    folder.mkdir()
    return folder


def many(tmp_path: Path) -> list[tuple[Path, bytes]]:
    """Return more files than are made durable one by one, in folders that are not there."""
    return [(tmp_path / f"{n % 3}/x{n}/{n}", bytes([n]) * n) for n in range(20)]


@pytest.mark.parametrize("together", [True, False])
def test_many_files_are_written_whole(
    tmp_path: Path, scratch: Path, monkeypatch: pytest.MonkeyPatch, *, together: bool
) -> None:
    """Every file has its content and nothing is left aside, whatever the system can sync."""
    if not together:
        monkeypatch.setattr(durable_file, "_syncfs", lambda: None)
    files = many(tmp_path)
    assert write_all_new(files, scratch=scratch) == []
    assert [path.read_bytes() for path, _ in files] == [data for _, data in files]
    assert list(scratch.iterdir()) == []


@pytest.mark.parametrize("code", [errno.ENOSYS, errno.EOPNOTSUPP])
def test_a_file_system_without_syncfs_is_synced_file_by_file(
    tmp_path: Path, scratch: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    """Where the call exists and the file system refuses it, each file is synced."""

    def refused(_: int) -> int:
        ctypes.set_errno(code)
        return -1

    synced = []
    monkeypatch.setattr(durable_file, "_syncfs", lambda: refused)
    monkeypatch.setattr(os, "fsync", synced.append)
    write_all_new(many(tmp_path), scratch=scratch)
    assert len(synced) > 20


def test_a_disk_that_fails_to_sync_is_an_error(
    tmp_path: Path, scratch: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Bytes that could not be made durable get no name."""

    def failing(_: int) -> int:
        ctypes.set_errno(errno.EIO)
        return -1

    monkeypatch.setattr(durable_file, "_syncfs", lambda: failing)
    files = many(tmp_path)
    with pytest.raises(OSError, match="Input/output"):
        write_all_new(files, scratch=scratch)
    assert not any(path.exists() for path, _ in files)


def test_names_that_are_taken_are_told_and_left(tmp_path: Path, scratch: Path) -> None:
    """A file that is there stays as it is; the others are written."""
    files = many(tmp_path)
    path = files[7][0]
    make_folder(path.parent)
    write_new(path, b"first", scratch=scratch)
    assert write_all_new(files, scratch=scratch) == [path]
    assert path.read_bytes() == b"first"
    assert files[8][0].read_bytes() == files[8][1]
    with pytest.raises(FileExistsError):
        write_new(path, b"second", scratch=scratch)


@pytest.mark.parametrize("taken", [True, False])
def test_a_file_system_without_links_keeps_the_promise(
    tmp_path: Path, scratch: Path, monkeypatch: pytest.MonkeyPatch, *, taken: bool
) -> None:
    """Where files cannot be linked they are renamed, and still never over another."""

    def refused(*_: object) -> None:
        raise OSError(errno.EPERM, os.strerror(errno.EPERM))

    monkeypatch.setattr(os, "link", refused)
    path = tmp_path / "file"
    if taken:
        path.write_bytes(b"first")
        with pytest.raises(FileExistsError):
            write_new(path, b"second", scratch=scratch)
        assert path.read_bytes() == b"first"
    else:
        write_new(path, b"second", scratch=scratch)
        assert path.read_bytes() == b"second"


def test_replacing_leaves_the_old_or_the_new(tmp_path: Path, scratch: Path) -> None:
    """A file that is replaced has the new content and its owner's mode."""
    path = tmp_path / "file"
    for data in (b"old", b"new"):
        replace(path, data, scratch=scratch)
        assert path.read_bytes() == data
    assert path.stat().st_mode & 0o077 == 0
