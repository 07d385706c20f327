"""The keys of a signed note, by kind: what each signs, and how it is spelt.

https://c2sp.org/signed-note. A key has a name, a kind and public bytes; its hash is the first four
bytes of SHA-256(name || 0x0A || kind || public bytes). Three kinds are known here:
- LOG (0x01), Ed25519 over the note's text: the log's own signature;
- COSIGNER (0x04), `cosignature/v1` of https://c2sp.org/tlog-cosignature: a witness's signature,
  eight bytes of time and Ed25519 over that time and the text;
- HANDOVER (0xff and a name of ours): the old key of a log says which key follows it. Its public
  bytes are the old key and the new one, its signature is the old key's over a text that names the
  log and both. It is the same in every note and says nothing about the note itself.
Pure: whether a signature holds is a question of bytes; whom to trust is the caller's.
"""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass
from enum import Enum

from pipelines.errors import EvidenceError
from pipelines.evidence.signature import PUBLIC_KEY_BYTES, SIGNATURE_BYTES, is_signature

TIME_BYTES = 8
KEY_HASH_BYTES = 4

_MAX_TIME = (1 << 63) - 1
_NAME = re.compile(r"[!-*,-~]{1,200}")
_HANDOVER = "evident.invalid/key-handover/v1"


class KeyKind(Enum):
    """What a key signs; the value stands before the public bytes in its hash and spelling."""

    LOG = b"\x01"
    COSIGNER = b"\x04"
    HANDOVER = b"\xff" + _HANDOVER.encode("ascii")


_PUBLIC_BYTES = {
    KeyKind.LOG: PUBLIC_KEY_BYTES,
    KeyKind.COSIGNER: PUBLIC_KEY_BYTES,
    KeyKind.HANDOVER: 2 * PUBLIC_KEY_BYTES,
}


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """A named key as signed notes spell it; `public_key` has 32 bytes, a handover's 64."""

    name: str
    public_key: bytes
    kind: KeyKind = KeyKind.LOG

    @property
    def key_hash(self) -> bytes:
        """The four bytes that a signature line names the key by."""
        message = self.name.encode("ascii") + b"\n" + self.kind.value + self.public_key
        return hashlib.sha256(message).digest()[:KEY_HASH_BYTES]

    @property
    def old_key(self) -> bytes:
        """Of a handover: the raw key that hands over."""
        return self.public_key[:PUBLIC_KEY_BYTES]

    @property
    def new_key(self) -> bytes:
        """Of a handover: the raw key that follows."""
        return self.public_key[PUBLIC_KEY_BYTES:]

    def __str__(self) -> str:
        return f"{self.name}+{self.key_hash.hex()}+{to_base64(self.kind.value + self.public_key)}"

    def holds(self, signature: bytes, text: bytes) -> bool:
        """Whether `signature` is this key's in a note of `text`."""
        if self.kind is KeyKind.LOG:
            return is_signature(self.public_key, signature, text)
        if self.kind is KeyKind.HANDOVER:
            message = handover_text(self.name, self.old_key, self.new_key)
            return is_signature(self.old_key, signature, message)
        if len(signature) != TIME_BYTES + SIGNATURE_BYTES:
            return False
        time = int.from_bytes(signature[:TIME_BYTES], "big")
        message = cosigned_text(time, text)
        return time <= _MAX_TIME and is_signature(self.public_key, signature[TIME_BYTES:], message)


def verifier_key(name: str, public_key: bytes, kind: KeyKind = KeyKind.LOG) -> VerifierKey:
    """Return a key under `name`; `EvidenceError` unless that is ASCII without space and plus."""
    if not _NAME.fullmatch(name):
        raise EvidenceError("A log's name is not printable ASCII without spaces and plus signs.")
    if len(public_key) != _PUBLIC_BYTES[kind]:
        raise EvidenceError(f"A public key does not have {_PUBLIC_BYTES[kind]} bytes.")
    return VerifierKey(name, public_key, kind)


def parse_note_key(text: str) -> VerifierKey:
    """Return the key of any kind that `text` spells; `EvidenceError` for another spelling."""
    parts = text.split("+", 2)
    if len(parts) != 3:
        raise EvidenceError("A verifier key does not have three parts.")
    raw = from_base64(parts[2], "A verifier key")
    for kind in KeyKind:
        if raw.startswith(kind.value):
            key = verifier_key(parts[0], raw[len(kind.value) :], kind)
            if str(key) == text:
                return key
    raise EvidenceError("A verifier key is not in its exact form.")


def parse_verifier_key(text: str) -> VerifierKey:
    """Return the log key that `text` spells; `EvidenceError` for other kinds and spellings."""
    key = parse_note_key(text)
    if key.kind is not KeyKind.LOG:
        raise EvidenceError("The key is not one that signs logs or statements.")
    return key


def cosigned_text(time: int, text: bytes) -> bytes:
    """Return what a witness signs at `time` (POSIX seconds) about a checkpoint's text."""
    return f"cosignature/v1\ntime {time}\n".encode("ascii") + text


def handover_text(name: str, old_key: bytes, new_key: bytes) -> bytes:
    """Return what the old key of the log `name` signs to hand over to the new one."""
    lines = (_HANDOVER, name, to_base64(old_key), to_base64(new_key))
    return "".join(f"{line}\n" for line in lines).encode("ascii")


def to_base64(data: bytes) -> str:
    """Spell `data` in the standard alphabet, padded."""
    return base64.b64encode(data).decode("ascii")


def from_base64(text: str, what: str) -> bytes:
    """Return the bytes behind the one base64 spelling that encodes back to `text`."""
    try:
        data = base64.b64decode(text, validate=True)
    except ValueError as error:
        raise EvidenceError(f"{what} is not base64.") from error
    if to_base64(data) != text:
        raise EvidenceError(f"{what} is not in its exact base64 form.")
    return data
