"""The sealer of a machine that has no log: asks the provenance service on the one that has it.

What comes back is checked here as a stranger would check it: a proof that does not hold, or is
another job's, is never built into a bundle.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from pydantic import TypeAdapter, ValidationError

from pipelines.errors import EvidenceError, EvidentError
from pipelines.evidence.entry import JobProof
from pipelines.evidence.log_files import decode_proof
from pipelines.evidence.sealed_statement import NotSealedError
from pipelines.evidence.signature import is_signature
from pipelines.stages.export.facts_custody import CustodyLine
from services.provenance.sealing import KeyChangedError, OvertakenError, WorkRight
from services.provenance.service_line import (
    Answer,
    ServiceLine,
    code_in,
    document,
    reason_in,
    refused,
)

PREFIX = "/v1/sealing"
OVERTAKEN, KEY_CHANGED, NOT_SEALED = "overtaken", "key-changed", "not-sealed"
"""The codes by which the service refuses."""

_REFUSALS: Mapping[str, type[EvidentError]] = {
    OVERTAKEN: OvertakenError,
    KEY_CHANGED: KeyChangedError,
    NOT_SEALED: NotSealedError,
}
_KEY = re.compile(r"[0-9a-f]{64}")
_LINES = TypeAdapter(tuple[CustodyLine, ...])


class SealingClient:
    """A `JobSealer` at the other end of `line`."""

    def __init__(self, line: ServiceLine) -> None:
        self._line = line

    def check(self) -> None:
        """Ask once whether the service is there and admits this process.

        Raises TokenRefusedError, or another SealerAwayError where it does not answer.
        """
        self.public_key()

    def entries(self, right: WorkRight) -> tuple[bytes, ...]:
        """Return every entry of the job up to now."""
        found = self._asked("entries", right)
        return tuple(str(one).encode("utf-8") for one in found["entries"])

    def seal(self, right: WorkRight) -> JobProof:
        """Have the job sealed, and check the proof."""
        files = self._asked("seal", right)["files"]
        return decode_proof(
            right.job, {str(name): str(text).encode("utf-8") for name, text in files.items()}
        )

    def public_key(self) -> bytes:
        """Return the key that statements are signed with now."""
        answer = self._line.ask("GET", f"{PREFIX}/key")
        if answer.status != HTTPStatus.OK:
            raise refused(answer)
        spelt = str(document(answer).get("public_key", ""))
        if not _KEY.fullmatch(spelt):
            raise EvidenceError("What the provenance service gives for its key is none.")
        return bytes.fromhex(spelt)

    def sign(
        self, right: WorkRight, message: bytes, *, checkpoint: bytes, public_key: bytes
    ) -> bytes:
        """Have a statement signed; the signature is checked."""
        told = {
            "message": base64.b64encode(message).decode("ascii"),
            "checkpoint": checkpoint.decode("utf-8"),
            "public_key": public_key.hex(),
        }
        signature = base64.b64decode(str(self._asked("sign", right, **told)["signature"]))
        if not is_signature(public_key, signature, message):
            raise EvidenceError("What the provenance service gives is not the log's signature.")
        return signature

    def custody(self, right: WorkRight, sha256: str) -> tuple[CustodyLine, ...]:
        """Return the history of bytes that an entry of the job names."""
        found = self._asked("custody", right, sha256=sha256)
        try:
            return _LINES.validate_python(found.get("lines"), strict=False)
        except ValidationError as error:
            raise EvidenceError("The custody that the service tells is not in its form.") from error

    def _asked(self, what: str, right: WorkRight, **told: str) -> dict[str, Any]:
        body = {
            "job": right.job,
            "stage": right.stage,
            "attempt": right.attempt,
            "worker": right.worker,
            **told,
        }
        answer = self._line.ask("POST", f"{PREFIX}/{what}", body=body)
        if answer.status != HTTPStatus.OK:
            raise _refusal(answer)
        return document(answer)


def _refusal(answer: Answer) -> EvidentError:
    kind = _REFUSALS.get(code_in(answer))
    return refused(answer, EvidenceError) if kind is None else kind(reason_in(answer))
