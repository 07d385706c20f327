"""A gateway without a log shows that of another host: the same files, proofs and evidence."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass

import httpx
import pytest
from fastapi import FastAPI

from pipelines.errors import RequestError
from services.auth.credentials import KeyCheck, key_check
from services.auth.token_file import check_of
from services.gateway.envelope import install
from services.gateway.log_elsewhere import PublicLogElsewhere, evidence_elsewhere
from services.gateway.log_routes import log_routes
from services.provenance.public_log import PublicLog
from services.provenance.service_line import ServiceLine
from tests.contract.sealing_kit import line_to
from tests.unit.services.gateway.app_kit import asking, serving, small_log

OURS = "o" * 40
HEADERS = {"Authorization": f"Bearer {OURS}"}


@dataclass(frozen=True)
class Both:
    """The log's own service, a gateway elsewhere, and the log itself."""

    there: httpx.Client
    key: dict[str, str]
    here: httpx.Client
    line: ServiceLine
    log: PublicLog


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Both]:
    """A log of 262 entries behind its service, and a gateway that hands on."""
    home = tmp_path_factory.mktemp("home")
    small_log(home)
    with ExitStack() as rooms:
        there, key = rooms.enter_context(serving(home))
        assert isinstance(key_check(home), KeyCheck)
        line = line_to(str(there.base_url), key["Authorization"].removeprefix("Bearer "))
        app = FastAPI()
        install(app)
        app.include_router(log_routes(PublicLogElsewhere(line)))
        app.include_router(evidence_elsewhere(line, check_of(OURS)))
        here = rooms.enter_context(asking(app))
        yield Both(there, key, here, line, PublicLog(home / "log" / "public"))


@pytest.mark.parametrize(
    "name",
    ["checkpoint", "vkey", "checkpoints/261", "tile/0/000", "tile/entries/000", "tile/0/001.p/5",
     "nothing", "%2e%2e/keys", "checkpoints/9", "inclusion?leaf=3&size=261",
     "inclusion?leaf=900&size=261", "consistency?first=260&second=261", "inclusion?leaf=x&size=1"],
)  # fmt: skip
def test_the_public_log_is_the_same(both: Both, name: str) -> None:
    """Every file and proof is answered with the same status and bytes as where the log is."""
    there, here = both.there.get(f"/v1/log/{name}"), both.here.get(f"/v1/log/{name}")
    assert (here.status_code, here.content) == (there.status_code, there.content)
    for word in ("etag", "cache-control", "content-type"):
        assert here.headers.get(word) == there.headers.get(word)


def test_proofs_are_those_of_the_log(both: Both) -> None:
    """A proof that was handed on is the one that the log gives; beyond the log there is none."""
    elsewhere = PublicLogElsewhere(both.line)
    assert elsewhere.inclusion(3, 261) == both.log.inclusion(3, 261)
    assert elsewhere.consistency(3, 261) == both.log.consistency(3, 261)
    with pytest.raises(RequestError):
        elsewhere.inclusion(900, 261)


@pytest.mark.parametrize(
    "path",
    ["events?limit=7", "events?kind=export&format=csv", "events?stated=true",
     "events?limit=100&format=csv", "events?user=anna&since=2020-01-01&limit=3",
     "trace/" + "0" * 64, "trace/" + "0" * 64 + "?way=forward&format=csv",
     "events?since=soon", "events?limit=0", "events?nonsense=1", "trace/xyz"],
)  # fmt: skip
def test_evidence_is_the_same(both: Both, path: str) -> None:
    """Filters, pages, forms and refusals are those of the host of the log."""
    named = {"X-Request-ID": "r-1"}
    there = both.there.get(f"/v1/evidence/{path}", headers={**both.key, **named})
    here = both.here.get(f"/v1/evidence/{path}", headers={**HEADERS, **named})
    assert (here.status_code, here.content) == (there.status_code, there.content)
    for word in ("content-type", "content-disposition", "x-next-cursor", "cache-control"):
        assert here.headers.get(word) == there.headers.get(word)


def test_evidence_is_handed_on_to_whoever_may_read_it(both: Both) -> None:
    """A gateway asks with its own token, so it looks itself at who asks; no other key counts."""
    for headers in ({}, both.key, {"Authorization": "Bearer x"}):
        assert both.here.get("/v1/evidence/events", headers=headers).status_code == 401


def test_a_log_that_does_not_answer_is_not_now(both: Both) -> None:
    """Where the host of the log is away, what needs it says so and when to ask again."""
    app = FastAPI()
    install(app)
    app.include_router(log_routes(PublicLogElsewhere(line_to("http://127.0.0.1:9", seconds=2))))
    with asking(app) as alone:
        found = alone.get("/v1/log/checkpoint")
    assert (found.status_code, found.headers["retry-after"]) == (503, "10")
    assert both.here.get("/v1/log/checkpoint").status_code == 200
