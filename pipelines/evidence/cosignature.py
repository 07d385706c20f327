"""Witness cosignatures: others who saw this head, and that it extends what they saw before.

C2SP `tlog-cosignature`, `cosignature/v1`: https://c2sp.org/tlog-cosignature. A witness keeps the
newest head that it signed for each log and signs another only with a proof that it extends that
one; so who holds a cosigned head knows that the witness was shown no other log. Pure: the time is
the caller's, and whom to trust as a witness is too.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pipelines.errors import EvidenceError
from pipelines.evidence.checkpoint import known_lines, signature_line, split_note
from pipelines.evidence.note_key import (
    TIME_BYTES,
    KeyKind,
    VerifierKey,
    cosigned_text,
    parse_note_key,
)


@dataclass(frozen=True, slots=True)
class Cosignature:
    """A witness's signature that holds: whose, and the POSIX second that the witness states."""

    witness: VerifierKey
    time: int


def parse_witness_key(text: str) -> VerifierKey:
    """Return the witness key that a verifier-key string spells; `EvidenceError` for others."""
    key = parse_note_key(text)
    if key.kind is not KeyKind.COSIGNER:
        raise EvidenceError("The key is not one of a witness.")
    return key


def cosign(note: bytes, key: VerifierKey, sign: Callable[[bytes], bytes], *, time: int) -> bytes:
    """Return the line that witness `key` adds to `note` at `time`."""
    text, _ = split_note(note)
    return signature_line(key, time.to_bytes(TIME_BYTES, "big") + sign(cosigned_text(time, text)))


def check_cosignatures(note: bytes, witnesses: Sequence[VerifierKey]) -> tuple[Cosignature, ...]:
    """Return the cosignatures of `witnesses` on a checkpoint; those of others are passed over.

    `witnesses` are keys that the caller knows by another way than the note. Raises
    `EvidenceError` where one of them has a line that does not hold, or two. The log's own
    signature is not looked at here.
    """
    text, _ = split_note(note)
    found: list[Cosignature] = []
    for key, signature, _ in known_lines(note, witnesses):
        if key.kind is not KeyKind.COSIGNER or not key.holds(signature, text):
            raise EvidenceError(f"The cosignature of {key.name} does not hold.")
        if any(one.witness == key for one in found):
            raise EvidenceError(f"The witness {key.name} has signed twice.")
        found.append(Cosignature(key, int.from_bytes(signature[:TIME_BYTES], "big")))
    return tuple(found)
