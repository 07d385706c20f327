"""How trust in a log's key comes to the key that follows it.

A log keeps its name when its key changes; signed notes tell keys of one name apart by their hash.
Two signatures on one head do not make one key vouch for the other, since anybody can add a line
of their own key to a note. What does is a handover: a line in which the old key names the new one
(`note_key`, kind HANDOVER). Heads carry it from then on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from pipelines.evidence.checkpoint import known_lines, signature_line
from pipelines.evidence.note_key import KeyKind, VerifierKey, handover_text, verifier_key


def hand_over(
    name: str, old_key: bytes, new_key: bytes, sign: Callable[[bytes], bytes]
) -> tuple[VerifierKey, bytes]:
    """Return the handover's key and its line; `sign` signs with the old key."""
    key = verifier_key(name, old_key + new_key, KeyKind.HANDOVER)
    return key, signature_line(key, sign(handover_text(name, old_key, new_key)))


def extended_trust(
    trusted: Iterable[bytes], note: bytes, keys: Sequence[VerifierKey]
) -> frozenset[bytes]:
    """Return `trusted` raw keys and those that they hand over to in the lines of `note`.

    `keys` are the verifier keys that travel with the note. A handover counts only if the old
    key's signature holds and the old key is trusted already, however long the chain.
    """
    handovers = [key for key in keys if key.kind is KeyKind.HANDOVER]
    valid = [key for key, signature, _ in known_lines(note, handovers) if key.holds(signature, b"")]
    found = set(trusted)
    while True:
        new = {key.new_key for key in valid if key.old_key in found} - found
        if not new:
            return frozenset(found)
        found |= new


def log_signers(keys: Iterable[VerifierKey]) -> tuple[bytes, ...]:
    """List the raw keys that sign as the log itself, among the keys of a note."""
    return tuple(key.public_key for key in keys if key.kind is KeyKind.LOG)


def handed_on(first: VerifierKey, handovers: Sequence[VerifierKey]) -> tuple[VerifierKey, ...]:
    """List the log's keys in the order in which they came into force, `first` first.

    Empty where the handovers do not form one chain from `first`.
    """
    chain = [first]
    for one in handovers:
        if one.name != first.name or one.old_key != chain[-1].public_key:
            return ()
        chain.append(verifier_key(first.name, one.new_key))
    return tuple(chain) if len({key.public_key for key in chain}) == len(chain) else ()
