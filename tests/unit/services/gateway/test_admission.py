"""Who is let in, how often, and what a gateway says of itself."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipelines.errors import ResourceError
from services.auth.scopes import Scope
from services.gateway.app import GatewayLimits
from services.gateway.rate_limits import RateLimit
from tests.unit.services.gateway.platform_kit import Served, serving

PRIVATE = (
    ("GET", "/v1/jobs"), ("POST", "/v1/jobs"), ("GET", "/v1/jobs/" + "0" * 36),
    ("GET", "/v1/jobs/" + "0" * 36 + "/events"), ("POST", "/v1/jobs/" + "0" * 36 + "/cancel"),
    ("POST", "/v1/artifacts"), ("GET", "/v1/artifacts/sha256:" + "0" * 64),
    ("PATCH", "/v1/artifacts/uploads/" + "0" * 32), ("GET", "/v1/models"), ("GET", "/v1/gates"),
    ("GET", "/v1/evidence/events"), ("GET", "/metrics"),
)  # fmt: skip


def well() -> None:
    """A check that finds nothing wrong."""


def ill() -> None:
    """A check of something that is down."""
    raise ResourceError("It is down.")


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A gateway of which one part is down, and that lets four requests in at once."""
    limits = GatewayLimits(
        requests=RateLimit(per_second=0.01, burst=4),
        wrong_keys=RateLimit(per_second=0.01, burst=1_000),
    )
    checks = {"well": well, "ill": ill}
    with serving(tmp_path_factory.mktemp("gateway"), limits, checks=checks) as found:
        yield found


@pytest.mark.parametrize(("method", "path"), PRIVATE)
def test_nothing_private_is_told_without_a_key(served: Served, method: str, path: str) -> None:
    """Without a key, or with one that is none, every private route answers 401 and nothing else."""
    headers = {"Upload-Offset": "0", "Upload-Complete": "?1"}
    for key in ({}, {"Authorization": "Bearer x"}, {"Authorization": "Basic eDp5"}):
        found = served.client.request(method, path, headers={**headers, **key})
        assert found.status_code == 401, found.text
        assert found.headers["X-Request-ID"]


def test_a_key_does_what_its_scopes_say(served: Served) -> None:
    """A key without a scope is refused, and told which one it lacks."""
    key = served.key(Scope.METRICS_READ)
    assert served.client.get("/metrics", headers=key).status_code == 200
    found = served.client.get("/v1/jobs", headers=key)
    assert (found.status_code, Scope.JOBS_READ in found.json()["error"]["detail"]) == (403, True)


def test_who_asks_too_often_is_told_when_to_come_back(served: Served) -> None:
    """Beyond the burst the answer is 429 with the seconds to wait; others are not held up."""
    key = served.key(name="hasty")
    for _ in range(4):
        assert served.client.get("/v1/jobs", headers=key).status_code == 200
    found = served.client.get("/v1/jobs", headers=key)
    assert found.status_code == 429
    assert int(found.headers["Retry-After"]) > 10
    assert served.client.get("/v1/jobs", headers=served.key(name="calm")).status_code == 200


def test_guessing_is_slow(tmp_path: Path) -> None:
    """Wrong keys from one address are answered 429 after a few."""
    limits = GatewayLimits(wrong_keys=RateLimit(per_second=0.01, burst=3))
    with serving(tmp_path, limits) as served:
        wrong = {"Authorization": "Bearer ev_0000000000000000_" + "x" * 43}
        codes = [served.client.get("/v1/jobs", headers=wrong).status_code for _ in range(5)]
        assert codes == [401, 401, 401, 429, 429]
        assert served.client.get("/v1/jobs", headers=served.key()).status_code == 200


def test_readiness_names_what_is_down(served: Served) -> None:
    """A part that is down is named with its reason; the process itself answers all the same."""
    assert served.client.get("/healthz").json() == {"status": "ok"}
    found = served.client.get("/readyz")
    assert found.status_code == 503
    assert found.json()["checks"] == {"well": "ok", "ill": "It is down."}


def test_a_check_that_hangs_is_not_waited_for(tmp_path: Path) -> None:
    """A part that does not answer in time is said not to."""
    from services.gateway import health

    routes = health.health_routes({"slow": lambda: time.sleep(1)}, answer_seconds=0.05)
    asked = next(one for one in routes.routes if getattr(one, "path", "") == "/readyz")

    import anyio

    answer = anyio.run(asked.endpoint)  # type: ignore[attr-defined]
    assert answer.status_code == 503
    assert b"no answer in 0.05 seconds" in answer.body


def test_lists_of_the_catalog_are_pages(served: Served) -> None:
    """Networks and gates are listed by pages, and by network."""
    key = served.key(name="reader")
    page = served.client.get("/v1/gates?limit=3", headers=key).json()["result"]
    rest = served.client.get(f"/v1/gates?after={page['next']}", headers=key).json()["result"]
    assert (len(page["gates"]), len(rest["gates"]), rest["next"]) == (3, 1, None)
    key = served.key(name="other")
    some = served.client.get("/v1/gates?network=net-1", headers=key).json()["result"]
    assert {one["network"] for one in some["gates"]} == {"net-1"}
    assert served.client.get("/v1/models/net-2", headers=key).json()["result"]["scale"] == 2
    assert served.client.get("/v1/models/net-9", headers=key).status_code == 404


def test_the_description_is_complete(served: Served) -> None:
    """Every route is described with its summary, its bodies resolve, and refusals are there."""
    schema = served.client.get("/v1/openapi.json").json()
    known = schema["components"]["schemas"]
    text = str(schema)
    for path, methods in schema["paths"].items():
        for method, route in methods.items():
            assert route["summary"], (method, path)
            if path.startswith("/v1/jobs"):
                assert {"401", "403", "429"} <= set(route["responses"]), path
    body = schema["paths"]["/v1/jobs"]["post"]["requestBody"]["content"]["application/json"]
    assert [one["$ref"].rpartition("/")[2] for one in body["schema"]["anyOf"]] == [
        "Graph", "GraphRequest", "PipelineRequest",
    ]  # fmt: skip
    names = {one.split("'")[0] for one in text.split("#/components/schemas/")[1:]}
    assert names <= set(known)


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/v1/artifacts/sha256:" + "0" * 64, "DELETE, GET, HEAD"),
        ("/v1/artifacts/uploads/" + "0" * 32, "DELETE, HEAD, PATCH"),
        ("/v1/jobs", "GET, POST"),
        ("/v1/log/tile/0/000", "GET, HEAD"),
    ],
)
def test_a_method_that_is_not_there_is_told_those_that_are(
    served: Served, path: str, allowed: str
) -> None:
    """405 names every method of the address, however many routes serve it."""
    answer = served.client.put(path, headers=served.key(name="other"))
    assert (answer.status_code, answer.headers["Allow"]) == (405, allowed)
    assert answer.json().get("error", answer.json())["code"] == "method-not-allowed"


def test_health_is_asked_without_a_body(served: Served) -> None:
    """HEAD asks for health as well, for whoever wants the status alone."""
    found = served.client.head("/healthz")
    assert (found.status_code, found.content) == (200, b"")
