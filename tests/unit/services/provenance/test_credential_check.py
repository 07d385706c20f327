"""Credentials of a bundle's results: what the library says, and what that means for a verdict."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from pipelines.errors import EvidenceError
from pipelines.evidence.archive_writer import bytes_source
from pipelines.evidence.outside import Found, Medium, NotChecked
from pipelines.media.credentials import FoundCredentials, Parent, make_credentials
from pipelines.media.pool import DecodePool
from services.provenance import credential_check as room
from services.provenance.certificates import SelfMadeCredentials
from services.provenance.credential_check import credential_check

MANIFEST = {
    "claim_generator_info": [{"name": "evident"}],
    "assertions": [
        {"label": "c2pa.actions.v2", "data": {"actions": [{"action": "c2pa.enhanced"}]}}
    ],
}
UNTRUSTED = ("signingCredential.untrusted", "signing certificate untrusted")
EXPIRED = ("signingCredential.expired", "certificate expired")
MISMATCH = ("assertion.dataHash.mismatch", "hashes do not match")


@pytest.fixture(scope="module")
def pool() -> Iterator[DecodePool]:
    """Decode children for this module."""
    with DecodePool() as made:
        yield made


@pytest.fixture(scope="module")
def signer(tmp_path_factory: pytest.TempPathFactory) -> SelfMadeCredentials:
    """A key and a certificate of this module's own."""
    return SelfMadeCredentials(tmp_path_factory.mktemp("keys") / "credentials")


def signed(pool: DecodePool, signer: SelfMadeCredentials, folder: Path, name: str) -> Medium:
    """A result with credentials in it, or beside it."""
    received, result = folder / "received.png", folder / name
    for path in (received, result):
        Image.new("RGB", (40, 30), "teal").save(path)
    embed = path.suffix == ".png"
    made = make_credentials(
        pool,
        result,
        media_type="image/png" if embed else "image/bmp",
        parent=Parent(received, "image/png", {"title": "r", "relationship": "parentOf"}),
        manifest=MANIFEST,
        signer=signer,
        out=result if embed else None,
    )
    sidecar = None if embed else bytes_source(made.store)
    return Medium(f"data/result/{name}", bytes_source(result.read_bytes()), sidecar)


@pytest.mark.parametrize("name", ["enhanced.png", "enhanced.bmp"])
def test_what_holds_is_told_in_the_library_s_words(
    pool: DecodePool, signer: SelfMadeCredentials, tmp_path: Path, name: str
) -> None:
    """Whole credentials hold; nobody vouches for the signer unless the verifier names an issuer."""
    medium = signed(pool, signer, tmp_path, name)
    found = credential_check(pool)(medium)
    assert isinstance(found, Found)
    assert not found.anchored
    assert "says Valid (signingCredential.untrusted)" in found.detail
    assert "self-made" in found.detail
    known = credential_check(pool, anchors=signer.certificates)(medium)
    assert isinstance(known, Found)
    assert known.anchored
    assert "says Trusted;" in known.detail


@pytest.mark.parametrize("name", ["enhanced.png", "enhanced.bmp"])
def test_a_changed_result_does_not_hold(
    pool: DecodePool, signer: SelfMadeCredentials, tmp_path: Path, name: str
) -> None:
    """A result that is not what was signed is a failure, with the library's code."""
    medium = signed(pool, signer, tmp_path, name)
    with medium.content() as file:
        data = bytearray(file.read())
    data[-20] ^= 1
    with pytest.raises(EvidenceError, match="mismatch"):
        credential_check(pool)(Medium(medium.path, bytes_source(bytes(data)), medium.sidecar))


def test_a_result_without_credentials_is_not_checked(pool: DecodePool, tmp_path: Path) -> None:
    """Where nothing is, nothing is checked, and that is said."""
    Image.new("RGB", (8, 8)).save(tmp_path / "plain.png")
    data = (tmp_path / "plain.png").read_bytes()
    found = credential_check(pool)(Medium("data/result/plain.png", bytes_source(data)))
    assert found == NotChecked("plain.png carries none")


def test_a_sidecar_that_cannot_be_read_is_not_checked(pool: DecodePool) -> None:
    """What the library refuses is undone work, not a verdict on the bundle."""
    medium = Medium("data/result/a.bmp", bytes_source(b"BM"), bytes_source(b"nonsense"))
    found = credential_check(pool)(medium)
    assert isinstance(found, NotChecked)
    assert "cannot read them" in found.why


def test_without_the_library_nothing_is_checked(
    pool: DecodePool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the library is not installed the check says so."""
    monkeypatch.setattr(room, "is_installed", lambda: False)
    medium = Medium("data/result/a.png", bytes_source(b""))
    assert credential_check(pool)(medium) == NotChecked("the C2PA library is not installed")


@pytest.mark.parametrize(
    ("state", "failures", "unbroken"),
    [
        ("Trusted", (), True),
        ("Valid", (UNTRUSTED,), True),
        ("Invalid", (UNTRUSTED, EXPIRED), True),
        ("Invalid", (EXPIRED,), True),
        ("Invalid", (UNTRUSTED, EXPIRED, MISMATCH), False),
        ("Invalid", (MISMATCH,), False),
        ("Invalid", (), False),
    ],
)
def test_only_the_certificate_s_age_is_forgiven(
    state: str, failures: tuple[tuple[str, str], ...], *, unbroken: bool
) -> None:
    """An old certificate leaves the content bound; anything else that fails does not."""
    found = FoundCredentials(state, failures, "urn:c2pa:x", {}, "c2pa 1")
    assert found.is_unbroken is unbroken
