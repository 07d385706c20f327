"""The evidence log of one machine: `record` makes an entry durable, `seal` proves a job.

Sealing, in an order that survives a kill between any two steps, each redone or found done by
the next seal:
1. take the folder's lock: one sealer at a time, whatever the number of processes;
2. read the head that was published last and check that it is ours;
3. take up every entry that is committed: each has its place and its salt already;
4. write tiles and entry bundles, which must extend that head;
5. sign the new head and publish it under its size, without overwriting anything;
6. only then let `checkpoint` show it;
7. give the lock back and ask the witnesses, whose lines `checkpoint` shows too.
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
from pipelines.evidence.checkpoint import Checkpoint, known_lines, open_note
from pipelines.evidence.entry import (
    CLOCK_SYSTEM,
    Actor,
    Entry,
    JobProof,
    instant,
)
from pipelines.evidence.erasure import ERASURE_KIND, LOG_JOB, MAX_ERASED, erasure_body
from pipelines.evidence.json_value import Json
from pipelines.evidence.log_path import MAX_LEAVES
from pipelines.evidence.merkle import consistency_proof
from pipelines.evidence.note_key import VerifierKey
from pipelines.evidence.supplement import LaterProof
from services.provenance.durable_file import make_folder
from services.provenance.entry_store import EntryStore
from services.provenance.head_keys import HeadSigner, HeadSigning
from services.provenance.job_proof import SealedHead, prove_job
from services.provenance.log_folder import LogFolder
from services.provenance.witness_client import Witnesses

LOCK_WAIT_SECONDS = 30.0

_LOCK_POLL_SECONDS = 0.02


def system_clock() -> datetime:
    """Return the time now, in UTC, as this machine's clock has it."""
    return datetime.now(UTC)


