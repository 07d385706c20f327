"""Puts an SQLite file into WAL mode, also where several processes make it at the same moment.

SQLite does not wait for others when it changes this mode: the second of two that make a file
would be refused at once, whatever its timeout (https://www.sqlite.org/wal.html, "BUSY").
"""

from __future__ import annotations

import sqlite3
import time

_AGAIN_SECONDS = 0.02


def write_ahead(connection: sqlite3.Connection, *, wait_seconds: float) -> None:
    """Switch the file to WAL with every commit on the disk; sqlite3's error where it cannot be."""
    deadline = time.monotonic() + wait_seconds
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            break
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(_AGAIN_SECONDS)
    connection.execute("PRAGMA synchronous=FULL")
