"""Witnesses: a head that others saw counts for whoever knows them, and a wrong line fails."""

from __future__ import annotations

from dataclasses import replace
from io import BytesIO
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from pipelines.errors import EvidenceError
from pipelines.evidence.bundle import build_bundle
from pipelines.evidence.bundle_layout import CHECKPOINT, LOG_KEYS, place
from pipelines.evidence.cosignature import cosign
from pipelines.evidence.entry import JobProof
from pipelines.evidence.export_entry import export_body
from pipelines.evidence.note_key import KeyKind, VerifierKey, verifier_key
from pipelines.evidence.supplement import build_supplement
from pipelines.evidence.trust import Trust, read_key_file, read_trust
from pipelines.evidence.verdict import Standing
from pipelines.evidence.verify import examine_bundle, verify_bundle
from pipelines.evidence.verify_supplement import bundle_name, verify_with_supplements

TIME = 1_790_000_000


class Witness:
    """Somebody who cosigns heads."""

    def __init__(self, name: str) -> None:
        self.private = Ed25519PrivateKey.generate()
        raw = self.private.public_key().public_bytes_raw()
        self.key: VerifierKey = verifier_key(name, raw, KeyKind.COSIGNER)

    def sees(self, proof: JobProof) -> JobProof:
        """Return the proof with this witness's line on its head."""
        line = cosign(proof.checkpoint, self.key, self.private.sign, time=TIME)
        keys = (*proof.keys, str(self.key))
        return replace(proof, checkpoint=proof.checkpoint + line, keys=keys)


@pytest.fixture(scope="module")
def witness() -> Witness:
    """Give a witness."""
    return Witness("witness.example/1")


@pytest.fixture(scope="module")
def seen(workshop: Any, witness: Witness) -> bytes:
    """Build a bundle whose head was seen."""
    placed = place(workshop.files())
    proof = witness.sees(workshop.prove(placed, export_body(placed)))
    out = BytesIO()
    build_bundle(out, files=placed, proof=proof, signer=workshop.signer)
    return out.getvalue()


def test_a_witness_counts_where_it_is_known(workshop: Any, seen: bytes, witness: Witness) -> None:
    """The standing is witnessed for whoever named the witness, and for nobody else."""
    unnamed = workshop.verify(seen)
    assert unnamed.standings == (Standing.SELF_ASSERTED,)
    assert any("no witness was named" in line for line in unnamed.not_checked)
    named = verify_bundle(BytesIO(seen), witnesses=(witness.key,))
    assert named.ok
    assert named.standings == (Standing.SELF_ASSERTED, Standing.WITNESSED)
    assert not any("another head" in line for line in named.not_checked)
    keys = (workshop.signer.public_key,)
    pinned = verify_bundle(BytesIO(seen), trusted_keys=keys, witnesses=(witness.key,))
    assert pinned.standings == (Standing.PINNED, Standing.WITNESSED)


def test_a_witness_that_did_not_sign_is_said(sample: bytes, seen: bytes, witness: Witness) -> None:
    """Naming a witness that has not seen the head is no failure, and no standing."""
    for bundle, known in ((sample, witness), (seen, Witness("witness.example/2"))):
        verdict = verify_bundle(BytesIO(bundle), witnesses=(known.key,))
        assert verdict.ok
        assert Standing.WITNESSED not in verdict.standings
        assert any("none that was named" in line for line in verdict.not_checked)


def test_a_witness_key_is_no_signers_key(workshop: Any, seen: bytes, witness: Witness) -> None:
    """Pinning a witness's key as one that signs logs trusts nothing that it saw."""
    assert not verify_bundle(BytesIO(seen), trusted_keys=(witness.key.public_key,)).ok
    assert workshop.verify(seen, pinned=True).ok


def test_a_forged_line_fails(workshop: Any, seen: bytes, witness: Witness) -> None:
    """A cosignature moved from another head, or by another under the name, is refused."""
    files = workshop.unpack(seen)
    liar = Witness(witness.key.name)
    for by in (liar, witness):
        another = b"another log\n1\nroot\n\nits signature\n"
        wrong = cosign(another, by.key, by.private.sign, time=TIME)
        head, _, _ = files[CHECKPOINT].rpartition("\u2014 ".encode())
        for keys in (files[LOG_KEYS], files[LOG_KEYS].rpartition(b"witness")[0]):
            forged = files | {CHECKPOINT: head + wrong, LOG_KEYS: keys}
            verdict = verify_bundle(BytesIO(workshop.resign(forged)), witnesses=(witness.key,))
            assert not verdict.ok
            assert verdict.first_failure is not None
            assert verdict.first_failure.file in {CHECKPOINT, LOG_KEYS}


def test_a_later_head_may_be_seen(workshop: Any, sample: bytes, witness: Witness) -> None:
    """A supplement whose newer head was seen is witnessed; its bundle is not made so."""
    opened, _ = examine_bundle(BytesIO(sample))
    name = bundle_name(opened)
    later = workshop.log.seal_later(name.job, first=name.entries, since=name.head.size)
    cosigned = replace(later, proof=witness.sees(later.proof))
    out = BytesIO()
    build_supplement(out, bundle=name, later=cosigned, extras=[], signer=workshop.signer)
    about, late = verify_with_supplements(BytesIO(sample), [out], witnesses=(witness.key,))
    assert late.ok, late.lines()
    assert Standing.WITNESSED in late.standings
    assert Standing.WITNESSED not in about.standings


def test_key_files_hold_witnesses(workshop: Any, witness: Witness) -> None:
    """A key file may name witnesses beside signers, and tells them apart."""
    signer = verifier_key("evident.invalid/local/00", workshop.signer.public_key)
    data = f"{signer}\n# seen by\n{witness.key}\n".encode()
    assert read_trust(data) == Trust((workshop.signer.public_key,), (witness.key,))
    assert read_key_file(data) == (workshop.signer.public_key,)
    with pytest.raises(EvidenceError):
        read_key_file(f"{witness.key}\n".encode())
    handover = verifier_key("a", bytes(64), KeyKind.HANDOVER)
    with pytest.raises(EvidenceError):
        read_trust(f"{handover}\n".encode())
