"""API keys: what admits, what does not, and what is kept of them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pipelines.errors import RequestError
from services.auth.api_keys import ApiKeys
from services.auth.credentials import key_check, make_key
from services.auth.doors import Doors
from services.auth.scopes import PROJECT_SCOPES, Scope, scope_named
from services.database.database import Database
from services.database.migrate import upgrade

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)


class SetClock:
    """A clock that tests set."""

    now = NOON

    def __call__(self) -> datetime:
        """The time that was set."""
        return self.now


@pytest.fixture
def clock() -> SetClock:
    """A clock at noon."""
    return SetClock()


@pytest.fixture
def keys(tmp_path: Path, clock: SetClock) -> Iterator[ApiKeys]:
    """The keys of empty records."""
    database = Database(f"sqlite:///{tmp_path}/records.db", clock=clock)
    upgrade(database)
    yield ApiKeys(database)
    database.close()


def made(keys: ApiKeys, *, days: int | None = None, project: str = "harbour") -> str:
    """A key that may read jobs."""
    return keys.create("vera", project=project, scopes=[Scope.JOBS_READ], made_by="me", days=days)[
        0
    ]


def test_a_key_stands_for_its_maker_s_words(keys: ApiKeys) -> None:
    """A key stands for its name, its project and its scopes, and for nothing else."""
    principal = keys.principal(made(keys))
    assert principal is not None
    assert (principal.name, principal.project) == ("vera", "harbour")
    assert principal.scopes == {Scope.JOBS_READ}


def test_a_key_is_nowhere_in_the_records(keys: ApiKeys, tmp_path: Path) -> None:
    """Neither the key nor its secret is in any file of the database."""
    secret = made(keys).rpartition("_")[2].encode()
    held = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert secret not in held
    assert b"vera" in held


@pytest.mark.parametrize("change", ["", "x", "ev_", "head", "tail", "id", "é", "\ud800"])
def test_what_is_no_key_admits_nobody(keys: ApiKeys, change: str) -> None:
    """A key that is changed in any place, cut or lengthened stands for nobody."""
    key = made(keys)
    wrong = {
        "head": key[1:],
        "tail": key[:-1] + ("A" if key[-1] != "A" else "B"),
        "id": "ev_" + "0" * 16 + key[19:],
    }.get(change, change)
    assert keys.principal(wrong) is None
    assert keys.principal(key + change[:1] + "x") is None


def test_a_revoked_key_admits_nobody(keys: ApiKeys) -> None:
    """A key that was revoked stands for nobody; revoking it twice changes nothing."""
    key = made(keys)
    other = made(keys)
    (known_id,) = [one.id for one in keys.list() if one.id in key]
    first = keys.revoke(known_id)
    assert keys.revoke(known_id) == first
    assert keys.principal(key) is None
    assert keys.principal(other) is not None


def test_a_key_expires(keys: ApiKeys, clock: SetClock) -> None:
    """A key stands for somebody until its day, and for nobody from then on."""
    key = made(keys, days=1)
    clock.now = NOON + timedelta(days=1) - timedelta(microseconds=1)
    assert keys.principal(key) is not None
    clock.now = NOON + timedelta(days=1)
    assert keys.principal(key) is None


@pytest.mark.parametrize("project", ["", "A", "a b", "../x", "a" * 65, ".a"])
def test_a_project_has_a_plain_name(keys: ApiKeys, project: str) -> None:
    """Names that could mean something else are no projects."""
    with pytest.raises(RequestError, match="project"):
        made(keys, project=project)


@pytest.mark.parametrize("name", ["", "a\nb", "a" * 201])
def test_a_key_has_a_printable_name(keys: ApiKeys, name: str) -> None:
    """A name that cannot be printed in a log is refused."""
    with pytest.raises(RequestError, match="printable"):
        keys.create(name, project="p", scopes=PROJECT_SCOPES, made_by="me")


def test_a_key_has_scopes_that_exist(keys: ApiKeys) -> None:
    """A key for nothing, and a scope that there is not, are refused."""
    with pytest.raises(RequestError, match="without scopes"):
        keys.create("vera", project="p", scopes=[], made_by="me")
    with pytest.raises(RequestError, match="no scope 'all'"):
        scope_named("all")


def test_an_unknown_key_cannot_be_revoked(keys: ApiKeys) -> None:
    """Revoking what is not there is said to be wrong, so that a misspelt id is noticed."""
    with pytest.raises(RequestError, match="no key"):
        keys.revoke("0" * 16)


def test_the_operator_s_key_opens_everything(keys: ApiKeys, tmp_path: Path) -> None:
    """The key of the home stands for the operator with every scope; others for their makers."""
    key = make_key(tmp_path / "home")
    doors = Doors(keys, key_check(tmp_path / "home"))
    principal = doors.principal(key)
    assert principal is not None
    assert principal.scopes == frozenset(Scope)
    assert doors.principal(made(keys)) is not None
    assert doors.principal("wrong") is None
    assert Doors(keys, None).principal(key) is None
