"""A log made anew around a job's entries: right in itself, under whatever key."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence

from pipelines.evidence.bundle_layout import CHECKPOINT, ENTRIES
from pipelines.evidence.checkpoint import Checkpoint, parse_checkpoint, sign_checkpoint
from pipelines.evidence.entry import JobProof, commitment, parse_entry
from pipelines.evidence.log_files import encode_proof
from pipelines.evidence.merkle import Frontier, inclusion_proof, leaf_hash, node_hash
from pipelines.evidence.note_key import verifier_key
from pipelines.evidence.signature import Signer
from tests.unit.pipelines.evidence.forge_kit import Files


def remade_log(
    files: Files,
    signer: Signer,
    *,
    change: Callable[[list[bytes]], Sequence[bytes]] = lambda lines: lines,
) -> dict[str, bytes]:
    """Return the log's files for the entries of `files` after `change`, in a tree of their own.

    The log keeps its name; salts are new.
    """
    entries = change(files[ENTRIES].splitlines())
    salts = [hashlib.sha256(entry).digest() for entry in entries]
    leaves = [
        leaf_hash(commitment(salt, entry)) for salt, entry in zip(salts, entries, strict=True)
    ]
    tree = Frontier()
    for leaf in leaves:
        tree.append(leaf)

    def node(level: int, index: int) -> bytes:
        if level == 0:
            return leaves[index]
        return node_hash(node(level - 1, 2 * index), node(level - 1, 2 * index + 1))

    head = parse_checkpoint(files[CHECKPOINT].partition(b"\n\n")[0] + b"\n")
    key = verifier_key(head.origin, signer.public_key)
    forged = Checkpoint(head.origin, len(leaves), tree.root)
    return encode_proof(
        JobProof(
            job=parse_entry(entries[0]).job,
            entries=tuple(entries),
            salts=tuple(salts),
            leaf_indexes=tuple(range(len(leaves))),
            inclusion=tuple(inclusion_proof(n, len(leaves), node) for n in range(len(leaves))),
            tree_size=len(leaves),
            checkpoint=sign_checkpoint(forged, key, signer.sign),
            keys=(str(key),),
        )
    )
