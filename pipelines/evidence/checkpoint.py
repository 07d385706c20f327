"""The log's signed head: C2SP `tlog-checkpoint` in a C2SP `signed-note`.

https://c2sp.org/tlog-checkpoint and https://c2sp.org/signed-note. The text is three lines
(origin, tree size in decimal, root in base64), the note is the text, an empty line and one
signature line per key. The key's name is the log's origin; its hash is the first four bytes
of SHA-256(name || 0x0A || 0x01 || public key), 0x01 being Ed25519.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pipelines.errors import EvidenceError
from pipelines.evidence.merkle import HASH_BYTES
from pipelines.evidence.signature import PUBLIC_KEY_BYTES, SIGNATURE_BYTES, is_signature

MAX_NOTE_BYTES = 16_384
MAX_SIGNATURES = 16

_ED25519 = b"\x01"
_HASH_BYTES = 4
_DASH = "\N{EM DASH} "
_NAME = re.compile(r"[!-*,-~]{1,200}")
_SIZE = re.compile(r"0|[1-9][0-9]{0,18}")


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A log's head: who it is (`origin`), how many leaves, and their 32-byte root."""

    origin: str
    size: int
    root: bytes

    def text(self) -> bytes:
        """Return the three lines that are signed."""
        return f"{self.origin}\n{self.size}\n{_base64(self.root)}\n".encode("ascii")


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """A named Ed25519 public key as signed notes spell it."""

    name: str
    public_key: bytes

    @property
    def key_hash(self) -> bytes:
        """The four bytes that a signature line names the key by."""
        message = self.name.encode("ascii") + b"\n" + _ED25519 + self.public_key
        return hashlib.sha256(message).digest()[:_HASH_BYTES]

    def __str__(self) -> str:
        return f"{self.name}+{self.key_hash.hex()}+{_base64(_ED25519 + self.public_key)}"


def verifier_key(name: str, public_key: bytes) -> VerifierKey:
    """Return a key under `name`; `EvidenceError` unless that is ASCII without space and plus."""
    if not _NAME.fullmatch(name):
        raise EvidenceError("A log's name is not printable ASCII without spaces and plus signs.")
    if len(public_key) != PUBLIC_KEY_BYTES:
        raise EvidenceError("A public key does not have 32 bytes.")
    return VerifierKey(name, public_key)


def parse_verifier_key(text: str) -> VerifierKey:
    """Return the key that a verifier-key string spells; `EvidenceError` for another spelling."""
    parts = text.split("+", 2)
    if len(parts) != 3:
        raise EvidenceError("A verifier key does not have three parts.")
    raw = _unbase64(parts[2], "A verifier key")
    key = verifier_key(parts[0], raw[1:])
    if str(key) != text:
        raise EvidenceError("A verifier key is not in its exact form.")
    return key


def sign_checkpoint(
    checkpoint: Checkpoint, key: VerifierKey, sign: Callable[[bytes], bytes]
) -> bytes:
    """Return the signed note: `sign` gets the text and hands back 64 bytes of Ed25519 signature."""
    text = checkpoint.text()
    signature = _base64(key.key_hash + sign(text))
    return text + f"\n{_DASH}{key.name} {signature}\n".encode()


def parse_checkpoint(text: bytes) -> Checkpoint:
    """Return the head in the signed text; raises `EvidenceError` for any but its exact form."""
    try:
        lines = text.decode("ascii").split("\n")
    except UnicodeDecodeError as error:
        raise EvidenceError("The checkpoint is not ASCII.") from error
    if len(lines) != 4 or not _NAME.fullmatch(lines[0]) or not _SIZE.fullmatch(lines[1]):
        raise EvidenceError("The checkpoint is not origin, size and root.")
    checkpoint = Checkpoint(lines[0], int(lines[1]), _unbase64(lines[2], "The checkpoint's root"))
    if len(checkpoint.root) != HASH_BYTES or checkpoint.text() != text:
        raise EvidenceError("The checkpoint is not in its exact form.")
    return checkpoint


def open_note(note: bytes, keys: Sequence[VerifierKey]) -> Checkpoint:
    """Return the head in `note`, signed by every one of `keys` and by nobody else.

    Raises `EvidenceError` for a signature that is wrong, missing, doubled or of an unknown
    key: a note in a bundle carries only signatures whose keys travel with it.
    """
    if len(note) > MAX_NOTE_BYTES:
        raise EvidenceError("The checkpoint is too long.")
    text, gap, tail = note.partition(b"\n\n")
    if not gap or not tail.endswith(b"\n") or not keys:
        raise EvidenceError("The checkpoint is not a signed note.")
    text += b"\n"
    checkpoint = parse_checkpoint(text)
    lines = tail[:-1].split(b"\n")
    if len(lines) > MAX_SIGNATURES or len(lines) != len(keys):
        raise EvidenceError("The checkpoint's signatures and its keys do not correspond.")
    for line, key in zip(lines, keys, strict=True):
        _check_signature(line, key, text)
    if keys[0].name != checkpoint.origin:
        raise EvidenceError("The checkpoint's first signature is not the log's own.")
    return checkpoint


def _check_signature(line: bytes, key: VerifierKey, text: bytes) -> None:
    start = f"{_DASH}{key.name} ".encode()
    if not line.startswith(start):
        raise EvidenceError(f"The checkpoint carries no signature of {key.name} in its place.")
    encoded = line[len(start) :].decode("ascii", "replace")
    blob = _unbase64(encoded, "The checkpoint's signature")
    if blob[:_HASH_BYTES] != key.key_hash or len(blob) != _HASH_BYTES + SIGNATURE_BYTES:
        raise EvidenceError("The checkpoint's signature names another key.")
    if not is_signature(key.public_key, blob[_HASH_BYTES:], text):
        raise EvidenceError("The checkpoint's signature does not hold.")


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def _unbase64(text: str, what: str) -> bytes:
    """Return the bytes behind the one base64 spelling that encodes back to `text`."""
    try:
        data = base64.b64decode(text, validate=True)
    except ValueError as error:
        raise EvidenceError(f"{what} is not base64.") from error
    if _base64(data) != text:
        raise EvidenceError(f"{what} is not in its exact base64 form.")
    return data
