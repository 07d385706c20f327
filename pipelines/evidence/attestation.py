"""The statement: in-toto Statement v1 in one DSSE envelope, signed with Ed25519.

https://github.com/in-toto/attestation/blob/main/spec/v1/statement.md and
https://github.com/secure-systems-lab/dsse/blob/master/envelope.md. What is signed is the
pre-authentication encoding (PAE) of the payload, never the JSON around it. Statement and
envelope are canonical JSON, so that each has one spelling.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass

from pipelines.errors import EvidenceError
from pipelines.evidence.canonical import canonical_bytes, parse_object
from pipelines.evidence.json_value import Json
from pipelines.evidence.signature import Signer, is_signature, key_id

PAYLOAD_TYPE = "application/vnd.in-toto+json"
STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
PREDICATE_TYPE = "https://evident.invalid/enhancement/v1"
MAX_ENVELOPE_BYTES = 64 * 1024 * 1024

_DIGEST = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Statement:
    """What is attested: `subjects` maps a name to a SHA-256 in lower-case hexadecimal."""

    subjects: Mapping[str, str]
    predicate: Mapping[str, Json]
    predicate_type: str = PREDICATE_TYPE

    def canonical(self) -> bytes:
        """Return the statement's only spelling; subjects are sorted by the UTF-8 of their names."""
        names = sorted(self.subjects, key=lambda name: name.encode("utf-8"))
        return canonical_bytes(
            {
                "_type": STATEMENT_TYPE,
                "subject": [
                    {"name": name, "digest": {"sha256": self.subjects[name]}} for name in names
                ],
                "predicateType": self.predicate_type,
                "predicate": self.predicate,
            }
        )


@dataclass(frozen=True, slots=True)
class SignedStatement:
    """An envelope taken apart: the statement, who signed it and what exactly was signed."""

    statement: Statement
    signature: bytes
    signed_bytes: bytes


def pae(payload: bytes, payload_type: str = PAYLOAD_TYPE) -> bytes:
    """DSSE's pre-authentication encoding: what the signature covers."""
    kind = payload_type.encode("utf-8")
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)


def sign_statement(statement: Statement, signer: Signer) -> bytes:
    """Return the envelope in canonical JSON, with one signature."""
    payload = statement.canonical()
    return canonical_bytes(
        {
            "payload": _base64(payload),
            "payloadType": PAYLOAD_TYPE,
            "signatures": [
                {"keyid": signer.key_id, "sig": _base64(signer.sign(pae(payload)))},
            ],
        }
    )


def statement_in(signed_bytes: bytes, *, predicate_type: str = PREDICATE_TYPE) -> Statement:
    """Return the statement that a signature of `signed_bytes` would be over: `pae` taken back.

    Raises `EvidenceError` for any other bytes, another predicate type or another spelling.
    """
    kind = PAYLOAD_TYPE.encode("utf-8")
    start = b"DSSEv1 %d %b " % (len(kind), kind)
    size, _, payload = signed_bytes.removeprefix(start).partition(b" ")
    if not signed_bytes.startswith(start) or size != b"%d" % len(payload):
        raise EvidenceError("What is to be signed is not DSSE's encoding of a statement.")
    return _parse_statement(payload, predicate_type)


def open_statement(
    envelope: bytes, public_key: bytes, *, predicate_type: str = PREDICATE_TYPE
) -> SignedStatement:
    """Return the statement in `envelope`, signed by `public_key` and in its exact form.

    Raises `EvidenceError` for a signature that does not hold, another key, another payload
    type, another predicate type, or any spelling that is not the canonical one.
    """
    if len(envelope) > MAX_ENVELOPE_BYTES:
        raise EvidenceError("The statement is too long.")
    match parse_object(envelope):
        case {
            "payload": str(payload_text),
            "payloadType": str(kind),
            "signatures": [{"keyid": str(signer), "sig": str(signature_text), **more}],
            **rest,
        } if kind == PAYLOAD_TYPE and not rest and not more:
            payload, signature = _unbase64(payload_text), _unbase64(signature_text)
        case _:
            raise EvidenceError("The statement's envelope is not DSSE with one signature.")
    if signer != key_id(public_key):
        raise EvidenceError("The statement names another key than the one beside it.")
    signed = pae(payload)
    if not is_signature(public_key, signature, signed):
        raise EvidenceError("The statement's signature does not hold.")
    return SignedStatement(_parse_statement(payload, predicate_type), signature, signed)


def _parse_statement(payload: bytes, wanted: str) -> Statement:
    match parse_object(payload):
        case {
            "_type": str(kind),
            "subject": list(subject),
            "predicateType": str(found),
            "predicate": dict(predicate),
        } if kind == STATEMENT_TYPE and found == wanted:
            statement = Statement(dict(_subject(one) for one in subject), predicate, wanted)
        case _:
            raise EvidenceError(f"The payload is not an in-toto statement of type {wanted}.")
    if statement.canonical() != payload:
        raise EvidenceError("The statement is not in its exact form.")
    return statement


def _subject(value: Json) -> tuple[str, str]:
    match value:
        case {"name": str(name), "digest": {"sha256": str(digest)}} if _DIGEST.fullmatch(digest):
            return name, digest
        case _:
            raise EvidenceError("A subject of the statement has no SHA-256.")


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def _unbase64(text: str) -> bytes:
    try:
        data = base64.b64decode(text, validate=True)
    except ValueError as error:
        raise EvidenceError("The statement holds something that is not base64.") from error
    if _base64(data) != text:
        raise EvidenceError("The statement's base64 is not in its exact form.")
    return data
