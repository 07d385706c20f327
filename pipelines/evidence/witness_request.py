"""What a log asks of a witness, and whether the witness may sign: C2SP `tlog-witness`.

https://c2sp.org/tlog-witness, `add-checkpoint`. The request names the size of the tree that the
witness signed last, proves that the new head extends it, and ends with the signed head. `judge`
takes the request and what the witness remembers, and says what the specification says; keeping
the memory, and the time, are the caller's.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

from pipelines.errors import EvidenceError
from pipelines.evidence.checkpoint import (
    MAX_NOTE_BYTES,
    Checkpoint,
    known_lines,
    parse_checkpoint,
    split_note,
)
from pipelines.evidence.merkle import EMPTY_ROOT, HASH_BYTES, is_consistent
from pipelines.evidence.note_key import KeyKind, VerifierKey, from_base64, to_base64

MAX_PROOF_LINES = 63
MAX_REQUEST_BYTES = MAX_NOTE_BYTES + 64 * (MAX_PROOF_LINES + 2)

_OLD = re.compile(r"old (0|[1-9][0-9]{0,18})")


@dataclass(frozen=True, slots=True)
class WitnessRequest:
    """An `add-checkpoint` request: a proof from `old_size` leaves to the head in `note`."""

    old_size: int
    proof: tuple[bytes, ...]
    note: bytes

    def encode(self) -> bytes:
        """Return the body of the request."""
        lines = [f"old {self.old_size}", *map(to_base64, self.proof), ""]
        return "".join(f"{line}\n" for line in lines).encode("ascii") + self.note


class Answer(IntEnum):
    """What a witness answers; the numbers are those of HTTP."""

    SIGNED = 200
    MALFORMED = 400
    UNTRUSTED = 403
    UNKNOWN_LOG = 404
    CONFLICT = 409
    NOT_CONSISTENT = 422


def parse_request(body: bytes) -> WitnessRequest:
    """Return the request in `body`; raises `EvidenceError` for any other form."""
    if len(body) > MAX_REQUEST_BYTES:
        raise EvidenceError("The request is too long.")
    head, gap, note = body.partition(b"\n\n")
    lines = head.decode("ascii", "replace").split("\n")
    found = _OLD.fullmatch(lines[0])
    if not gap or found is None or len(lines) > MAX_PROOF_LINES + 1:
        raise EvidenceError("The request is not an old size, a proof and a checkpoint.")
    proof = tuple(from_base64(line, "A proof's hash") for line in lines[1:])
    if any(len(step) != HASH_BYTES for step in proof):
        raise EvidenceError("A proof's hash does not have 32 bytes.")
    return WitnessRequest(int(found[1]), proof, note)


def judge(
    request: WitnessRequest, last: Checkpoint | None, log_keys: Sequence[VerifierKey]
) -> Answer:
    """Say whether a witness that signed `last` of this log may sign the request's head.

    `log_keys` are the keys that the witness trusts for that log; with none it is unknown.
    """
    # 1. The head is in form, the log is known, and one of its keys has signed.
    try:
        text, _ = split_note(request.note)
        head = parse_checkpoint(text)
        keys = [key for key in log_keys if key.kind is KeyKind.LOG and key.name == head.origin]
        lines = known_lines(request.note, keys)
    except EvidenceError:
        return Answer.MALFORMED
    if not keys:
        return Answer.UNKNOWN_LOG
    if not lines or not all(key.holds(signature, text) for key, signature, _ in lines):
        return Answer.UNTRUSTED
    # 2. The old size is not beyond the head, and is the one that was signed last.
    if request.old_size > head.size:
        return Answer.MALFORMED
    old = last or Checkpoint(head.origin, 0, EMPTY_ROOT)
    if request.old_size != old.size or (old.size == head.size and old.root != head.root):
        return Answer.CONFLICT
    # 3. The head extends it.
    return Answer.SIGNED if _extends(request, old, head) else Answer.NOT_CONSISTENT


def _extends(request: WitnessRequest, old: Checkpoint, head: Checkpoint) -> bool:
    if old.size == 0:
        return not request.proof and (head.size > 0 or head.root == EMPTY_ROOT)
    return is_consistent(old.size, head.size, old.root, head.root, request.proof)
