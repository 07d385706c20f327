"""Certificates of content credentials: self-made and kept, or given and checked."""

from __future__ import annotations

import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPrivateKeyTypes
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256, SHA384
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from pipelines.errors import EvidenceError
from services.provenance import certificates
from services.provenance.certificates import (
    CERTIFICATES_FILE,
    GivenCredentials,
    SelfMadeCredentials,
    credential_signer,
)
from services.provenance.keys import FileSigner


def chain(pem: str) -> list[x509.Certificate]:
    """The certificates of a chain."""
    return x509.load_pem_x509_certificates(pem.encode())


def given(folder: Path, key: CertificateIssuerPrivateKeyTypes) -> tuple[Path, Path]:
    """A key file and a self-signed certificate of it."""
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "given")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now)
        .not_valid_after(now + timedelta(days=1))
        .sign(key, None if isinstance(key, Ed25519PrivateKey) else SHA256())
    )
    folder.mkdir(exist_ok=True)
    key_path, chain_path = folder / "key.pem", folder / "chain.pem"
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    key_path.write_bytes(pem)
    key_path.chmod(0o600)
    chain_path.write_bytes(certificate.public_bytes(Encoding.PEM))
    return key_path, chain_path


def test_nothing_is_made_before_it_is_needed(tmp_path: Path) -> None:
    """Naming a folder makes no key; the first certificate asked for does."""
    signer = SelfMadeCredentials(tmp_path / "credentials")
    assert not (tmp_path / "credentials").exists()
    assert signer.certificate_sha256 == chain(signer.certificates)[0].fingerprint(SHA256()).hex()
    assert stat.S_IMODE((tmp_path / "credentials").stat().st_mode) == 0o700


def test_a_certificate_is_made_once(tmp_path: Path) -> None:
    """Later uses find the same key and the same certificate."""
    first, again = SelfMadeCredentials(tmp_path / "c"), SelfMadeCredentials(tmp_path / "c")
    assert first.certificates == again.certificates
    own, authority = chain(first.certificates)
    public = own.public_key()
    assert isinstance(public, Ed25519PublicKey)
    public.verify(again.sign(b"message"), b"message")
    own.verify_directly_issued_by(authority)


def test_the_authority_certifies_nothing_else(tmp_path: Path) -> None:
    """The authority's key lies nowhere, and its certificate allows no authority below it."""
    signer = SelfMadeCredentials(tmp_path / "c")
    own, authority = chain(signer.certificates)
    assert authority.extensions.get_extension_for_class(x509.BasicConstraints).value == (
        x509.BasicConstraints(ca=True, path_length=0)
    )
    assert not own.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    held = authority.public_key().public_bytes_raw()
    assert FileSigner(tmp_path / "c").public_key != held
    assert len([path for path in (tmp_path / "c").iterdir() if "PRIVATE" in path.read_text()]) == 1


def test_a_certificate_that_runs_out_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before a certificate ends a new one takes its place, for the same key."""
    with monkeypatch.context() as short:
        short.setattr(certificates, "_YEARS", timedelta(days=20))
        old = SelfMadeCredentials(tmp_path / "c")
        ending = old.certificates
    new = SelfMadeCredentials(tmp_path / "c")
    assert new.certificates != ending
    assert chain(new.certificates)[0].public_key() == chain(ending)[0].public_key()


def test_another_key_s_certificate_is_not_used(tmp_path: Path) -> None:
    """A chain that is not of the key in the folder is made anew."""
    other = SelfMadeCredentials(tmp_path / "other").certificates
    mine = SelfMadeCredentials(tmp_path / "mine")
    assert FileSigner(tmp_path / "mine")
    (tmp_path / "mine" / CERTIFICATES_FILE).write_text(other)
    assert mine.certificates != other


def test_a_broken_chain_is_refused(tmp_path: Path) -> None:
    """What is no certificate is not passed over in silence."""
    FileSigner(tmp_path / "c")
    (tmp_path / "c" / CERTIFICATES_FILE).write_text("nonsense")
    with pytest.raises(EvidenceError, match="holds no certificates") as caught:
        _ = SelfMadeCredentials(tmp_path / "c").certificates
    assert caught.value.next_step


@pytest.mark.parametrize(
    ("curve", "algorithm", "digest"),
    [(ec.SECP256R1(), "es256", SHA256()), (ec.SECP384R1(), "es384", SHA384())],
)
def test_a_given_curve_key_signs_as_cose_wants(
    tmp_path: Path, curve: ec.EllipticCurve, algorithm: str, digest: SHA256 | SHA384
) -> None:
    """An ECDSA signature is r and s, each as long as the curve's order."""
    key = ec.generate_private_key(curve)
    signer = GivenCredentials(*given(tmp_path, key))
    assert signer.algorithm == algorithm
    raw = signer.sign(b"message")
    half = len(raw) // 2
    assert half == (curve.key_size + 7) // 8
    r, s = (int.from_bytes(part, "big") for part in (raw[:half], raw[half:]))
    key.public_key().verify(encode_dss_signature(r, s), b"message", ec.ECDSA(digest))


def test_a_given_ed25519_key_signs(tmp_path: Path) -> None:
    """An Ed25519 key that somebody certified is used as it is."""
    key = Ed25519PrivateKey.generate()
    key_path, chain_path = given(tmp_path, key)
    signer = credential_signer(tmp_path, key=key_path, chain=chain_path)
    assert signer.algorithm == "ed25519"
    key.public_key().verify(signer.sign(b"message"), b"message")


def test_a_key_needs_its_own_certificate(tmp_path: Path) -> None:
    """The first certificate must be the key's."""
    key, _ = given(tmp_path / "a", Ed25519PrivateKey.generate())
    _, other = given(tmp_path / "b", Ed25519PrivateKey.generate())
    with pytest.raises(EvidenceError, match="not that of the key"):
        GivenCredentials(key, other)


def test_a_key_open_to_others_is_refused(tmp_path: Path) -> None:
    """A given key is taken only from a file that nobody else can read."""
    key, certificate = given(tmp_path, Ed25519PrivateKey.generate())
    key.chmod(0o640)
    with pytest.raises(EvidenceError, match="open to other users"):
        GivenCredentials(key, certificate)


def test_a_kind_of_key_that_is_not_used_is_refused(tmp_path: Path) -> None:
    """Only Ed25519 and two curves are used."""
    key, certificate = given(tmp_path, generate_private_key(65537, 2048))
    with pytest.raises(EvidenceError, match="of no kind that is used"):
        GivenCredentials(key, certificate)


def test_a_key_without_certificates_is_wrong_use(tmp_path: Path) -> None:
    """Half of a pair is refused, and the settings are named."""
    with pytest.raises(EvidenceError) as caught:
        credential_signer(tmp_path, key=tmp_path / "key.pem", chain=None)
    assert "EVIDENT_CREDENTIALS_CHAIN" in caught.value.next_step
