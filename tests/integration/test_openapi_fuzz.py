"""The gateway answers as its description says, whatever schemathesis makes of that description.

Drawn from the description alone, well formed and not, always the same; parts of addresses are
every second time those of things that there are, so that what lies behind them is reached.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.checks import load_all_checks, not_a_server_error
from schemathesis.specs.openapi import checks

from services.auth.scopes import Scope
from services.gateway.app import GatewayLimits
from services.gateway.rate_limits import RateLimit
from tests.unit.services.gateway.platform_kit import Served, picture, serving

EXAMPLES = 12
CHECKS = (
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
    checks.negative_data_rejection,
    checks.missing_required_header,
    checks.ignored_auth,
)
OPERATIONS = 30
"""How many there are at least."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A gateway, its description, and names of things that it has."""

    served: Served
    schema: schemathesis.BaseSchema
    key: Mapping[str, str]
    there: Mapping[str, str]


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asked]:
    """A gateway with a file, a job that is over, an upload in several goes, and a full key."""
    often = RateLimit(per_second=1000.0, burst=100_000)
    limits = GatewayLimits(requests=often, wrong_keys=often)
    with serving(tmp_path_factory.mktemp("gateway"), limits) as served:
        key = served.key(*Scope, name="all")
        client = served.client
        sent = client.post("/v1/artifacts", content=picture(), headers=key).json()
        artifact = sent["result"]["artifact"]
        wish = {"pipeline": "photo", "inputs": {"source": {"artifact": artifact}}}
        job = client.post("/v1/jobs", json=wish, headers=key).json()["result"]["job_id"]
        # Events of a job that is over come to an end.
        assert client.post(f"/v1/jobs/{job}/cancel", headers=key).status_code == 200
        begun = client.post("/v1/artifacts", headers={**key, "Upload-Complete": "?0"}).json()
        there = {"digest": artifact, "job": job, "upload": begun["result"]["upload"]}
        schema = schemathesis.openapi.from_dict(client.get("/v1/openapi.json").json())
        schema.config.update(base_url=str(client.base_url))
        yield Asked(served, schema, key, {**there, "name": "net-0", "which": "before"})


def drawn(
    asked: Asked, operation: schemathesis.APIOperation
) -> st.SearchStrategy[schemathesis.Case]:
    """Requests for an operation, as its description has them and as it does not."""
    parts = {one.name: asked.there[one.name] for one in operation.path_parameters}
    return st.one_of(
        operation.as_strategy(generation_mode=mode, headers=dict(asked.key), path_parameters=there)
        for mode in schemathesis.GenerationMode
        for there in ({}, parts)
    )


def require_conforming(asked: Asked, operation: schemathesis.APIOperation) -> None:
    """Ask an operation in many ways; fail at the first answer that the description denies."""

    @settings(
        derandomize=True,
        database=None,
        deadline=None,
        max_examples=EXAMPLES,
        phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )
    @given(case=drawn(asked, operation))
    def ask(case: schemathesis.Case) -> None:
        headers = dict(asked.key)
        answer = case.call(headers=headers, timeout=60)
        if "x-request-id" not in answer.headers:
            # What is no HTTP never reaches the application.
            assert answer.status_code == 400
            return
        case.validate_response(
            answer,
            checks=list(CHECKS),
            headers=headers,
            transport_kwargs={"timeout": 60, "headers": headers},
        )

    ask()


def test_every_operation_answers_as_described(asked: Asked) -> None:
    """No answer has a status, a type, a header or a form that the description does not know."""
    load_all_checks()
    count = 0
    for found in asked.schema.get_all_operations():
        operation = found.ok()
        require_conforming(asked, operation)
        count += 1
    assert count >= OPERATIONS
