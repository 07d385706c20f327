"""A claim's log and signer: patient where the sealer is away, and in the queue's own words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from pipelines.errors import EvidenceError
from pipelines.evidence.entry import JobProof
from pipelines.run.job import StopAsked
from pipelines.stages.export.facts_custody import CustodyLine
from services.jobs.errors import StaleTokenError
from services.orchestrator.job_ports import WAITING, DeskLog, DeskSealer, DeskSigner, NoClaim
from services.provenance.sealing import OvertakenError, WorkRight
from services.provenance.service_line import SealerAwayError

RIGHT = WorkRight("j", "s", 1, "w")
PROOF = JobProof("j", (), (), (), (), 1, b"note", ())


@dataclass
class Desk:
    """A desk that keeps what it is told; `word` is why the work should stop."""

    word: str | None = None
    steps: list[str] = field(default_factory=list)

    def record(self, kind: str, body: object) -> None:
        """Keep nothing."""

    def segment(self, number: int, frames: range, delivered_sha256: str) -> None:
        """Keep nothing."""

    def progress(self, step: str, *, done: int, total: int) -> None:
        """Keep the step."""
        del done, total
        self.steps.append(step)

    def stop_asked(self) -> str | None:
        """Tell the word."""
        return self.word


@dataclass
class Sealer:
    """A sealer that has troubles to tell before it answers."""

    troubles: list[Exception] = field(default_factory=list)
    signed: list[tuple[WorkRight, bytes, bytes, bytes]] = field(default_factory=list)

    def _answer(self) -> None:
        if self.troubles:
            raise self.troubles.pop(0)

    def entries(self, right: WorkRight) -> tuple[bytes, ...]:
        """One entry."""
        assert right == RIGHT
        self._answer()
        return (b"entry",)

    def seal(self, right: WorkRight) -> JobProof:
        """The proof."""
        assert right == RIGHT
        self._answer()
        return PROOF

    def public_key(self) -> bytes:
        """The key."""
        self._answer()
        return b"k" * 32

    def sign(
        self, right: WorkRight, message: bytes, *, checkpoint: bytes, public_key: bytes
    ) -> bytes:
        """Keep what is to be signed."""
        self._answer()
        self.signed.append((right, message, checkpoint, public_key))
        return b"signature"

    def custody(self, right: WorkRight, sha256: str) -> tuple[CustodyLine, ...]:
        """Nothing."""
        del right, sha256
        return ()


def patient(
    desk: Desk,
    sealer: Sealer,
    *,
    wait_seconds: float = 60.0,
    sleep: Callable[[float], object] = lambda _seconds: None,
) -> DeskSealer:
    """The sealer as a claim asks it, without waiting in truth."""
    return DeskSealer(desk, sealer, RIGHT, wait_seconds=wait_seconds, sleep=sleep)


def test_an_export_waits_while_the_sealer_is_away() -> None:
    """A service that does not answer, or is left alone, costs time and never the work."""
    desk = Desk()
    sealer = Sealer([SealerAwayError("away")] * 3)
    assert DeskLog(desk, patient(desk, sealer)).seal("j") is PROOF
    assert desk.steps == [WAITING]


def test_waiting_ends() -> None:
    """After its time the stage is given back, to be tried again without losing a chance."""
    sealer = Sealer([SealerAwayError("away")] * 2)
    with pytest.raises(SealerAwayError):
        DeskLog(Desk(), patient(Desk(), sealer, wait_seconds=0.0)).entries("j")
    assert len(sealer.troubles) == 1


def test_whoever_waits_hears_that_it_should_stop() -> None:
    """A canceled job, or a drained process, does not wait for a service that is away."""
    desk = Desk(word="canceled")
    with pytest.raises(StopAsked) as stopped:
        DeskLog(desk, patient(desk, Sealer([SealerAwayError("away")] * 9))).entries("j")
    assert stopped.value.kind == "canceled"


def test_an_overtaken_claim_is_told_in_the_queues_words() -> None:
    """What the sealer refuses to an overtaken attempt ends it as a stale token does."""
    log = DeskLog(Desk(), patient(Desk(), Sealer([OvertakenError("gone")])))
    with pytest.raises(StaleTokenError, match="gone"):
        log.seal("j")


def test_what_is_signed_is_what_was_sealed_last() -> None:
    """The signer names the note of the proof and the key that it told of before."""
    sealer = Sealer()
    asking = patient(Desk(), sealer)
    log = DeskLog(Desk(), asking)
    signer = DeskSigner(log, asking)
    with pytest.raises(EvidenceError, match="after its job was sealed"):
        signer.sign(b"statement")
    log.seal("j")
    assert signer.sign(b"statement") == b"signature"
    assert sealer.signed == [(RIGHT, b"statement", b"note", signer.public_key)]
    assert len(signer.key_id) == 64


def test_without_a_claim_nothing_is_recorded_or_signed() -> None:
    """Between claims a process without a log has nothing to write to and nothing to sign with."""
    nobody = NoClaim()
    for ask in (
        lambda: nobody.record("j", "k", {}),
        lambda: nobody.entries("j"),
        lambda: nobody.seal("j"),
        lambda: nobody.sign(b"x"),
    ):
        with pytest.raises(EvidenceError, match="under a claim"):
            ask()
