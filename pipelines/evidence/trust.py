"""Key files: the public keys that a verifier knows by another way than the bundle.

A key file is text. Each key is a PEM block (SubjectPublicKeyInfo, Ed25519) or one line with a
signed-note verifier key (`<name>+<hash>+<base64>`), of a log or of a witness; empty lines and
lines that begin with `#` say nothing. Anything else is refused, so that a mistyped key is never
silently left out.
"""

from __future__ import annotations

from dataclasses import dataclass

from pipelines.errors import EvidenceError
from pipelines.evidence.note_key import KeyKind, VerifierKey, parse_note_key
from pipelines.evidence.signature import parse_public_pem

MAX_KEY_FILE_BYTES = 1 << 16

_BEGIN = "-----BEGIN "
_END = "-----END "


@dataclass(frozen=True, slots=True)
class Trust:
    """Whom a verifier knows: raw keys of those who sign logs and statements, and witnesses."""

    keys: tuple[bytes, ...] = ()
    witnesses: tuple[VerifierKey, ...] = ()


def read_key_file(data: bytes) -> tuple[bytes, ...]:
    """Return the raw Ed25519 keys of those who sign, in the file's order.

    Raises `EvidenceError` where the file is out of form or holds no such key.
    """
    keys = read_trust(data).keys
    if not keys:
        raise EvidenceError("The key file holds no key that signs logs or statements.")
    return keys


def read_trust(data: bytes) -> Trust:
    """Return everybody in a key file; `EvidenceError` if it is out of form or names nobody."""
    if len(data) > MAX_KEY_FILE_BYTES:
        raise EvidenceError(f"The key file has more than {MAX_KEY_FILE_BYTES} bytes.")
    try:
        lines = data.decode("ascii").splitlines()
    except UnicodeDecodeError as error:
        raise EvidenceError("The key file is not ASCII text.") from error
    keys: list[bytes] = []
    witnesses: list[VerifierKey] = []
    block: list[str] = []
    for number, line in enumerate(lines, start=1):
        if block or line.startswith(_BEGIN):
            block.append(line)
            if line.startswith(_END):
                keys.append(_pem(block, number))
                block = []
        elif line.strip() and not line.startswith("#"):
            key = _verifier_key(line, number)
            if key.kind is KeyKind.COSIGNER:
                witnesses.append(key)
            else:
                keys.append(key.public_key)
    if block:
        raise EvidenceError("The key file ends within a PEM block.")
    if not keys and not witnesses:
        raise EvidenceError("The key file holds no key.")
    return Trust(tuple(keys), tuple(witnesses))


def _pem(block: list[str], number: int) -> bytes:
    try:
        return parse_public_pem("".join(f"{line}\n" for line in block).encode("ascii"))
    except EvidenceError as error:
        raise EvidenceError(f"The block that ends in line {number}: {error}") from error


def _verifier_key(line: str, number: int) -> VerifierKey:
    try:
        key = parse_note_key(line.strip())
    except EvidenceError as error:
        raise EvidenceError(f"Line {number} of the key file: {error}") from error
    if key.kind is KeyKind.HANDOVER:
        raise EvidenceError(f"Line {number} of the key file is a handover, not a key.")
    return key
