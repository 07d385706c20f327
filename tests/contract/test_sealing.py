"""The port by which a worker asks the log: beside the log, and over HTTP from another host."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pytest

from pipelines.errors import EvidenceError
from pipelines.evidence.attestation import Statement, pae, statement_in
from pipelines.evidence.entry import parse_entry
from pipelines.evidence.sealed_statement import NotSealedError
from pipelines.evidence.verify import verify_bundle
from services.provenance.sealing import KeyChangedError, OvertakenError, WorkRight
from tests.contract.sealing_kit import ClaimSigner, Sealed, bundled, message_of, sealed_job
from tests.unit.services.provenance.log_kit import open_log

pytestmark = pytest.mark.parametrize(
    ("kind", "url"), [("local", "sqlite"), ("service", "postgresql")], indirect=["url"]
)


@pytest.fixture
def sealed(kind: str, url: str, tmp_path: Path) -> Iterator[Sealed]:
    """A claimed job and a sealer of each kind; each kind of records is asked once."""
    with sealed_job(kind, url, tmp_path) as found:
        yield found


def test_entries_of_the_records_are_there_at_once(sealed: Sealed) -> None:
    """What a job recorded under its token is asked back whole, in its order."""
    sealed.desk.jobs.record(sealed.claim, "received", {"sha256": "a" * 64, "name": "é.png"})
    found = [parse_entry(one) for one in sealed.sealer.entries(sealed.right)]
    assert [one.kind for one in found] == ["accepted", "received"]
    assert found[1].body["name"] == "é.png"
    assert tuple(sealed.log.entries(sealed.claim.job)) == sealed.sealer.entries(sealed.right)


def test_a_bundle_of_a_sealed_job_verifies(sealed: Sealed) -> None:
    """Proof and signature make a bundle that a stranger verifies under the log's key."""
    data, signer, proof = bundled(sealed)
    verdict = verify_bundle(BytesIO(data), trusted_keys=(signer.public_key,))
    assert verdict.first_failure is None
    assert "statement's claim" in [one.name for one in verdict.checks if one.passed]
    assert proof.job == sealed.claim.job
    assert proof == sealed.log.proof_under(proof.job, proof.checkpoint)[0]


def test_a_job_is_sealed_again_after_more_was_recorded(sealed: Sealed) -> None:
    """A later seal proves more, and an earlier proof stays one that is signed."""
    _, signer, before = bundled(sealed)
    sealed.desk.jobs.record(sealed.claim, "timestamp", {"outputs": []})
    after = sealed.sealer.seal(sealed.right)
    assert len(after.entries) == len(before.entries) + 1
    assert signer.sign(signer.message)


def test_an_overtaken_attempt_gets_nothing(sealed: Sealed) -> None:
    """Whoever lost its lease to another hears so, and no signature is made over its result."""
    _, signer, _ = bundled(sealed)
    sealed.desk.forward(100)
    sealed.desk.jobs.sweep()
    sealed.desk.forward(100)
    assert sealed.desk.claim("other").attempt == sealed.claim.attempt + 1
    for ask in (
        lambda: sealed.sealer.entries(sealed.right),
        lambda: sealed.sealer.seal(sealed.right),
        lambda: signer.sign(signer.message),
        lambda: sealed.sealer.custody(sealed.right, "a" * 64),
    ):
        with pytest.raises(OvertakenError):
            ask()


@pytest.mark.parametrize("changed", ["job", "stage", "attempt", "worker"])
def test_a_right_is_whole(sealed: Sealed, changed: str) -> None:
    """Job, stage, attempt and worker must all be those of the claim in force."""
    wrong: dict[str, WorkRight] = {
        "job": replace(sealed.right, job="j" * 16),
        "stage": replace(sealed.right, stage="s" * 16),
        "attempt": replace(sealed.right, attempt=2),
        "worker": replace(sealed.right, worker="another"),
    }
    with pytest.raises(OvertakenError):
        sealed.sealer.seal(wrong[changed])


