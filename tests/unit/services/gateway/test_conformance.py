"""Every answer of every route is one that its description (OpenAPI) knows.

Each operation is asked in several ways: without a key, with one, with parameters that cannot be,
and with a body that is none.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping
from typing import Any

import httpx
import jsonschema
import pytest

from services.auth.scopes import Scope
from services.gateway.app import GatewayLimits
from services.gateway.rate_limits import RateLimit
from tests.unit.services.gateway.platform_kit import Served, picture, serving

_PARTS = {
    "digest": ("sha256:" + "0" * 64, "nothing"),
    "job": ("0" * 8 + "-0000-4000-8000-" + "0" * 12, "nothing"),
    "upload": ("0" * 32, "nothing"),
    "name": ("net-0", "nothing"),
    "which": ("before", "after"),
}


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A gateway with a job, a file, networks and gates."""
    limits = GatewayLimits(requests=RateLimit(per_second=1000.0, burst=10_000))
    with serving(tmp_path_factory.mktemp("gateway"), limits) as gateway:
        yield gateway


@pytest.fixture(scope="module")
def known(served: Served) -> Mapping[str, tuple[str, ...]]:
    """Names for the parts of paths: one that is there, one that is not, one that cannot be."""
    key = served.key()
    sent = served.client.post("/v1/artifacts", content=picture(), headers=key)
    artifact = sent.json()["result"]["artifact"]
    wish = {"pipeline": "photo", "inputs": {"source": {"artifact": artifact}}}
    job = served.client.post("/v1/jobs", json=wish, headers=key).json()["result"]["job_id"]
    # Events of a job that is over come to an end.
    assert served.client.post(f"/v1/jobs/{job}/cancel", headers=key).status_code == 200
    begun = served.client.post("/v1/artifacts", headers={**key, "Upload-Complete": "?0"})
    there = {"digest": artifact, "job": job, "upload": begun.json()["result"]["upload"]}
    return {name: (there.get(name, parts[0]), *parts) for name, parts in _PARTS.items()}


def ways(
    method: str, path: str, known: Mapping[str, tuple[str, ...]]
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Ask an operation in every way, but for keys: an address, and what goes with it."""
    bodies: tuple[dict[str, Any], ...] = ({},)
    if method in {"post", "put", "patch"}:
        bodies = ({}, {"json": {"none": 1}}, {"content": b"\xff\x00"})
    queries = ({}, {"limit": "x", "format": "json"}, {"format": "json", "first": "1", "leaf": "0"})
    names = re.findall(r"\{(\w+)\}", path)
    for parts in itertools.product(*(known.get(name, ("a", "b")) for name in names)):
        address = path
        for name, part in zip(names, parts, strict=True):
            address = address.replace(f"{{{name}}}", part)
        for body, query in itertools.product(bodies, queries):
            yield address, {"params": query, **body}


def require_described(
    answer: httpx.Response, operation: Mapping[str, Any], schema: Mapping[str, Any]
) -> None:
    """Fail where an answer is not one that the description knows."""
    said = operation["responses"].get(str(answer.status_code))
    about = f"{answer.request.method} {answer.request.url} {answer.status_code} {answer.text[:300]}"
    assert said is not None, about
    kinds = said.get("content", {})
    kind = answer.headers.get("content-type", "").partition(";")[0]
    if not answer.content or not kinds:
        return
    assert kind in kinds or "*/*" in kinds, about
    if kind.endswith("json"):
        form = {**kinds[kind]["schema"], "components": schema["components"]}
        jsonschema.Draft202012Validator(form).validate(answer.json())


def test_every_answer_is_described(served: Served, known: Mapping[str, tuple[str, ...]]) -> None:
    """No operation answers with a status, a type or a form that its description does not have."""
    schema = served.client.get("/v1/openapi.json").json()
    nobody, wrong = {}, {"Authorization": "Bearer ev_wrong"}
    little, all_ = served.key(Scope.CATALOG_READ, name="little"), served.key(*Scope, name="all")
    asked = 0
    for path, methods in schema["paths"].items():
        for method, operation in methods.items():
            first = next(ways(method, path, known))
            tries = itertools.chain(
                ((first, key) for key in (nobody, wrong, little)),
                ((way, all_) for way in ways(method, path, known)),
            )
            for (address, given), key in tries:
                answer = served.client.request(method, address, headers=key, **given)
                assert answer.status_code < 500, answer.text
                require_described(answer, operation, schema)
                asked += 1
    assert asked > 200
