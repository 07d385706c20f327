"""The keys of a log that is checked: one chain from `vkey`, and which of them signed each head.

A head is signed by one key of the chain, or by two that follow each other while one hands over.
From head to head it never goes back: once a key has taken over, the one before it signs no more.
Every head carries the handovers that led to its newest signer, each signed by the key before.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pipelines.errors import EvidenceError
from pipelines.evidence.checkpoint import (
    MAX_NOTE_BYTES,
    Checkpoint,
    known_lines,
    open_note,
    split_note,
)
from pipelines.evidence.cosignature import Cosignature, check_cosignatures
from pipelines.evidence.handover import extended_trust, handed_on
from pipelines.evidence.note_key import KeyKind, VerifierKey, parse_note_key
from pipelines.evidence.signature import key_id
from pipelines.evidence.tiles import KEY_PATH
from services.provenance.published_log import LogFaultError, PublishedLog


class LogKeys:
    """The verifier keys in `vkey`; raises `LogFaultError` where they are not one chain."""

    def __init__(self, log: PublishedLog) -> None:
        self._log = log
        data = log.read(KEY_PATH, most_bytes=MAX_NOTE_BYTES)
        lines = data.decode("ascii", "replace").splitlines()
        try:
            keys = [parse_note_key(line) for line in lines]
        except EvidenceError as error:
            raise LogFaultError(KEY_PATH, str(error)) from error
        if not keys or "".join(f"{key}\n" for key in keys).encode("ascii") != data:
            raise LogFaultError(KEY_PATH, "It does not hold one verifier key per line.")
        first, self._handovers = keys[0], tuple(keys[1:])
        kinds = {key.kind for key in self._handovers} | {KeyKind.HANDOVER}
        if first.kind is not KeyKind.LOG or kinds != {KeyKind.HANDOVER}:
            raise LogFaultError(KEY_PATH, "It is not a log's first key and the handovers since.")
        self.chain = handed_on(first, self._handovers)
        if not self.chain:
            raise LogFaultError(KEY_PATH, "The handovers are not one chain.")
        self._known = (*self.chain, *self._handovers)
        self._before = (0, 0)

    def head(self, path: str, *, follows: bool = False) -> Checkpoint:
        """Return the head kept at `path`, its signatures checked.

        With `follows`, heads are asked for in the order of their sizes, and no key may come
        back that had handed over before.
        """
        note = self._log.read(path, most_bytes=MAX_NOTE_BYTES)
        head, used = self._opened(path, note)
        if follows:
            if used[0] < self._before[0] or used[1] < self._before[1]:
                raise LogFaultError(path, "It is signed by a key that had handed over before.")
            self._before = used
        return head

    def served_head(
        self, path: str, witnesses: Sequence[VerifierKey]
    ) -> tuple[Checkpoint, tuple[Cosignature, ...], int]:
        """Return the head at `path`, who of `witnesses` has signed it, and how many others."""
        note = self._log.read(path, most_bytes=MAX_NOTE_BYTES)
        try:
            text, lines = split_note(note)
            own = b"".join(line for _, _, line in known_lines(note, self._known))
            signed = check_cosignatures(note, witnesses)
        except EvidenceError as error:
            raise LogFaultError(path, str(error)) from error
        if not note.startswith(text + b"\n" + own):
            raise LogFaultError(path, "The log's own signatures do not come first.")
        head, _ = self._opened(path, text + b"\n" + own)
        return head, signed, len(lines) - own.count(b"\n") - len(signed)

    def check_trust(self, path: str, trusted: Iterable[bytes]) -> bool:
        """Whether keys are pinned; a fault unless one that the head at `path` leads from is."""
        pinned = frozenset(trusted)
        if not pinned:
            return False
        note = self._log.read(path, most_bytes=MAX_NOTE_BYTES)
        signers = [key for key, _, _ in known_lines(note, self.chain)]
        reached = extended_trust(pinned, note, self._handovers)
        if not any(key.public_key in reached for key in signers):
            named = " or ".join(key_id(key.public_key) for key in signers)
            raise LogFaultError(path, f"Key {named} is not one of the pinned keys.")
        return True

    def _opened(self, path: str, note: bytes) -> tuple[Checkpoint, tuple[int, int]]:
        """Return a head and the first and last place in the chain of those who signed it."""
        try:
            keys = [key for key, _, _ in known_lines(note, self._known)]
            head = open_note(note, keys)
        except EvidenceError as error:
            raise LogFaultError(path, str(error)) from error
        used = [self.chain.index(key) for key in keys if key.kind is KeyKind.LOG]
        if used not in ([used[0]], [used[0], used[0] + 1]):
            raise LogFaultError(path, "It is not signed by one key or by two in turn.")
        if _handovers(keys) != self._handovers[: used[-1]]:
            raise LogFaultError(path, "It does not carry the handovers that led to its key.")
        return head, (used[0], used[-1])


def _handovers(keys: Iterable[VerifierKey]) -> tuple[VerifierKey, ...]:
    return tuple(key for key in keys if key.kind is KeyKind.HANDOVER)
