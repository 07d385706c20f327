"""The statement: DSSE over in-toto, in exact form."""

from __future__ import annotations

import base64
import json

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from pipelines.errors import EvidenceError
from pipelines.evidence.attestation import (
    PAYLOAD_TYPE,
    PREDICATE_TYPE,
    Statement,
    open_statement,
    pae,
    sign_statement,
    statement_in,
)
from pipelines.evidence.canonical import canonical_bytes
from pipelines.evidence.signature import (
    is_signature,
    key_id,
    parse_public_pem,
    public_pem,
)

PRIVATE = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC = PRIVATE.public_key().public_bytes_raw()
STATEMENT = Statement({"b.png": "00" * 32, "a.json": "ff" * 32}, {"version": 1})


class FixedSigner:
    """A signer with a known key."""

    key_id = key_id(PUBLIC)
    public_key = PUBLIC

    def sign(self, message: bytes) -> bytes:
        """Sign with the known key."""
        return PRIVATE.sign(message)


ENVELOPE = sign_statement(STATEMENT, FixedSigner())


def test_pae_of_the_specification() -> None:
    """The encoding is that of the DSSE specification's own example."""
    assert pae(b"hello world", "http://example.com/HelloWorld") == (
        b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
    )


def test_ed25519_known_answer() -> None:
    """The second test vector of RFC 8032, 7.1, verifies, and with a changed message does not."""
    public = bytes.fromhex("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c")
    signature = bytes.fromhex(
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
        "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
    )
    assert is_signature(public, signature, b"\x72")
    assert not is_signature(public, signature, b"\x73")
    assert not is_signature(public[:31], signature, b"\x72")
    assert not is_signature(public, signature[:63], b"\x72")


def test_envelope_follows_the_specifications() -> None:
    """Any DSSE and in-toto reader finds type, subjects and predicate where they belong."""
    envelope = json.loads(ENVELOPE)
    assert envelope["payloadType"] == PAYLOAD_TYPE
    payload = base64.b64decode(envelope["payload"])
    statement = json.loads(payload)
    assert statement["_type"] == "https://in-toto.io/Statement/v1"
    assert statement["predicateType"] == PREDICATE_TYPE
    assert [one["name"] for one in statement["subject"]] == ["a.json", "b.png"]
    signature = base64.b64decode(envelope["signatures"][0]["sig"])
    PRIVATE.public_key().verify(signature, pae(payload))


def test_statement_round_trip() -> None:
    """The statement comes back as it was signed."""
    signed = open_statement(ENVELOPE, PUBLIC)
    assert signed.statement == STATEMENT
    assert signed.signed_bytes == pae(STATEMENT.canonical())


def test_every_flipped_byte_of_an_envelope_is_found() -> None:
    """No byte of an envelope can change."""
    for at in range(len(ENVELOPE)):
        changed = ENVELOPE[:at] + bytes([ENVELOPE[at] ^ 1]) + ENVELOPE[at + 1 :]
        with pytest.raises(EvidenceError):
            open_statement(changed, PUBLIC)


def signed(payload: bytes, kind: str = PAYLOAD_TYPE, **more: object) -> bytes:
    """Return an envelope with a good signature over any payload."""
    signature = base64.b64encode(PRIVATE.sign(pae(payload, kind))).decode()
    envelope = {
        "payload": base64.b64encode(payload).decode(),
        "payloadType": kind,
        "signatures": [{"keyid": key_id(PUBLIC), "sig": signature}],
    }
    return canonical_bytes(envelope | more)


@pytest.mark.parametrize(
    "envelope",
    [
        signed(STATEMENT.canonical(), "text/plain"),
        signed(STATEMENT.canonical(), extra=1),
        signed(STATEMENT.canonical(), signatures=[]),
        signed(STATEMENT.canonical() + b"\n"),
        signed(b"{}"),
        signed(STATEMENT.canonical().replace(b"enhancement", b"provenance")),
        signed(STATEMENT.canonical().replace(b"00" * 32, b"00" * 31)),
        signed(STATEMENT.canonical().replace(b"b.png", b"a.json")),
        signed(STATEMENT.canonical().replace(b"a.json", b"c.json")),
        b"{}",
        b"[]",
        b"",
    ],
)
def test_other_signed_things_are_refused(envelope: bytes) -> None:
    """A good signature over anything but a statement in exact form is refused."""
    assert open_statement(signed(STATEMENT.canonical()), PUBLIC).statement == STATEMENT
    with pytest.raises(EvidenceError):
        open_statement(envelope, PUBLIC)


def test_public_keys_have_one_file_form() -> None:
    """A public key's PEM gives the key back, and no other spelling does."""
    pem = public_pem(PUBLIC)
    assert parse_public_pem(pem) == PUBLIC
    for bad in (
        pem[:-1],
        pem + b"\n",
        b"",
        pem.replace(b"PUBLIC", b"SECRET"),
        b"\n".join([pem] * 2),
    ):
        with pytest.raises(EvidenceError):
            parse_public_pem(bad)


def test_what_is_to_be_signed_is_read_back() -> None:
    """The encoding that a signature covers gives the statement again, and no other bytes do."""
    signed = pae(STATEMENT.canonical())
    assert statement_in(signed) == STATEMENT
    payload = STATEMENT.canonical()
    for wrong in (
        b"",
        payload,
        signed + b" ",
        signed[:-1],
        signed.replace(b"DSSEv1 ", b"DSSEv2 ", 1),
        pae(payload, "text/plain"),
        pae(payload + b"\n"),
        pae(payload.replace(b"enhancement", b"something")),
    ):
        with pytest.raises(EvidenceError):
            statement_in(wrong)
