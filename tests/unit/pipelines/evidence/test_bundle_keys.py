"""Bundles of a log whose key was handed over: who pinned which key accepts what."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from pipelines.evidence.bundle_layout import CHECKPOINT, LOG_KEYS
from pipelines.evidence.cosignature import cosign
from pipelines.evidence.handover import hand_over
from pipelines.evidence.note_key import KeyKind, parse_note_key, verifier_key
from pipelines.evidence.verdict import Verdict
from pipelines.evidence.verify import verify_bundle
from services.provenance.key_ring import KeyRing
from tests.unit.pipelines.evidence.conftest import Workshop
from tests.unit.services.provenance.log_kit import open_log


class RingWorkshop(Workshop):
    """A workshop whose key can be handed over."""

    def __init__(self, folder: Path) -> None:
        self.signer = self.ring = KeyRing(folder / "keys")
        self.log = open_log(folder / "log", self.ring)
        self.jobs = 0


@pytest.fixture
def ring_workshop(tmp_path: Path) -> RingWorkshop:
    """Give a workshop with keys and a log of its own."""
    return RingWorkshop(tmp_path)


def verify(bundle: bytes, *trusted: bytes) -> Verdict:
    """Verify `bundle` under pinned keys."""
    return verify_bundle(BytesIO(bundle), trusted_keys=trusted)


def test_a_pinned_key_reaches_as_far_as_its_handovers(ring_workshop: RingWorkshop) -> None:
    """The old key's pin accepts bundles of every time, the new key's none from before it."""
    ring = ring_workshop.ring
    old = ring.public_key
    before = ring_workshop.bundle()
    ring.begin(ring_workshop.log.origin)
    new = ring.next_key or b""
    during = ring_workshop.bundle()
    ring.finish()
    after = ring_workshop.bundle()
    for bundle in (before, during, after):
        assert verify(bundle, old).ok
        assert verify(bundle, old, new).ok
        assert verify(bundle).ok
        assert not verify(bundle, bytes(32)).ok
    assert verify(after, new).ok
    assert not verify(before, new).ok
    # While both sign the head, statements are still the old key's.
    assert not verify(during, new).ok


def test_a_thief_cannot_hand_over(ring_workshop: RingWorkshop, tmp_path: Path) -> None:
    """A log and a statement by another key are refused, whatever lines their head carries."""
    pinned = ring_workshop.ring.public_key
    thief = RingWorkshop(tmp_path / "thief")
    files = thief.unpack(thief.bundle())
    origin = parse_note_key(files[LOG_KEYS].decode().strip()).name
    forged, line = hand_over(origin, pinned, thief.ring.public_key, thief.ring.sign)
    files[CHECKPOINT] += line
    files[LOG_KEYS] += f"{forged}\n".encode()
    bundle = thief.resign(files)
    assert not verify(bundle).ok
    assert not verify(bundle, pinned).ok


def test_cosignatures_travel_in_a_bundle(ring_workshop: RingWorkshop) -> None:
    """A head with a witness's line verifies with the witness's key beside it, and only so."""
    private = Ed25519PrivateKey.from_private_bytes(b"\x05" * 32)
    public = private.public_key().public_bytes_raw()
    witness = verifier_key("witness.example/w1", public, KeyKind.COSIGNER)
    files = ring_workshop.unpack(ring_workshop.bundle())
    files[CHECKPOINT] += cosign(files[CHECKPOINT], witness, private.sign, time=7)
    assert not verify(ring_workshop.resign(files)).ok
    files[LOG_KEYS] += f"{witness}\n".encode()
    bundle = ring_workshop.resign(files)
    assert verify(bundle, ring_workshop.ring.public_key).ok
    # A witness vouches for the head that it saw, not for who made it.
    assert not verify(bundle, public).ok
