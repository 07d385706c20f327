"""Ends of sessions are known to all gateways of the records, on either database."""

from __future__ import annotations

import time

from sqlalchemy import select

from services.console.ended_sessions import RecordedEnds
from services.database.database import Database
from services.database.tables import ended_sessions


def test_an_end_is_known_to_every_gateway(database: Database) -> None:
    """What one gateway ended another refuses; the token itself is nowhere."""
    here, there = RecordedEnds(database), RecordedEnds(database)
    assert not there.has("token")
    here.end("token", until=time.time() + 3600)
    here.end("token", until=time.time() + 3600)
    assert there.has("token")
    assert not there.has("other")
    with database.reading() as connection:
        (row,) = connection.execute(select(ended_sessions)).all()
    assert "token" not in row.token_sha256


def test_ends_are_forgotten_when_their_cookies_are_over(database: Database) -> None:
    """The table holds no more than the sessions that were ended within the life of a cookie."""
    ends = RecordedEnds(database)
    ends.end("old", until=time.time() - 60)
    ends.end("new", until=time.time() + 3600)
    assert (ends.has("old"), ends.has("new")) == (False, True)
