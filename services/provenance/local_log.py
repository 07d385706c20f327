"""The evidence log of one machine: `record` makes an entry durable, `seal` proves a job.

Sealing, in an order that survives a kill between any two steps, each redone or found done by
the next seal:
1. take the folder's lock: one sealer at a time, whatever the number of processes;
2. read the head that was published last and check that it is ours;
3. take up every entry that is committed: each has its place and its salt already;
4. write tiles and entry bundles, which must extend that head;
5. sign the new head and publish it under its size, without overwriting anything;
6. only then let `checkpoint` show it.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from pipelines.errors import EvidenceError, ResourceError
from pipelines.evidence.checkpoint import Checkpoint, sign_checkpoint, verifier_key
from pipelines.evidence.entry import (
    CLOCK_SYSTEM,
    Actor,
    Entry,
    JobProof,
    commitment,
    instant,
)
from pipelines.evidence.erasure import ERASURE_KIND, LOG_JOB, MAX_ERASED, erasure_body
from pipelines.evidence.json_value import Json
from pipelines.evidence.log_path import MAX_LEAVES
from pipelines.evidence.merkle import consistency_proof, inclusion_proof, is_included, leaf_hash
from pipelines.evidence.supplement import LaterProof
from pipelines.ports import Signer
from services.provenance.durable_file import make_folder
from services.provenance.entry_store import EntryStore
from services.provenance.log_folder import LogFolder

LOCK_WAIT_SECONDS = 30.0

_LOCK_POLL_SECONDS = 0.02


def system_clock() -> datetime:
    """Return the time now, in UTC, as this machine's clock has it."""
    return datetime.now(UTC)


