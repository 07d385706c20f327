"""Connections to PostgreSQL that rested in the pool: asked before they are used again.

A server that was restarted, or a firewall, ends them without a word. One that was in use a moment
ago is not asked: that would double the ways to the server of a short transaction.
"""

from __future__ import annotations

import time
from typing import Any

import psycopg
from sqlalchemy import Engine, event
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.pool import ConnectionPoolEntry

REST_SECONDS = 1.0

_USED = "evident_used"


def ask_the_rested(engine: Engine) -> None:
    """Have the pool of `engine` replace connections that do not answer after a rest."""
    event.listen(engine, "checkin", _note_use)
    event.listen(engine, "checkout", _ask)


def _note_use(_connection: object, record: ConnectionPoolEntry) -> None:
    record.info[_USED] = time.monotonic()


def _ask(connection: psycopg.Connection[Any], record: ConnectionPoolEntry, _proxy: object) -> None:
    used = record.info.get(_USED)
    if used is None or time.monotonic() - used < REST_SECONDS:
        return
    try:
        connection.execute("SELECT 1")
        connection.rollback()
    except psycopg.Error as error:
        raise DisconnectionError("the server closed a connection that rested") from error
