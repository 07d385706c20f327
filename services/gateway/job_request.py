"""What `POST /v1/jobs` takes: a graph, or a short wish that is expanded to one.

Three forms of one thing: the graph itself; `{"graph": …}` with words about the matter beside it;
`{"pipeline": "photo" | "video", …}` in the short form. Unknown members are refused everywhere.
Nothing here asks a database: bytes in, a checked request or an error that names the field out.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Any, Literal, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from pipelines.errors import GraphError
from pipelines.graph import matter
from pipelines.graph.expand import Wish, expand
from pipelines.graph.spec import Graph, GraphInput, Preset, parse_graph
from pipelines.graph.validate import CheckedGraph, check_graph
from services.gateway.envelope import RefusedError
from services.jobs.values import Priority

MOST_REQUEST_BYTES = 1 << 20

T = TypeVar("T", bound=BaseModel)

_MOST_DEPTH = 32
_PRIORITIES = {"interactive": Priority.INTERACTIVE, "batch": Priority.BATCH, "gate": Priority.GATE}


class Matter(BaseModel):
    """What the work is about and for whom; printed in reports."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    case: matter.Named | None = None
    item: matter.Named | None = None
    exhibit: matter.Named | None = None
    note: matter.Note | None = None
    requested_by: str | None = Field(default=None, min_length=1, max_length=600)
    reviewers: tuple[str, ...] = Field(default=(), max_length=20)
    language: Literal["en", "ru"] | None = None
    priority: Literal["interactive", "batch", "gate"] = "interactive"
    deadline: datetime | None = None

    @property
    def of_graph(self) -> matter.Matter | None:
        """What of it stands in the graph; None where that says nothing."""
        words = {name: getattr(self, name) for name in matter.Matter.model_fields}
        return matter.Matter(**words) if any(words.values()) else None

    def with_that_of(self, graph: Graph) -> Self:
        """The same, with what the graph states."""
        return self.model_copy(update={} if graph.matter is None else graph.matter.said)


class GraphRequest(Matter):
    """A graph, and what it is for."""

    graph: Graph


class PipelineRequest(Matter):
    """The short form: which pipeline, which preset, which file, and a few wishes."""

    pipeline: Literal["photo", "video"]
    preset: Preset = Preset.FORENSIC_SAFE
    inputs: dict[str, GraphInput] = Field(min_length=1, max_length=1)
    params: Wish = Field(default_factory=Wish)


@dataclass(frozen=True, slots=True)
class JobRequest:
    """A request that is well formed and admitted by its preset.

    `pipeline` is None where the request leaves it to the kind of the input, which it calls
    `source`.
    """

    graph: Graph
    checked: CheckedGraph
    pipeline: Literal["photo", "video"] | None
    matter: Matter
    sha256: str
    source: str

    @property
    def artifact(self) -> str:
        """The input, `sha256:…`."""
        return next(iter(self.graph.inputs.values())).artifact

    @property
    def priority(self) -> Priority:
        """Whose work goes first."""
        return _PRIORITIES[self.matter.priority]

    @property
    def networks(self) -> tuple[str, ...]:
        """The networks that it would run."""
        return tuple(sorted({str(step.card.name) for step in self.checked.steps if step.card}))


def read_request(body: bytes) -> JobRequest:
    """Read and check a request. Raises RefusedError or GraphError, which name the field."""
    document = _document(body)
    sha256 = hashlib.sha256(body).hexdigest()
    about: Matter
    source: str | None = None
    if "version" in document:
        graph, pipeline, about = parse_graph(document), None, Matter()
    elif "graph" in document:
        one = _read(GraphRequest, document)
        graph, pipeline, about = one.graph, None, one
    else:
        short = _read(PipelineRequest, document)
        source, given = next(iter(short.inputs.items()))
        artifact = given.artifact
        try:
            graph = expand(short.pipeline, short.preset, artifact, short.params)
        except GraphError as error:
            if error.field in Wish.model_fields:
                # A wish that cannot be met stands one level down in what was sent.
                error.field = f"params.{error.field}"
            raise
        pipeline, about = short.pipeline, short
    if len(graph.inputs) != 1:
        raise GraphError(
            f"inputs: this version runs graphs with one input, this one has {len(graph.inputs)}",
            field="inputs",
            next_step="Submit one job per file.",
        )
    if about.deadline is not None and about.deadline.tzinfo is None:
        raise _refused(
            "deadline", "A deadline is written with its zone, like 2026-03-01T12:00:00Z."
        )
    graph = graph.about(about.of_graph, beside="the request")
    return JobRequest(
        graph,
        check_graph(graph),
        pipeline,
        about.with_that_of(graph),
        sha256,
        source or next(iter(graph.inputs)),
    )


def _document(body: bytes) -> dict[str, Any]:
    if len(body) > MOST_REQUEST_BYTES:
        raise RefusedError(
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
            "too-large",
            f"A request has up to {MOST_REQUEST_BYTES} bytes.",
        )
    try:
        document = json.loads(body, parse_constant=_no_number, object_pairs_hook=_said_once)
    except (ValueError, RecursionError) as error:
        raise _refused("", "The request is not JSON, or says a thing twice.") from error
    if not isinstance(document, dict) or _depth(document) > _MOST_DEPTH:
        raise _refused("", "The request is not a JSON object of a reasonable depth.")
    return document


def _read(kind: type[T], document: Mapping[str, Any]) -> T:
    try:
        return kind.model_validate_json(json.dumps(document))
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"])
        raise _refused(field, f"{field or 'request'}: {first['msg']}.") from error


def _refused(field: str, reason: str) -> RefusedError:
    fields = (field[:200],) if field else ()
    return RefusedError(
        HTTPStatus.UNPROCESSABLE_ENTITY if field else HTTPStatus.BAD_REQUEST,
        "invalid-request",
        reason[:1000],
        fields=fields,
    )


def _said_once(members: list[tuple[str, Any]]) -> dict[str, Any]:
    """Refuse an object that says a thing twice: readers differ in which of the two they take."""
    found = dict(members)
    if len(found) != len(members):
        raise ValueError("a member stands twice")
    return found


def _no_number(word: str) -> float:
    raise ValueError(f"{word} is no number of JSON")


def _depth(value: object) -> int:
    """How deep a document is nested, looked at without recursion."""
    deepest, level = 0, [value]
    while level and deepest <= _MOST_DEPTH:
        deepest += 1
        level = [
            inner
            for one in level
            if isinstance(one, dict | list)
            for inner in (one.values() if isinstance(one, dict) else one)
        ]
    return deepest
