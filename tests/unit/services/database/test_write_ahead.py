"""A file that several make at once is in WAL mode for all of them."""

from __future__ import annotations

import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import pytest

from services.database.write_ahead import write_ahead


def connected(path: Path) -> sqlite3.Connection:
    """A connection that begins nothing by itself and waits for nobody."""
    return sqlite3.connect(path, isolation_level=None, timeout=0, check_same_thread=False)


def test_who_comes_second_waits_for_the_first(tmp_path: Path) -> None:
    """While another holds the new file, the switch waits instead of failing at once."""
    path = tmp_path / "x.db"
    with closing(connected(path)) as first, closing(connected(path)) as second:
        first.execute("BEGIN EXCLUSIVE")
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            second.execute("PRAGMA journal_mode=WAL")
        thread = threading.Thread(target=write_ahead, args=(second,), kwargs={"wait_seconds": 30})
        thread.start()
        first.execute("CREATE TABLE t (x)")
        first.execute("COMMIT")
        thread.join()
        assert second.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert second.execute("PRAGMA synchronous").fetchone() == (2,)


def test_waiting_has_an_end(tmp_path: Path) -> None:
    """A file that stays locked is an error."""
    path = tmp_path / "x.db"
    with closing(connected(path)) as first, closing(connected(path)) as second:
        first.execute("BEGIN EXCLUSIVE")
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            write_ahead(second, wait_seconds=0)
