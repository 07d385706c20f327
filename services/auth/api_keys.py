"""API keys: made once, shown once, kept as a digest; each with a project and scopes.

A key is `ev_<id>_<secret>`. The id finds its row; of the secret, 256 random bits, only SHA-256
is stored: there is nothing to guess, so a slow hash would protect nothing. Comparing takes the
same time whatever is wrong. There is no key that anybody did not make.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import Connection, RowMapping, Select, bindparam, insert, select, update

from pipelines.errors import RequestError
from services.auth.scopes import Principal, Scope
from services.database.columns import inserting
from services.database.database import Database
from services.database.tables import api_keys, projects

MOST_DAYS = 3650
MOST_KEYS_SHOWN = 1_000

_KEY = re.compile(r"ev_([0-9a-f]{16})_([A-Za-z0-9_-]{43})")
_PROJECT = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_MOST_NAME = 200
_NOBODY = "0" * 64


@dataclass(frozen=True, slots=True)
class ApiKey:
    """What is known of a key; the key itself is nowhere."""

    id: str
    name: str
    project: str
    scopes: tuple[Scope, ...]
    made_by: str
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None


class ApiKeys:
    """The API keys in `database`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def create(
        self,
        name: str,
        *,
        project: str,
        scopes: Collection[Scope],
        made_by: str,
        days: int | None = None,
    ) -> tuple[str, ApiKey]:
        """Make a key; return it, the only time, and what is stored. Makes its project if need be.

        Raises RequestError for a name, project, scopes or days that cannot be.
        """
        _check(name, project, scopes, days)
        secret = secrets.token_urlsafe(32)
        with self._database.writing() as connection:
            now = self._database.now(connection)
            _make_project(connection, project, now)
            known = ApiKey(
                id=secrets.token_hex(8),
                name=name,
                project=project,
                scopes=tuple(sorted(scopes)),
                made_by=made_by,
                created_at=now,
                expires_at=None if days is None else now + timedelta(days=days),
                revoked_at=None,
            )
            connection.execute(
                insert(api_keys).values(
                    id=known.id,
                    secret_sha256=_sha256(secret),
                    name=known.name,
                    project=known.project,
                    scopes=[scope.value for scope in known.scopes],
                    made_by=known.made_by,
                    created_at=known.created_at,
                    expires_at=known.expires_at,
                )
            )
        return f"ev_{known.id}_{secret}", known

    def list(self) -> tuple[ApiKey, ...]:
        """Return all keys, the newest first, revoked ones too."""
        with self._database.reading() as connection:
            asked = select(api_keys).order_by(api_keys.c.created_at.desc(), api_keys.c.id)
            rows = connection.execute(asked.limit(MOST_KEYS_SHOWN)).mappings()
            return tuple(_key(row) for row in rows)

    def revoke(self, key_id: str) -> ApiKey:
        """Shut a key out, from now on and for good. RequestError where there is none."""
        with self._database.writing() as connection:
            now = self._database.now(connection)
            connection.execute(
                update(api_keys)
                .where(api_keys.c.id == key_id, api_keys.c.revoked_at.is_(None))
                .values(revoked_at=now)
            )
            row = _row(connection, key_id)
        if row is None:
            raise RequestError(
                f"There is no key {key_id}.", next_step="`evident keys list` shows their ids."
            )
        return _key(row)

    def principal(self, key: str) -> Principal | None:
        """Return whom a key stands for; None for one that is wrong, expired or revoked."""
        parts = _KEY.fullmatch(key)
        if parts is None:
            return None
        with self._database.reading() as connection:
            row = _row(connection, parts[1])
            wanted = _NOBODY if row is None else row["secret_sha256"]
            is_right = hmac.compare_digest(_sha256(parts[2]), wanted)
            if row is None or not is_right:
                return None
            known = _key(row)
            if known.revoked_at is not None:
                return None
            # The time is a way to the server in each request: it is asked where it matters.
            if known.expires_at is not None and known.expires_at <= self._database.now(connection):
                return None
        return Principal(known.name, known.project, frozenset(known.scopes))


def ensure_project(database: Database, project: str) -> None:
    """Make a project unless there is one."""
    with database.writing() as connection:
        _make_project(connection, project, database.now(connection))


def check_project(project: str) -> str:
    """Return the name of a project; `RequestError` where it is none."""
    if not _PROJECT.fullmatch(project):
        raise RequestError(
            "A project's name has 1 to 64 letters of a-z, 0-9, dot, dash and underscore.",
            next_step="Choose another name.",
        )
    return project


def _make_project(connection: Connection, project: str, now: datetime) -> None:
    connection.execute(
        inserting(connection, projects)
        .values(id=project, name=project, created_at=now)
        .on_conflict_do_nothing()
    )


def _check(name: str, project: str, scopes: Collection[Scope], days: int | None) -> None:
    if not 0 < len(name) <= _MOST_NAME or not name.isprintable():
        raise RequestError(f"A key's name has 1 to {_MOST_NAME} printable letters.")
    check_project(project)
    if not scopes:
        raise RequestError("A key without scopes is for nothing.", next_step="Name at least one.")
    if days is not None and not 1 <= days <= MOST_DAYS:
        raise RequestError(f"A key holds for 1 to {MOST_DAYS} days.")


def _row(connection: Connection, key_id: str) -> RowMapping | None:
    return connection.execute(_the_key(), {"of_key": key_id}).mappings().first()


@cache
def _the_key() -> Select[Any]:
    """The question of every request, put together once: that takes longer than its answer."""
    return select(api_keys).where(api_keys.c.id == bindparam("of_key"))


def _key(row: Any) -> ApiKey:
    known = {scope.value for scope in Scope}
    return ApiKey(
        id=row["id"],
        name=row["name"],
        project=row["project"],
        # A scope that this version does not know allows nothing.
        scopes=tuple(Scope(word) for word in row["scopes"] if word in known),
        made_by=row["made_by"],
        created_at=row["created_at"],
        expires_at=row["expires_at"],
        revoked_at=row["revoked_at"],
    )


def _sha256(secret: str) -> str:
    return hashlib.sha256(secret.encode("ascii")).hexdigest()