class LocalLog:
    """An `EvidenceLog` in `directory`: `entries.db` (private) and `public/` (the log itself).

    Every entry names `actor` as the one who made it. Several processes may record at once, each
    with its own `LocalLog`; sealing waits up to `lock_wait_seconds` for another sealer. Raises
    `EvidenceError` where what is on disk is not one unbroken log of these keys, `ResourceError`
    where the machine does not let it work. `witnesses` are asked after each seal.
    """

    def __init__(
        self,
        directory: Path,
        signer: HeadSigner,
        clock: Callable[[], datetime] = system_clock,
        *,
        actor: Actor,
        lock_wait_seconds: float = LOCK_WAIT_SECONDS,
        witnesses: Witnesses | None = None,
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
        self._witnesses = witnesses
        self._lock_path = directory / "sealer.lock"
        self._folder = LogFolder(directory / "public", scratch=directory / "scratch")
        self._store = EntryStore(directory / "entries.db", new_origin=_new_origin)

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

    def take_over(self, entries: Iterable[Entry]) -> int:
        """Commit entries that were made elsewhere, with their sequences; return how many are new.

        All of them or none; one that is here already is passed over. Raises `EvidenceError`
        where the log holds something else in its place, or an earlier one is missing.
        """
        return self._store.append_placed(
            (one.job, one.sequence, one.canonical()) for one in entries
        )

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
        return self._sealed().head

    def seal(self, job: str) -> JobProof:
        """Seal all that is pending, publish a checkpoint, and prove every entry of `job`."""
        sealed = self._sealed()
        stored = self._store.sealed(job, sealed.head.size)
        if not stored:
            raise EvidenceError(f"The log holds no entry of job {job}.")
        return prove_job(job, stored, sealed, self._folder.nodes(sealed.head.size))

    def proof_under(self, job: str, note: bytes) -> tuple[JobProof, Checkpoint]:
        """Prove every entry of `job` under a head of this log that it has published: `note`.

        Raises `EvidenceError` where the note has a line that is no known key's, or is not signed
        by this log, and where the head holds no entry of the job.
        """
        signing = HeadSigning(self._store.origin, self._signer.head_keys())
        keys = [key for key, _, _ in known_lines(note, self._known(signing))]
        head = open_note(note, keys)
        with self.exclusive():
            newest = self._folder.newest(signing).head
        if not 0 < head.size <= newest.size:
            raise EvidenceError("The head is not one of this log.")
        stored = self._store.sealed(job, head.size)
        if not stored:
            raise EvidenceError(f"The log holds no entry of job {job}.")
        sealed = SealedHead(head, note, tuple(keys))
        return prove_job(job, stored, sealed, self._folder.nodes(newest.size)), head

    def seal_later(self, job: str, *, first: int, since: int) -> LaterProof:
        """Seal all that is pending; prove the entries of `job` from sequence `first` on.

        They may be none. The head extends the tree of `since` leaves, which is proven too.
        """
        sealed = self._sealed()
        size = sealed.head.size
        if not 0 < since <= size:
            raise EvidenceError(f"The log has {size} leaves and never had {since}.")
        stored = self._store.sealed(job, size)
        if not stored:
            raise EvidenceError(f"The log holds no entry of job {job}.")
        read = self._folder.nodes(size)
        later = [one for one in stored if one.sequence >= first]
        return LaterProof(prove_job(job, later, sealed, read), consistency_proof(since, size, read))

    def _maker(self, job: str, kind: str, body: Mapping[str, Json]) -> Callable[[int], bytes]:
        """Return what makes the entry once its sequence is known, at that moment's time."""

        def make(sequence: int) -> bytes:
            at = instant(self._clock())
            entry = Entry(job, sequence, kind, at, CLOCK_SYSTEM, self._actor, dict(body))
            return entry.canonical()

        return make

    def _sealed(self) -> SealedHead:
        """Seal and publish under the lock; then ask the witnesses, who hold up no other sealer."""
        with self.exclusive():
            sealed = self._publish()
        if self._witnesses is None or not sealed.head.size:
            return sealed
        size = sealed.head.size
        lines = self._witnesses.lines(sealed.note, size, self._folder.nodes(size))
        if not lines:
            return sealed
        with self.exclusive():
            self._folder.add_lines(sealed.note, lines.splitlines(keepends=True))
        alone = sealed.head.text() + b"\n" + lines
        keys = [key for key, _, _ in known_lines(alone, self._witnesses.keys)]
        return SealedHead(sealed.head, sealed.note + lines, (*sealed.keys, *keys))

    def _publish(self) -> SealedHead:
        """Seal every pending entry of any job; return the newest head."""
        signing = HeadSigning(self._store.origin, self._signer.head_keys())
        newest = self._folder.newest(signing)
        head, note = newest.head, newest.note
        size = self._store.number(head.size)
        self._folder.publish_keys(signing.published)
        if size > head.size:
            head = self._folder.extend(head, size, self._store.commitments)
            note = signing.sign(head)
            self._folder.publish_checkpoint(size, note)
        if not size:
            return SealedHead(head, b"", ())
        return _with_lines(
            SealedHead(head, note, ()), self._folder.serve_checkpoint(note), self._known(signing)
        )

    def _known(self, signing: HeadSigning) -> tuple[VerifierKey, ...]:
        return signing.known + (self._witnesses.keys if self._witnesses is not None else ())

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """Hold the folder's lock, as every sealer does; it is dropped if the process dies."""
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


def _with_lines(sealed: SealedHead, shown: bytes, known: tuple[VerifierKey, ...]) -> SealedHead:
    """Return the head with those lines of the note that is shown whose keys are known."""
    lines = known_lines(shown, known)
    note = sealed.head.text() + b"\n" + b"".join(line for _, _, line in lines)
    return SealedHead(sealed.head, note, tuple(key for key, _, _ in lines))


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _new_origin() -> str:
    return f"evident.invalid/local/{secrets.token_hex(8)}"
