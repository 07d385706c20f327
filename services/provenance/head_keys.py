"""Who signs the heads of a log, and which keys came before: what a sealer asks for each time.

A log has one key, or two while one hands over to the next; then both sign, the older first. The
handovers that led here stand on every head. `HeadSigning` puts this together for one log: it
signs, it names the keys that a reader needs, and it refuses to follow a head of other keys.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from pipelines.errors import EvidenceError
from pipelines.evidence.checkpoint import (
    Checkpoint,
    known_lines,
    open_note,
    signature_line,
    split_note,
)
from pipelines.evidence.handover import handed_on
from pipelines.evidence.note_key import KeyKind, verifier_key
from pipelines.ports import Signer

_NEXT_STEP = "Restore the key and the database, or move the log's folder aside."


@dataclass(frozen=True, slots=True)
class Handover:
    """The old key's signature that the new one follows it in the log `origin`; raw keys."""

    origin: str
    old_key: bytes
    new_key: bytes
    signature: bytes


@dataclass(frozen=True, slots=True)
class HeadKeys:
    """Who signs heads now, the older first, and every handover so far."""

    signers: tuple[Signer, ...]
    handovers: tuple[Handover, ...] = ()


class HeadSigner(Signer, Protocol):
    """A `Signer` that knows how the log's keys stand; asked again for every head."""

    def head_keys(self) -> HeadKeys:
        """Return who signs heads now."""


class HeadSigning:
    """The keys of the log `origin` as they stand; raises `EvidenceError` where they do not fit."""

    def __init__(self, origin: str, keys: HeadKeys) -> None:
        self.origin = origin
        self._signers = keys.signers
        self.keys = tuple(verifier_key(origin, one.public_key) for one in keys.signers)
        self._handovers = [
            (verifier_key(origin, one.old_key + one.new_key, KeyKind.HANDOVER), one.signature)
            for one in keys.handovers
        ]
        handovers = [key for key, _ in self._handovers]
        first = verifier_key(origin, handovers[0].old_key) if handovers else self.keys[0]
        self._chain = handed_on(first, handovers)
        signed = all(key.holds(signature, b"") for key, signature in self._handovers)
        if not signed or self._chain[-len(self.keys) :] != self.keys:
            raise EvidenceError(
                "The log's keys do not follow from the handovers between them.",
                next_step=_NEXT_STEP,
            )
        self.published = (first, *handovers)
        """What `vkey` says: the log's first key, and the handovers since."""
        self.known = (*self._chain, *handovers)
        """Every key whose line a head of this log may carry."""

    def sign(self, head: Checkpoint) -> bytes:
        """Return the note of `head`, signed by all of them, with the handovers."""
        text = head.text()
        rows = zip(self.keys, self._signers, strict=True)
        lines = [signature_line(key, signer.sign(text)) for key, signer in rows]
        lines += [signature_line(key, signature) for key, signature in self._handovers]
        return text + b"\n" + b"".join(lines)

    def open_published(self, note: bytes) -> Checkpoint:
        """Return the head in a published `note`; all its signers must be of this log's past.

        Raises `EvidenceError` for a head of other keys, and for one that is further on in the
        handing over than these keys: they were set back.
        """
        try:
            lines = known_lines(note, self.known)
            head = open_note(note, [key for key, _, _ in lines])
        except EvidenceError as error:
            raise EvidenceError(
                f"The log was not published by this key and database: {error}",
                next_step=_NEXT_STEP,
            ) from error
        used = [self._chain.index(key) for key, _, _ in lines if key.kind is KeyKind.LOG]
        now = [self._chain.index(key) for key in self.keys]
        if min(used) > min(now) or max(used) > max(now):
            raise EvidenceError(
                "The log's newest head is signed by a later key than the one at hand.",
                next_step="Restore the newest keys.",
            )
        return head

    def open_served(self, note: bytes) -> Checkpoint:
        """Return the head in the served `note`, which witnesses may have signed besides."""
        text, _ = split_note(note)
        lines = known_lines(note, self.known)
        return self.open_published(text + b"\n" + b"".join(line for _, _, line in lines))
