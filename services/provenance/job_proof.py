"""Proves the entries of a job under a head, from the database and the published tiles."""

from __future__ import annotations

from dataclasses import dataclass

from pipelines.errors import EvidenceError
from pipelines.evidence.checkpoint import Checkpoint
from pipelines.evidence.entry import JobProof, commitment
from pipelines.evidence.merkle import NodeReader, inclusion_proof, is_included, leaf_hash
from pipelines.evidence.note_key import VerifierKey
from services.provenance.entry_store import StoredEntry


@dataclass(frozen=True, slots=True)
class SealedHead:
    """A head, the note that it is published in, and the keys of the note's lines, in order."""

    head: Checkpoint
    note: bytes
    keys: tuple[VerifierKey, ...]


def prove_job(
    job: str, stored: list[StoredEntry], sealed: SealedHead, read: NodeReader
) -> JobProof:
    """Return the proof that the log holds `stored`, entries of `job`, under the sealed head.

    Raises `EvidenceError` where one was erased, or is not the one that the log holds.
    """
    head = sealed.head
    entries, salts, paths = [], [], []
    for one in stored:
        if one.canonical is None or one.salt is None:
            raise EvidenceError(
                f"Entry {one.sequence} of job {job} was erased.",
                next_step="A job that lost an entry can no longer be proven whole.",
            )
        path = inclusion_proof(one.leaf, head.size, read)
        leaf = leaf_hash(commitment(one.salt, one.canonical))
        if not is_included(leaf, one.leaf, head.size, path, head.root):
            raise EvidenceError(
                f"Leaf {one.leaf} of the log is not the entry that the database holds.",
                next_step="Restore the log's folder and its database from one backup.",
            )
        entries.append(one.canonical)
        salts.append(one.salt)
        paths.append(path)
    return JobProof(
        job=job,
        entries=tuple(entries),
        salts=tuple(salts),
        leaf_indexes=tuple(one.leaf for one in stored),
        inclusion=tuple(paths),
        tree_size=head.size,
        checkpoint=sealed.note,
        keys=tuple(str(key) for key in sealed.keys),
    )
