"""The routes for workers on other hosts: for their token alone, and for questions in form."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from services.gateway.sealing_routes import MOST_BODY_BYTES, sealing_routes
from services.provenance.key_ring import KeyRing
from services.provenance.local_sealer import LocalSealer
from services.provenance.sealing import OvertakenError, WorkRight
from tests.contract.sealing_kit import CHECKS, GATEWAY_TOKEN, TOKEN, served

ASKED = {"job": "j", "stage": "s", "attempt": 1, "worker": "w"}
HEADERS = {"Authorization": f"Bearer {TOKEN}"}


class _Nothing:
    """Entries and a log that are never reached: no right is in force."""


def _nobody(right: WorkRight) -> None:
    raise OvertakenError(f"Attempt {right.attempt} is not in force.")


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """A client of the routes, over a sealer to which no claim is in force."""
    home: Path = tmp_path_factory.mktemp("home")
    nothing: object = _Nothing()
    sealer = LocalSealer(
        nothing,  # type: ignore[arg-type]
        nothing,  # type: ignore[arg-type]
        KeyRing(home / "keys"),
        require=_nobody,
        history=lambda _sha256: (),
    )
    routes = sealing_routes(sealer, lambda names: {"networks": dict.fromkeys(names)}, **CHECKS)
    with (
        served(home / "log", routes) as url,
        httpx.Client(base_url=url, trust_env=False, timeout=30) as client,
    ):
        yield client


@pytest.mark.parametrize("name", ["entries", "seal", "sign", "custody", "key", "networks"])
@pytest.mark.parametrize("header", [None, "Bearer", "Bearer wrong", f"Basic {TOKEN}"])
def test_without_the_token_nothing_is_done(
    web: httpx.Client, name: str, header: str | None
) -> None:
    """Whoever has not the token learns nothing, not even whether there is such a job."""
    sent = {} if header is None else {"Authorization": header}
    method = "GET" if name in {"key", "networks"} else "POST"
    found = web.request(method, f"/v1/sealing/{name}", headers=sent, json=ASKED)
    assert found.status_code == 401
    assert found.json()["result"] is None


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "job"),
        ({**ASKED, "attempt": 0}, "attempt"),
        ({**ASKED, "attempt": "1"}, "attempt"),
        ({**ASKED, "worker": ""}, "worker"),
        ({**ASKED, "job": "j" * 129}, "job"),
        ({**ASKED, "more": 1}, "more"),
    ],
)
def test_a_question_out_of_form_names_its_field(
    web: httpx.Client, body: dict[str, object], field: str
) -> None:
    """What is missing, unknown or out of range is named and never guessed."""
    found = web.post("/v1/sealing/seal", headers=HEADERS, json=body)
    assert found.status_code == 400
    assert found.json()["error"]["fields"] == [field]


def test_a_question_is_bounded(web: httpx.Client) -> None:
    """No more of a body is read than a statement can have."""
    long = b"x" * (MOST_BODY_BYTES + 1)
    assert web.post("/v1/sealing/sign", headers=HEADERS, content=long).status_code == 413
    assert web.post("/v1/sealing/sign", headers=HEADERS, content=b"[" * 9999).status_code == 400


def test_a_claim_that_is_not_in_force_is_told_so(web: httpx.Client) -> None:
    """An overtaken worker hears a code that it can tell from every other refusal."""
    found = web.post("/v1/sealing/seal", headers=HEADERS, json=ASKED)
    assert (found.status_code, found.json()["error"]["code"]) == (409, "overtaken")


def test_key_and_networks_are_told(web: httpx.Client) -> None:
    """What signs, and what the log's host knows of networks, is told to whoever has the token."""
    found = web.get("/v1/sealing/key", headers=HEADERS).json()["result"]
    assert len(bytes.fromhex(found["public_key"])) == 32
    known = web.get("/v1/sealing/networks?name=a&name=b", headers=HEADERS).json()["result"]
    assert known == {"networks": {"a": None, "b": None}}


def test_a_gateway_reads_of_networks_and_seals_nothing(web: httpx.Client) -> None:
    """The token of gateways asks what is known of networks; all else is for workers."""
    headers = {"Authorization": f"Bearer {GATEWAY_TOKEN}"}
    assert web.get("/v1/sealing/networks?name=a", headers=headers).status_code == 200
    assert web.get("/v1/sealing/key", headers=headers).status_code == 401
    for name in ("entries", "seal", "sign", "custody"):
        found = web.post(f"/v1/sealing/{name}", headers=headers, json=ASKED)
        assert found.status_code == 401, name
