"""What PostgreSQL is told about the machine before it plans: that any page is as near as the next.

Its default price of a page is that of a turning disk. Tables of which it has no statistics yet, as
in the first minute of a deployment, are then read from end to end for every single row, and a
question about a few hundred rows takes time by their square.
"""

from __future__ import annotations

from typing import Any

import psycopg
from sqlalchemy import Engine, event

PAGE_COST = 1.1
"""Of a page anywhere, where the next page costs 1."""


def plan_by_index(engine: Engine) -> None:
    """Have every connection of `engine` planned for so."""
    event.listen(engine, "connect", _tell)


def _tell(connection: psycopg.Connection[Any], _record: object) -> None:
    connection.execute(f"SET random_page_cost = {PAGE_COST}".encode())
    connection.commit()
