"""`/v1/sealing`: what workers on other hosts ask of the log, for whoever has their token.

Gateways have a token of their own, which reads what is known of networks and nothing else here.
Everything is asked under a claim, and refused where the claim is not in force. The routes decide
nothing: what is sealed, proven or signed is the sealer's word.
"""

from __future__ import annotations

import base64
import logging
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated, Any, TypeVar

from anyio import to_thread
from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from pipelines.errors import EvidenceError
from pipelines.evidence.checkpoint import MAX_NOTE_BYTES
from pipelines.evidence.log_files import encode_proof
from pipelines.evidence.sealed_statement import NotSealedError
from services.auth.credentials import KeyCheck
from services.auth.token_file import AnyOf
from services.gateway.envelope import Envelope, RefusedError, answer
from services.gateway.evidence_routes import admission_by
from services.provenance.sealing import JobSealer, KeyChangedError, OvertakenError, WorkRight
from services.provenance.sealing_client import KEY_CHANGED, NOT_SEALED, OVERTAKEN, PREFIX

MOST_BODY_BYTES = 32 << 20
MOST_NETWORKS = 1_000

Word = Annotated[str, StringConstraints(min_length=1, max_length=128)]
Hex = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]

_LOG = logging.getLogger("evident.sealing")

T = TypeVar("T", bound="Asked")

Networks = Callable[[Sequence[str]], Mapping[str, Any]]
"""Tells what the log's host knows of networks with these names."""


class Asked(BaseModel):
    """The claim under which something is asked."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    job: Word
    stage: Word
    attempt: int = Field(ge=1, le=1 << 31)
    worker: Word

    @property
    def right(self) -> WorkRight:
        """The claim as the sealer knows it."""
        return WorkRight(self.job, self.stage, self.attempt, self.worker)


class ToSign(Asked):
    """A statement in DSSE's encoding (base64), the note of its job's proof, the key (hex)."""

    message: Annotated[str, StringConstraints(max_length=MOST_BODY_BYTES)]
    checkpoint: Annotated[str, StringConstraints(max_length=MAX_NOTE_BYTES)]
    public_key: Hex


class OfBytes(Asked):
    """Bytes that an entry of the job names."""

    sha256: Hex


@dataclass(frozen=True, slots=True)
class _Question:
    """Something that is asked under a claim, and who answers it."""

    name: str
    summary: str
    kind: type[Asked]
    work: Callable[[JobSealer, Any], dict[str, Any]]


def _entries(sealer: JobSealer, asked: Asked) -> dict[str, Any]:
    return {"entries": [one.decode("utf-8") for one in sealer.entries(asked.right)]}


def _seal(sealer: JobSealer, asked: Asked) -> dict[str, Any]:
    files = encode_proof(sealer.seal(asked.right))
    return {"files": {name: data.decode("utf-8") for name, data in files.items()}}


def _sign(sealer: JobSealer, asked: ToSign) -> dict[str, Any]:
    signature = sealer.sign(
        asked.right,
        _unbase64(asked.message),
        checkpoint=asked.checkpoint.encode("utf-8"),
        public_key=bytes.fromhex(asked.public_key),
    )
    return {"signature": base64.b64encode(signature).decode("ascii")}


def _custody(sealer: JobSealer, asked: OfBytes) -> dict[str, Any]:
    lines = sealer.custody(asked.right, asked.sha256)
    return {"lines": [one.model_dump(mode="json") for one in lines]}


_QUESTIONS = (
    _Question("entries", "Every entry of a job, for whoever works on it", Asked, _entries),
    _Question("seal", "Seal a job and prove its entries", Asked, _seal),
    _Question("sign", "Sign the statement of a sealed job", ToSign, _sign),
    _Question("custody", "What the log knows of bytes that a job names", OfBytes, _custody),
)


def sealing_routes(
    sealer: JobSealer, networks: Networks, *, worker: KeyCheck, gateway: KeyCheck
) -> APIRouter:
    """Return the routes over `sealer` for whoever the checks admit."""
    router = APIRouter(prefix=PREFIX, tags=["sealing"])
    workers = [Depends(admission_by(worker))]
    for question in _QUESTIONS:
        schema = {"application/json": {"schema": question.kind.model_json_schema()}}
        router.add_api_route(
            f"/{question.name}",
            _endpoint(question, sealer),
            methods=["POST"],
            dependencies=workers,
            summary=question.summary,
            response_model=Envelope,
            openapi_extra={"requestBody": {"required": True, "content": schema}},
        )

    @router.get(
        "/key",
        summary="The key that statements are signed with",
        response_model=Envelope,
        dependencies=workers,
    )
    def public_key(request: Request) -> JSONResponse:
        return answer(request, {"public_key": sealer.public_key().hex()})

    @router.get(
        "/networks",
        summary="Networks as the log's host has them",
        response_model=Envelope,
        dependencies=[Depends(admission_by(AnyOf((worker, gateway))))],
    )
    def known(
        request: Request,
        name: Annotated[list[Word], Query(max_length=MOST_NETWORKS, default_factory=list)],
    ) -> JSONResponse:
        return answer(request, networks(name))

    return router


def _endpoint(
    question: _Question, sealer: JobSealer
) -> Callable[[Request], Awaitable[JSONResponse]]:
    async def endpoint(request: Request) -> JSONResponse:
        asked = _read(question.kind, await _body(request))
        with _refusing():
            found = await to_thread.run_sync(question.work, sealer, asked)
        return answer(request, found)

    return endpoint


def _read(kind: type[T], body: bytes) -> T:
    """Return what a body asks. Raises RefusedError, which names the field."""
    try:
        return kind.model_validate_json(body)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(map(str, first["loc"]))[:200]
        raise RefusedError(
            HTTPStatus.BAD_REQUEST,
            "invalid-request",
            f"{field or 'request'}: {first['msg']}."[:1000],
            fields=(field,) if field else (),
        ) from error


async def _body(request: Request) -> bytes:
    """Read the body, and no more of it than a request may have."""
    held = bytearray()
    async for chunk in request.stream():
        held += chunk
        if len(held) > MOST_BODY_BYTES:
            raise RefusedError(
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too-large", "The request is too long."
            )
    return bytes(held)


@contextmanager
def _refusing() -> Iterator[None]:
    """Say with a code of its own what the asker must tell apart."""
    try:
        yield
    except OvertakenError as error:
        raise RefusedError(HTTPStatus.CONFLICT, OVERTAKEN, str(error)) from error
    except KeyChangedError as error:
        raise RefusedError(HTTPStatus.CONFLICT, KEY_CHANGED, str(error)) from error
    except NotSealedError as error:
        raise RefusedError(HTTPStatus.UNPROCESSABLE_ENTITY, NOT_SEALED, str(error)) from error
    except EvidenceError as error:
        # What is wrong for good is told as such: the job that asks has nothing to wait for.
        _LOG.error("sealing refused: %s", error)
        raise RefusedError(HTTPStatus.UNPROCESSABLE_ENTITY, "evidence", str(error)) from error


def _unbase64(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except ValueError as error:
        raise EvidenceError("The statement is not in base64.") from error
