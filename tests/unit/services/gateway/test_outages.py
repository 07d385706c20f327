"""What the gateway says while what it stands on is away: a problem, and when to ask again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

import pytest
from sqlalchemy import Engine

from pipelines.errors import DiskFullError, EvidentError, ResourceError
from services.storage.folder_store import FolderStore
from services.telemetry.breaker import CircuitOpenError
from tests.unit.services.gateway.platform_kit import Served, picture, serving


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    """A gateway."""
    with serving(tmp_path) as found:
        yield found


@pytest.mark.parametrize(
    ("error", "status"),
    [(ResourceError, 503), (CircuitOpenError, 503), (DiskFullError, 507)],
)
def test_a_store_that_is_away_or_full_says_when_to_ask_again(
    served: Served, monkeypatch: pytest.MonkeyPatch, error: type[EvidentError], status: int
) -> None:
    """An upload is a problem with its reason and a time, and goes through afterwards."""

    def away(*_told: Any, **_more: Any) -> NoReturn:
        raise error("Not now.")

    key = served.key()
    with monkeypatch.context() as patch:
        patch.setattr(FolderStore, "put", away)
        answer = served.client.post("/v1/artifacts", content=picture(), headers=key)
    assert answer.status_code == status
    assert int(answer.headers["Retry-After"]) > 0
    assert answer.json()["error"]["detail"].startswith("Not now.")
    again = served.client.post("/v1/artifacts", content=picture(), headers=key)
    assert again.status_code == 201


def test_records_that_are_away_say_when_to_ask_again(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the database nobody is let in, and nobody is told that his key is wrong."""
    key = served.key()

    def away(*_told: Any, **_more: Any) -> NoReturn:
        raise ResourceError("The records do not answer.")

    with monkeypatch.context() as patch:
        patch.setattr(Engine, "connect", away)
        patch.setattr(Engine, "begin", away)
        answer = served.client.get("/v1/jobs", headers=key)
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0
    assert served.client.get("/v1/jobs", headers=key).status_code == 200


def test_breakers_stand_beside_the_checks(served: Served) -> None:
    """Readiness tells how each breaker stands, ready or not."""
    assert served.client.get("/readyz").json()["breakers"] == {}
