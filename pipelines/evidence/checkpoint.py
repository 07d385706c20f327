"""The log's signed head: C2SP `tlog-checkpoint` in a C2SP `signed-note`.

https://c2sp.org/tlog-checkpoint and https://c2sp.org/signed-note. The text is three lines
(origin, tree size in decimal, root in base64), the note is the text, an empty line and one
signature line per key. The first signature is the log's own, under the log's origin.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from pipelines.errors import EvidenceError
from pipelines.evidence.merkle import HASH_BYTES
from pipelines.evidence.note_key import (
    KEY_HASH_BYTES,
    KeyKind,
    VerifierKey,
    from_base64,
    to_base64,
)

MAX_NOTE_BYTES = 16_384
MAX_SIGNATURES = 16

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
        return f"{self.origin}\n{self.size}\n{to_base64(self.root)}\n".encode("ascii")


def sign_checkpoint(
    checkpoint: Checkpoint, key: VerifierKey, sign: Callable[[bytes], bytes]
) -> bytes:
    """Return the signed note: `sign` gets the text and hands back 64 bytes of Ed25519 signature."""
    text = checkpoint.text()
    return text + b"\n" + signature_line(key, sign(text))


def signature_line(key: VerifierKey, signature: bytes) -> bytes:
    """Return the line of a note that carries `signature`; it can follow a note's last line."""
    return f"{_DASH}{key.name} {to_base64(key.key_hash + signature)}\n".encode()


def parse_checkpoint(text: bytes) -> Checkpoint:
    """Return the head in the signed text; raises `EvidenceError` for any but its exact form."""
    try:
        lines = text.decode("ascii").split("\n")
    except UnicodeDecodeError as error:
        raise EvidenceError("The checkpoint is not ASCII.") from error
    if len(lines) != 4 or not _NAME.fullmatch(lines[0]) or not _SIZE.fullmatch(lines[1]):
        raise EvidenceError("The checkpoint is not origin, size and root.")
    checkpoint = Checkpoint(lines[0], int(lines[1]), from_base64(lines[2], "The checkpoint's root"))
    if len(checkpoint.root) != HASH_BYTES or checkpoint.text() != text:
        raise EvidenceError("The checkpoint is not in its exact form.")
    return checkpoint


def open_note(note: bytes, keys: Sequence[VerifierKey]) -> Checkpoint:
    """Return the head in `note`, signed by every one of `keys` and by nobody else.

    Raises `EvidenceError` for a signature that is wrong, missing, doubled or of an unknown
    key: a note in a bundle carries only signatures whose keys travel with it.
    """
    text, lines = split_note(note)
    checkpoint = parse_checkpoint(text)
    if len(lines) != len(keys) or len(set(keys)) != len(keys):
        raise EvidenceError("The checkpoint's signatures and its keys do not correspond.")
    for line, key in zip(lines, keys, strict=True):
        if not key.holds(_signature(line, key), text):
            raise EvidenceError("The checkpoint's signature does not hold.")
        if key.kind is KeyKind.HANDOVER and key.name != checkpoint.origin:
            raise EvidenceError("A key of another log is handed over in the checkpoint.")
    if keys[0].name != checkpoint.origin or keys[0].kind is not KeyKind.LOG:
        raise EvidenceError("The checkpoint's first signature is not the log's own.")
    return checkpoint


def known_lines(
    note: bytes, keys: Iterable[VerifierKey]
) -> tuple[tuple[VerifierKey, bytes, bytes], ...]:
    """List what of `note` is by `keys`: key, signature and whole line, in the note's order.

    Lines of unknown keys are passed over, as signed notes ask. Nothing is checked here but the
    form; raises `EvidenceError` where that is not a signed note's.
    """
    _, lines = split_note(note)
    known = {(key.name, key.key_hash): key for key in keys}
    found = []
    for line in lines:
        name, blob = _parts(line)
        key = known.get((name, blob[:KEY_HASH_BYTES]))
        if key is not None:
            found.append((key, blob[KEY_HASH_BYTES:], line + b"\n"))
    return tuple(found)


def split_note(note: bytes) -> tuple[bytes, list[bytes]]:
    """Return the signed text and the signature lines, without their line feeds."""
    if len(note) > MAX_NOTE_BYTES:
        raise EvidenceError("The checkpoint is too long.")
    text, gap, tail = note.partition(b"\n\n")
    if not gap or not tail.endswith(b"\n"):
        raise EvidenceError("The checkpoint is not a signed note.")
    lines = tail[:-1].split(b"\n")
    if len(lines) > MAX_SIGNATURES:
        raise EvidenceError("The checkpoint has too many signatures.")
    return text + b"\n", lines


def _signature(line: bytes, key: VerifierKey) -> bytes:
    """Return the signature in a line that must be `key`'s."""
    name, blob = _parts(line)
    if name != key.name:
        raise EvidenceError(f"The checkpoint carries no signature of {key.name} in its place.")
    if blob[:KEY_HASH_BYTES] != key.key_hash:
        raise EvidenceError("The checkpoint's signature names another key.")
    return blob[KEY_HASH_BYTES:]


def _parts(line: bytes) -> tuple[str, bytes]:
    """Return name and bytes of a signature line."""
    dash, text = line[: len(_DASH.encode())], line[len(_DASH.encode()) :]
    name, gap, encoded = text.decode("ascii", "replace").partition(" ")
    if dash != _DASH.encode() or not gap or not _NAME.fullmatch(name):
        raise EvidenceError("The checkpoint has a line that is no signature.")
    return name, from_base64(encoded, "The checkpoint's signature")