def _with(statement: Statement, path: str, sha256: str | None) -> Statement:
    subjects = dict(statement.subjects)
    if sha256 is None:
        del subjects[path]
    else:
        subjects[path] = sha256
    return replace(statement, subjects=subjects)


@pytest.mark.parametrize(
    "path",
    [
        "data/result/enhanced.png",
        "data/received/in.png",
        "data/log/entries.jsonl",
        "data/log/proofs.json",
        "data/log/checkpoint",
        "data/log/vkey",
        "data/log/key.pem",
        "manifest-sha256.txt",
        "bagit.txt",
    ],
)
def test_no_other_file_is_signed(sealed: Sealed, path: str) -> None:
    """A statement that names another digest, or leaves a file out, gets no signature."""
    _, signer, _ = bundled(sealed)
    statement = statement_in(signer.message)
    for sha256 in ("0" * 64, None):
        with pytest.raises(NotSealedError):
            signer.sign(message_of(_with(statement, path, sha256)))


def test_nothing_is_signed_besides_what_was_sealed(sealed: Sealed) -> None:
    """One more subject, other words, another type or no statement at all get no signature."""
    _, signer, _ = bundled(sealed)
    statement = statement_in(signer.message)
    other = {**statement.predicate, "job": "another"}
    for message in (
        message_of(_with(statement, "data/attachments/more.png", "0" * 64)),
        message_of(replace(statement, predicate=other)),
        message_of(replace(statement, predicate={**statement.predicate, "by": "court"})),
        message_of(replace(statement, predicate_type="https://evident.invalid/gate/v1")),
        pae(statement.canonical(), "text/plain"),
        statement.canonical(),
        b"",
    ):
        with pytest.raises(EvidenceError):
            signer.sign(message)


def test_an_export_that_came_later_is_not_signed_over_the_older_head(sealed: Sealed) -> None:
    """What is signed is the last export under the head that the statement names."""
    _, signer, _ = bundled(sealed)
    statement = statement_in(signer.message)
    sealed.export()
    later = sealed.sealer.seal(sealed.right)
    moved = ClaimSigner(sealed, later)
    with pytest.raises(NotSealedError):
        moved.sign(message_of(statement))


def test_the_head_of_another_log_is_not_signed(sealed: Sealed, tmp_path: Path) -> None:
    """A proof by somebody else's log is worth nothing here, whatever it says of the job."""
    _, signer, proof = bundled(sealed)
    with open_log(tmp_path / "other", sealed.ring) as other:
        other.record(proof.job, "export", {"files": []})
        foreign = ClaimSigner(sealed, replace(proof, checkpoint=other.seal(proof.job).checkpoint))
    with pytest.raises(EvidenceError):
        foreign.sign(signer.message)
    broken = ClaimSigner(sealed, replace(proof, checkpoint=proof.checkpoint[:-8] + b"AAAAAA==\n"))
    with pytest.raises(EvidenceError):
        broken.sign(signer.message)


def test_a_key_that_changed_is_named_again(sealed: Sealed) -> None:
    """A bundle that was begun under another key is begun again, not signed by two."""
    _, signer, _ = bundled(sealed)
    with sealed.log.exclusive():
        sealed.ring.begin(sealed.log.origin)
        sealed.ring.finish()
    with pytest.raises(KeyChangedError):
        signer.sign(signer.message)
    assert sealed.sealer.public_key() != signer.public_key


def test_custody_is_told_of_what_the_job_names(sealed: Sealed) -> None:
    """The history of bytes that no entry of the job names is not a worker's business."""
    sealed.desk.jobs.record(sealed.claim, "received", {"sha256": "a" * 64})
    assert sealed.sealer.custody(sealed.right, "a" * 64) == ()
    with pytest.raises(NotSealedError):
        sealed.sealer.custody(sealed.right, hashlib.sha256(b"other").hexdigest())
