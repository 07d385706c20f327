"""Puts a copy on record and signs its statement: the same body is the entry and the statement."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from uuid import uuid4

from pipelines.evidence.json_value import Json
from pipelines.run.copy_statement import Named, copy_body, signed
from pipelines.run.durable_file import write_whole
from services.cli.evidence_wiring import evidence_log, signing_key
from services.settings.settings import read_settings

COPY_KIND = "copy"


def put_on_record(
    statement: Path,
    kind: str,
    *,
    job: str,
    inputs: Sequence[Named],
    outputs: Sequence[Named],
    facts: Mapping[str, Json],
) -> int:
    """Record the copy, write its statement, and return the size of the log that holds it.

    The entry goes under `job` where this log knows that job, else under one of its own.
    """
    settings = read_settings()
    signer = signing_key(settings)
    body = copy_body(kind, inputs, outputs, facts)
    with evidence_log(settings, signer) as log:
        own = job if log.entries(job) else str(uuid4())
        log.record(own, COPY_KIND, body)
        head = log.publish()
        placed: dict[str, Json] = {"origin": log.origin, "size": head.size, "job": own}
    write_whole(statement, signed({**body, "log": placed}, signer))
    return head.size
