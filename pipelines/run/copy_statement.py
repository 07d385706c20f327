"""The statement that a copy travels with: from which bytes it was made, how, and by whom.

An in-toto statement in a DSSE envelope (`pipelines.evidence.attestation`), signed by the home's
evidence key. It names the copy and its sources by digest and says what was done to them. The key
is stated inside: whoever wants more than "unchanged since somebody with this key signed it" has
to know the key from elsewhere, from a bundle of the same home for one.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from pipelines.errors import EvidenceError, UnreadableError
from pipelines.evidence.attestation import Statement, open_statement, sign_statement
from pipelines.evidence.canonical import parse_object
from pipelines.evidence.json_value import Json
from pipelines.evidence.signature import key_id
from pipelines.ports import Signer

PREDICATE = "https://evident.invalid/copy/v1"
SUFFIX = ".statement.json"
MOST_BYTES = 16 << 20
DISCLAIMER = (
    "A copy for viewing, not the original and not the enhanced result. The statement shows that "
    "its bytes are unchanged since it was signed; it says nothing about authenticity or accuracy."
)


@dataclass(frozen=True, slots=True)
class Named:
    """A file by digest and size, and what part it plays."""

    name: str
    sha256: str
    size: int
    role: str

    def line(self) -> dict[str, Json]:
        """The file as entries and statements name it."""
        return {"name": self.name, "sha256": self.sha256, "bytes": self.size, "role": self.role}


@dataclass(frozen=True, slots=True)
class CheckedCopy:
    """A statement that holds: what it says, and the files beside it that are as it says."""

    predicate: Mapping[str, Json]
    key_id: str
    present: tuple[str, ...]
    absent: tuple[str, ...]


def named(path: Path, role: str) -> Named:
    """Hash a file of ours."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        return Named(path.name, digest, file.tell(), role)


def copy_body(
    kind: str, inputs: Sequence[Named], outputs: Sequence[Named], facts: Mapping[str, Json]
) -> dict[str, Json]:
    """The entry of a copy, which is also what its statement says."""
    return {
        "kind": kind,
        "inputs": [one.line() for one in inputs],
        "outputs": [one.line() for one in outputs],
        **facts,
    }


def signed(body: Mapping[str, Json], signer: Signer) -> bytes:
    """The statement about the outputs of `body`, as a file's content."""
    outputs = cast("list[dict[str, Json]]", body["outputs"])
    subjects = {str(one["name"]): str(one["sha256"]) for one in outputs}
    predicate: dict[str, Json] = {
        **body,
        "disclaimer": DISCLAIMER,
        "public_key": signer.public_key.hex(),
    }
    return sign_statement(Statement(subjects, predicate, PREDICATE), signer) + b"\n"


def check_copy(path: Path) -> CheckedCopy:
    """Check a statement and the files beside it.

    Raises EvidenceError where the signature does not hold or a file is another one than stated,
    UnreadableError where there is no statement to read.
    """
    try:
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise UnreadableError(
            f"{path} cannot be read: {error.strerror or error}.", next_step="Check the path."
        ) from error
    if len(data) > MOST_BYTES:
        raise EvidenceError(f"{path.name} is too long for a statement.")
    envelope = data.removesuffix(b"\n")
    key = _stated_key(envelope)
    statement = open_statement(envelope, key, predicate_type=PREDICATE).statement
    present, absent = [], []
    for name, sha256 in statement.subjects.items():
        beside = path.parent / _plain(name)
        if not beside.is_file():
            absent.append(name)
            continue
        with beside.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
        if found != sha256:
            raise EvidenceError(f"{name} is not the file that was signed: its SHA-256 is {found}.")
        present.append(name)
    return CheckedCopy(statement.predicate, key_id(key), tuple(present), tuple(absent))


def _plain(name: str) -> str:
    """A name without any folder in it; a statement from outside names files beside it alone."""
    if not name or name != Path(name).name or name in (".", ".."):
        raise EvidenceError("The statement names a file that does not lie beside it.")
    return name


def _stated_key(envelope: bytes) -> bytes:
    """The key that the statement itself names; whether it signed is checked with it."""
    try:
        payload = parse_object(base64.b64decode(str(parse_object(envelope).get("payload"))))
        predicate = payload.get("predicate")
        text = predicate.get("public_key") if isinstance(predicate, dict) else None
        return bytes.fromhex(str(text))
    except ValueError as error:
        raise EvidenceError("The statement names no public key.") from error
