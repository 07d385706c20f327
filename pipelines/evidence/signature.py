"""Ed25519 (RFC 8032): the one place of the evidence room that knows the crypto library.

Keys are raw: 32 bytes of public key, 64 bytes of signature. A private key never comes here;
whoever holds one is a `Signer`.
"""

from __future__ import annotations

import base64
import hashlib
from typing import Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from pipelines.errors import EvidenceError

PUBLIC_KEY_BYTES = 32
SIGNATURE_BYTES = 64

# The DER of SubjectPublicKeyInfo for id-Ed25519 before the key itself (RFC 8410, section 4).
_DER_PREFIX = bytes.fromhex("302a300506032b6570032100")


class Signer(Protocol):
    """Holds an Ed25519 private key and signs with it."""

    @property
    def key_id(self) -> str:
        """SHA-256 of the raw public key, lower-case hexadecimal."""

    @property
    def public_key(self) -> bytes:
        """The raw 32-byte public key."""

    def sign(self, message: bytes) -> bytes:
        """Return a 64-byte signature of `message`."""


def key_id(public_key: bytes) -> str:
    """SHA-256 of the raw public key, lower-case hexadecimal."""
    return hashlib.sha256(public_key).hexdigest()


def is_signature(public_key: bytes, signature: bytes, message: bytes) -> bool:
    """Whether `signature` is one of `message` under `public_key`; malformed input is False."""
    if len(public_key) != PUBLIC_KEY_BYTES or len(signature) != SIGNATURE_BYTES:
        return False
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def public_pem(public_key: bytes) -> bytes:
    """`public_key` as a PEM file that `openssl pkeyutl -pubin -inkey` reads."""
    body = base64.b64encode(_DER_PREFIX + public_key).decode("ascii")
    return f"-----BEGIN PUBLIC KEY-----\n{body}\n-----END PUBLIC KEY-----\n".encode("ascii")


def parse_public_pem(pem: bytes) -> bytes:
    """Return the raw key in a PEM file of `public_pem`; `EvidenceError` for another spelling."""
    lines = pem.split(b"\n")
    try:
        der = base64.b64decode(lines[1], validate=True) if len(lines) > 1 else b""
    except ValueError as error:
        raise EvidenceError("The public key is not in base64.") from error
    raw = der[len(_DER_PREFIX) :]
    if len(raw) != PUBLIC_KEY_BYTES or public_pem(raw) != pem:
        raise EvidenceError("The file is not the PEM form of an Ed25519 public key.")
    return raw