class LocalLog:
    """An `EvidenceLog` in `directory`: `entries.db` (private) and `public/` (the log itself).

    Every entry names `actor` as the one who made it. Several processes may record at once, each
    with its own `LocalLog`; sealing waits up to `lock_wait_seconds` for another sealer. Raises
    `EvidenceError` where what is on disk is not one unbroken log of this key, `ResourceError`
    where the machine does not let it work.
    """

    def __init__(
        self,
        directory: Path,
        signer: Signer,
        clock: Callable[[], datetime] = system_clock,
        *,
        actor: Actor,
        lock_wait_seconds: float = LOCK_WAIT_SECONDS,
    ) -> None:
        try:
            make_folder(directory)
        except OSError as error:
            raise ResourceError(
                f"The evidence log's folder cannot be made: {error}.",
                next_step="Name a home folder that you can write to.",
            ) from error
        self._signer = signer
        self._clock = clock
        self._actor = actor
        self._lock_wait_seconds = lock_wait_seconds
        self._lock_path = directory / "sealer.lock"
        self._folder = LogFolder(directory / "public", scratch=directory / "scratch")
        self._store = EntryStore(directory / "entries.db", new_origin=_new_origin)
        self._key = verifier_key(self._store.origin, signer.public_key)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def origin(self) -> str:
        """The log's name: the first line of its checkpoints."""
        return self._store.origin

    def close(self) -> None:
        """Let go of the database; what was recorded stays."""
        self._store.close()

    def record(self, job: str, kind: str, body: Mapping[str, Json]) -> None:
        """Commit one entry of `job`; it is durable on return and keeps its place in the job."""
        self.record_many([(job, kind, body)])

    def record_many(self, facts: Iterable[tuple[str, str, Mapping[str, Json]]]) -> None:
        """Commit an entry for each job, kind and body, in this order: all of them or none."""
        self._store.append((job, self._maker(job, kind, body)) for job, kind, body in facts)

    def entries(self, job: str) -> tuple[bytes, ...]:
        """Return every entry of `job` up to now, canonical, in its order; erased ones are gone."""
        found = self._store.sealed(job, MAX_LEAVES)
        return tuple(one.canonical for one in found if one.canonical is not None)

    def erase(self, job: str, *, sequence: int | None = None, reason: str) -> tuple[int, ...]:
        """Take body and salt from the entries of `job`, or from one of them; return their leaves.

        An `erasure` entry of the log itself says which leaves, why, when and by whom. Their
        commitments stay, so everything that was proven stays provable; only what was erased
        cannot be shown again. Entries that were erased before are passed over. Raises
        `EvidenceError` where there is no such entry, and for the log's own entries.
        """
        if job == LOG_JOB:
            raise EvidenceError(
                "The log's own entries are not erased: they say what became of the others.",
                next_step="Name another job.",
            )
        found = self._store.sealed(job, MAX_LEAVES)
        wanted = [one for one in found if sequence is None or one.sequence == sequence]
        if not wanted:
            raise EvidenceError(
                f"The log holds no such entry of job {job}.", next_step="Check job and sequence."
            )
        leaves = [one.leaf for one in wanted if one.canonical is not None]
        for start in range(0, len(leaves), MAX_ERASED):
            batch = leaves[start : start + MAX_ERASED]
            body = erasure_body(job, batch, reason)
            self._store.erase(batch, (LOG_JOB, self._maker(LOG_JOB, ERASURE_KIND, body)))
        self._store.scrub()
        return tuple(leaves)

    def publish(self) -> Checkpoint:
        """Seal all that is pending; return the log's head."""
        with self._sealing():
            head, _ = self._publish()
        return head

    def seal(self, job: str) -> JobProof:
        """Seal all that is pending, publish a checkpoint, and prove every entry of `job`."""
        with self._sealing():
            head, note = self._publish()
        # What is published stays as it is, so proving holds up no other sealer.
        return self._prove(job, head, note)

    def seal_later(self, job: str, *, first: int, since: int) -> LaterProof:
        """Seal all that is pending; prove the entries of `job` from sequence `first` on.

        They may be none. The head extends the tree of `since` leaves, which is proven too.
        """
        with self._sealing():
            head, note = self._publish()
            if not 0 < since <= head.size:
                raise EvidenceError(f"The log has {head.size} leaves and never had {since}.")
            proof = self._prove(job, head, note, first=first)
            path = consistency_proof(since, head.size, self._folder.nodes(head.size))
            return LaterProof(proof, path)

    def _maker(self, job: str, kind: str, body: Mapping[str, Json]) -> Callable[[int], bytes]:
        """Return what makes the entry once its sequence is known, at that moment's time."""

        def make(sequence: int) -> bytes:
            at = instant(self._clock())
            entry = Entry(job, sequence, kind, at, CLOCK_SYSTEM, self._actor, dict(body))
            return entry.canonical()

        return make

    def _publish(self) -> tuple[Checkpoint, bytes]:
        """Seal every pending entry of any job; return the newest head and its note."""
        newest = self._folder.newest(self._key)
        head, note = newest.head, newest.note
        size = self._store.number(head.size)
        if not head.size:
            self._folder.begin(self._key)
        if size > head.size:
            head = self._folder.extend(head, size, self._store.commitments)
            note = sign_checkpoint(head, self._key, self._signer.sign)
            self._folder.publish_checkpoint(size, note)
        if size:
            self._folder.serve_checkpoint(note)
        return head, note

    def _prove(self, job: str, head: Checkpoint, note: bytes, *, first: int = 0) -> JobProof:
        stored = self._store.sealed(job, head.size)
        if not stored:
            raise EvidenceError(f"The log holds no entry of job {job}.")
        stored = [one for one in stored if one.sequence >= first]
        read = self._folder.nodes(head.size)
        entries, salts, paths = [], [], []
        for one in stored:
            if one.canonical is None or one.salt is None:
                raise EvidenceError(f"Entry {one.sequence} of job {job} was erased.")
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
            checkpoint=note,
            keys=(str(self._key),),
        )

    @contextmanager
    def _sealing(self) -> Iterator[None]:
        """Hold the folder's lock; the system drops it if the process dies."""
        try:
            descriptor = os.open(self._lock_path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise ResourceError(f"The evidence log cannot be locked: {error}.") from error
        try:
            deadline = time.monotonic() + self._lock_wait_seconds
            while not _locked(descriptor):
                if time.monotonic() >= deadline:
                    raise ResourceError(
                        "Another process is sealing the evidence log and has not finished.",
                        next_step="Entries are safe; run again when it has finished.",
                    )
                time.sleep(_LOCK_POLL_SECONDS)
            yield
        finally:
            os.close(descriptor)


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _new_origin() -> str:
    return f"evident.invalid/local/{secrets.token_hex(8)}"
