"""Keeping artifacts and giving them up over HTTP: rights, dates, and what is on record."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from services.auth.scopes import PROJECT_SCOPES, Scope
from services.database.tables import pending_entries
from tests.unit.services.gateway.platform_kit import Served, picture, serving

PICTURE = picture()
NAME = f"sha256:{hashlib.sha256(PICTURE).hexdigest()}"
URL = f"/v1/artifacts/{NAME}"
ALL = (*PROJECT_SCOPES, Scope.ARTIFACTS_KEEP)
UNTIL = "2126-01-01T00:00:00+01:00"


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    """A gateway with one artifact of project `p`."""
    with serving(tmp_path) as found:
        sent = found.client.post("/v1/artifacts", content=PICTURE, headers=found.key())
        assert sent.status_code == 201
        yield found


def kinds(served: Served) -> list[str]:
    """The kinds of the artifact's entries, in order."""
    asked = (
        select(pending_entries.c.kind)
        .where(pending_entries.c.job == NAME)
        .order_by(pending_entries.c.sequence)
    )
    with served.database.reading() as connection:
        return list(connection.execute(asked).scalars())


def test_what_is_kept_until_a_date_is_not_given_up(served: Served) -> None:
    """Before the date giving up is refused with the date; a shorter date is refused as well."""
    key = served.key(*ALL)
    kept = served.client.put(
        f"{URL}/retention", json={"until": UNTIL, "reason": "appeal"}, headers=key
    )
    assert kept.status_code == 200
    refused = served.client.delete(URL, params={"reason": "over"}, headers=key)
    assert refused.status_code == 409
    assert "2125-12-31T23:00:00" in refused.json()["error"]["detail"]
    shorter = {"until": "2026-12-01T00:00:00Z", "reason": "oops"}
    assert served.client.put(f"{URL}/retention", json=shorter, headers=key).status_code == 409
    assert served.client.get(URL, headers=key).content == PICTURE
    assert kinds(served) == ["upload", "retention", "access"]


def test_what_was_given_up_is_gone(served: Served) -> None:
    """After that the project has no such artifact, to read, to keep or to give up."""
    key = served.key(*ALL)
    assert served.client.delete(URL, params={"reason": "over"}, headers=key).status_code == 204
    assert served.client.get(URL, headers=key).status_code == 404
    assert served.client.delete(URL, params={"reason": "over"}, headers=key).status_code == 404
    again = served.client.put(f"{URL}/retention", json={"until": UNTIL, "reason": "r"}, headers=key)
    assert again.status_code == 404
    assert kinds(served) == ["upload", "release"]


def test_a_key_needs_the_right_and_a_reason(served: Served) -> None:
    """A plain key is refused, and so is a request without a reason or with a date without zone."""
    plain, key = served.key(), served.key(*ALL)
    assert served.client.delete(URL, params={"reason": "x"}, headers=plain).status_code == 403
    assert served.client.delete(URL, headers=key).status_code == 400
    body = {"until": "2126-01-01T00:00:00", "reason": "x"}
    found = served.client.put(f"{URL}/retention", json=body, headers=key)
    assert found.status_code == 400
    assert found.json()["error"]["fields"] == ["until"]
    assert kinds(served) == ["upload"]


def test_another_project_has_no_say(served: Served) -> None:
    """What another project holds is not there."""
    other = served.key(*ALL, project="q")
    assert served.client.delete(URL, params={"reason": "x"}, headers=other).status_code == 404
    assert served.client.get(URL, headers=served.key()).status_code == 200
