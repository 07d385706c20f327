"""The sealer of the machine that has the log: carries over, seals, proves, checks, signs."""

from __future__ import annotations

from collections.abc import Callable

from pipelines.evidence.attestation import statement_in
from pipelines.evidence.entry import JobProof, parse_entry
from pipelines.evidence.mentions import mentions
from pipelines.evidence.sealed_statement import NotSealedError, require_sealed
from pipelines.stages.export.facts_custody import CustodyLine
from services.provenance.head_keys import HeadSigner
from services.provenance.local_log import LocalLog
from services.provenance.pending import PendingEntries
from services.provenance.sealing import KeyChangedError, WorkRight

History = Callable[[str], tuple[CustodyLine, ...]]
"""Tells what the log knows of the bytes with a SHA-256."""


class LocalSealer:
    """A `JobSealer` over the log of this machine. `require` raises where a right is not in force.

    Signing asks for the right twice, the second time as the last thing before the key is used.
    """

    def __init__(
        self,
        pending: PendingEntries,
        log: LocalLog,
        signer: HeadSigner,
        *,
        require: Callable[[WorkRight], None],
        history: History,
    ) -> None:
        self._pending = pending
        self._log = log
        self._signer = signer
        self._require = require
        self._history = history

    def entries(self, right: WorkRight) -> tuple[bytes, ...]:
        """Return every entry of the job up to now, as they lie in the log."""
        self._require(right)
        self._pending.drain(right.job)
        return self._log.entries(right.job)

    def seal(self, right: WorkRight) -> JobProof:
        """Carry what is pending into the log, seal it, and prove the job's entries."""
        self._require(right)
        self._pending.drain(right.job)
        return self._log.seal(right.job)

    def public_key(self) -> bytes:
        """Return the key in force; the ring is read anew."""
        self._signer.head_keys()
        return self._signer.public_key

    def sign(
        self, right: WorkRight, message: bytes, *, checkpoint: bytes, public_key: bytes
    ) -> bytes:
        """Sign a statement that follows from what is sealed; see `JobSealer`."""
        self._require(right)
        if self.public_key() != public_key:
            raise KeyChangedError(
                "The log's key has changed since the bundle was begun.",
                next_step="Nothing needs doing: it is tried again with the new key.",
            )
        statement = statement_in(message)
        proof, head = self._log.proof_under(right.job, checkpoint)
        require_sealed(statement, proof, head)
        self._require(right)
        return self._signer.sign(message)

    def custody(self, right: WorkRight, sha256: str) -> tuple[CustodyLine, ...]:
        """Return the history of bytes that an entry of the job names."""
        named = {
            one.sha256 for entry in self.entries(right) for one in mentions(parse_entry(entry).body)
        }
        if sha256 not in named:
            raise NotSealedError("No entry of the job names the bytes whose custody is asked for.")
        return self._history(sha256)
