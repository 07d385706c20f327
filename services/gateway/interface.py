"""The description of the interface (OpenAPI): complete, with bodies that routes read themselves.

A request for work is read by hand, so that what is wrong with it is answered in our words; here
its three forms are described all the same. Every answer that can be refused says how.
"""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic.json_schema import models_json_schema

from pipelines.graph.spec import Graph
from services.gateway.envelope import PROBLEM_TYPE, PUBLIC_PREFIX, Envelope, PublicProblem
from services.gateway.job_request import GraphRequest, PipelineRequest

_TEMPLATE = "#/components/schemas/{model}"
_REFUSALS = {
    "400": "The request is not well formed.",
    "401": "A key is needed that is in force.",
    "403": "The key lacks the scope.",
    "404": "There is no such thing, or it is another project's.",
    "408": "The sender sent nothing for too long.",
    "409": "The state does not allow it.",
    "412": "It has another entity tag.",
    "413": "Too long.",
    "415": "No picture and no clip.",
    "416": "There are no such bytes.",
    "422": "Well formed, and not possible or not admitted; the field is named.",
    "429": "Too many requests; see Retry-After.",
    "503": "Not now; see Retry-After.",
    "507": "No space is left.",
}
_PUBLIC = ("400", "404", "503")


def describe(app: FastAPI) -> None:
    """Let `app` answer the whole description."""

    def description() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _described(app)
        return app.openapi_schema

    app.openapi = description  # type: ignore[method-assign]


def _described(app: FastAPI) -> dict[str, Any]:
    schema = get_openapi(
        title=app.title, version=app.version, description=app.description, routes=app.routes
    )
    kinds = (Graph, GraphRequest, PipelineRequest, Envelope, PublicProblem)
    _, definitions = models_json_schema(
        [(kind, "validation") for kind in kinds], ref_template=_TEMPLATE
    )
    known = schema.setdefault("components", {}).setdefault("schemas", {})
    known.update(definitions["$defs"])
    forms = [{"$ref": _TEMPLATE.format(model=kind.__name__)} for kind in kinds[:3]]
    schema["paths"]["/v1/jobs"]["post"]["requestBody"] = {
        "required": True,
        "content": {"application/json": {"schema": {"anyOf": forms}}},
    }
    _close(known)
    for path, methods in schema["paths"].items():
        for route in methods.values():
            _refusals(path, route["responses"])
            for parameter in route.get("parameters", ()):
                parameter["schema"] = _without_null(parameter["schema"])
    return schema


def _without_null(schema: dict[str, Any]) -> dict[str, Any]:
    """Say what a parameter is where it is there: nothing in an address or a header is null."""
    kinds = [one for one in schema.get("anyOf", ()) if one != {"type": "null"}]
    rest = {name: value for name, value in schema.items() if name != "anyOf"}
    return {**rest, **kinds[0]} if len(kinds) == 1 else schema


def _close(schema: Any) -> None:
    """Say of every object with names of a form that it has no others; the reader refuses them."""
    if isinstance(schema, dict):
        if "patternProperties" in schema:
            schema.setdefault("additionalProperties", False)
        for inner in schema.values():
            _close(inner)
    elif isinstance(schema, list):
        for inner in schema:
            _close(inner)


def _refusals(path: str, responses: dict[str, Any]) -> None:
    is_public = path.startswith(PUBLIC_PREFIX)
    if not path.startswith("/v1") and path != "/metrics":
        return
    kind, name = (PROBLEM_TYPE, "PublicProblem") if is_public else ("application/json", "Envelope")
    content = {kind: {"schema": {"$ref": _TEMPLATE.format(model=name)}}}
    answered = _PUBLIC if is_public else _REFUSALS
    for status, words in _REFUSALS.items():
        if status in responses or status in answered:
            said = responses.get(status, {}).get("description", words)
            responses[status] = {"description": said, "content": content}
