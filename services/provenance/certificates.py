"""Keys and certificates for content credentials: made here at first use, or given.

C2PA wants an X.509 certificate (specification 2.x, "Credential types"). A self-made one says
truthfully that nobody vouches for it, and readers report its signer as untrusted. Its authority's
key is thrown away the moment it has signed, so it can never certify anything else. The key is
not the evidence key: what it signs is composed by a process that has read a stranger's file.
"""

from __future__ import annotations

import os
import secrets
import stat
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256, SHA384, HashAlgorithm
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier

from pipelines.errors import EvidenceError
from pipelines.ports import CredentialSigner
from services.provenance.keys import FileSigner

CERTIFICATES_FILE = "certificates.pem"

# C2PA's own purpose, and the one that every reader of its 1.x and 2.x rules takes: readers accept
# a purpose only from a list of theirs, and the usual list has not the first.
_PURPOSES = (ObjectIdentifier("1.3.6.1.4.1.62558.2.1"), ExtendedKeyUsageOID.EMAIL_PROTECTION)
_ORGANISATION = "Evident, self-made certificate"
_OTHER_USAGES = (
    "content_commitment",
    "key_encipherment",
    "data_encipherment",
    "key_agreement",
    "encipher_only",
    "decipher_only",
    "crl_sign",
)
_YEARS = timedelta(days=3650)
_RENEWED_BEFORE = timedelta(days=30)
_CLOCK_SLACK = timedelta(hours=1)
_MOST_BYTES = 64 << 10
_CURVES: dict[str, tuple[str, HashAlgorithm]] = {
    "secp256r1": ("es256", SHA256()),
    "secp384r1": ("es384", SHA384()),
}


class SelfMadeCredentials:
    """A `CredentialSigner` with a key and a certificate of its own in `folder`.

    Both are made when they are first needed, and the certificate again before it runs out.
    Raises EvidenceError where the folder is open to others or cannot be used.
    """

    algorithm = "ed25519"

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @cached_property
    def _signer(self) -> FileSigner:
        return FileSigner(self._folder)

    @cached_property
    def certificates(self) -> str:
        """The chain as PEM: the signer's certificate, then that of its authority."""
        path = self._folder / CERTIFICATES_FILE
        try:
            kept = _still_good(path, self._signer.public_key)
            if kept is None:
                kept = _self_made(self._signer.public_key)
                _write(path, kept)
        except OSError as error:
            raise EvidenceError(
                f"The certificates in {self._folder} cannot be used: {error.strerror or error}.",
                next_step="Check that the folder can be written by you, or name another home.",
            ) from error
        return kept

    @property
    def certificate_sha256(self) -> str:
        """SHA-256 of the signer's certificate (DER), lower-case hexadecimal."""
        return _fingerprint(self.certificates)

    def sign(self, message: bytes) -> bytes:
        """Return the 64-byte Ed25519 signature of `message`."""
        return self._signer.sign(message)


class GivenCredentials:
    """A `CredentialSigner` over a key and a certificate chain that somebody issued.

    `key` is PKCS #8 PEM without a passphrase, readable by its owner alone: Ed25519, P-256 or
    P-384. `chain` is PEM, the key's own certificate first. Raises EvidenceError.
    """

    def __init__(self, key: Path, chain: Path) -> None:
        self._key = _private_key(key)
        self.certificates = _read(chain).decode("ascii", "replace")
        own = _chain(self.certificates, chain)[0].public_key()
        raw = (Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        if own.public_bytes(*raw) != self._key.public_key().public_bytes(*raw):
            raise EvidenceError(
                f"The first certificate in {chain} is not that of the key in {key}.",
                next_step="Put the signer's own certificate first, its authority's after it.",
            )

    @property
    def algorithm(self) -> str:
        """The COSE algorithm that belongs to the key."""
        if isinstance(self._key, Ed25519PrivateKey):
            return "ed25519"
        return _CURVES[self._key.curve.name][0]

    @property
    def certificate_sha256(self) -> str:
        """SHA-256 of the signer's certificate (DER), lower-case hexadecimal."""
        return _fingerprint(self.certificates)

    def sign(self, message: bytes) -> bytes:
        """Sign `message`; ECDSA's r and s are put side by side (RFC 9053, 2.1)."""
        if isinstance(self._key, Ed25519PrivateKey):
            return self._key.sign(message)
        _, digest = _CURVES[self._key.curve.name]
        r, s = decode_dss_signature(self._key.sign(message, ec.ECDSA(digest)))
        size = (self._key.key_size + 7) // 8
        return r.to_bytes(size, "big") + s.to_bytes(size, "big")


def credential_signer(folder: Path, *, key: Path | None, chain: Path | None) -> CredentialSigner:
    """Return the given key and chain, or a self-made pair in `folder`. Raises EvidenceError."""
    if key is not None and chain is not None:
        return GivenCredentials(key, chain)
    if key is None and chain is None:
        return SelfMadeCredentials(folder)
    raise EvidenceError(
        "A key for content credentials needs its certificates, and they need their key.",
        next_step="Set EVIDENT_CREDENTIALS_KEY and EVIDENT_CREDENTIALS_CHAIN, or neither.",
    )


def read_certificates(pem: bytes) -> tuple[x509.Certificate, ...]:
    """Return the certificates in `pem`, each once. Raises EvidenceError where there is none."""
    try:
        return tuple(dict.fromkeys(x509.load_pem_x509_certificates(pem)))
    except ValueError as error:
        raise EvidenceError("It holds no certificates (PEM).") from error


def _self_made(public_key: bytes) -> str:
    """Certify `public_key` by an authority whose key exists in this function only."""
    authority = Ed25519PrivateKey.generate()
    mark = secrets.token_hex(8)
    issuer, subject = _name(f"authority {mark}"), _name(f"content credentials {mark}")
    own = Ed25519PublicKey.from_public_bytes(public_key)
    now = datetime.now(UTC)
    usage = dict.fromkeys(_OTHER_USAGES, False)

    def dated(holder: x509.Name, key: Ed25519PublicKey) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(holder)
            .issuer_name(issuer)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - _CLOCK_SLACK)
            .not_valid_after(now + _YEARS)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
        )

    root = (
        dated(issuer, authority.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(
            x509.KeyUsage(digital_signature=False, key_cert_sign=True, **usage), critical=True
        )
        .sign(authority, None)
    )
    leaf = (
        dated(subject, own)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(
            x509.KeyUsage(digital_signature=True, key_cert_sign=False, **usage), critical=True
        )
        .add_extension(x509.ExtendedKeyUsage(_PURPOSES), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.public_key()),
            critical=False,
        )
        .sign(authority, None)
    )
    return "".join(one.public_bytes(Encoding.PEM).decode() for one in (leaf, root))


def _name(common: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, _ORGANISATION),
            x509.NameAttribute(NameOID.COMMON_NAME, common),
        ]
    )


def _still_good(path: Path, public_key: bytes) -> str | None:
    """The chain in `path` if it is of this key and lasts a while yet."""
    if not path.exists():
        return None
    pem = _read(path).decode("ascii", "replace")
    own = _chain(pem, path)[0]
    held = own.public_key()
    is_ours = isinstance(held, Ed25519PublicKey) and held.public_bytes_raw() == public_key
    lasts = own.not_valid_after_utc - datetime.now(UTC) > _RENEWED_BEFORE
    return pem if is_ours and lasts else None


def _write(path: Path, pem: str) -> None:
    scratch = path.with_name(f".{secrets.token_hex(8)}.new")
    try:
        with scratch.open("x", encoding="ascii") as file:
            file.write(pem)
            file.flush()
            os.fsync(file.fileno())
        scratch.replace(path)
    finally:
        scratch.unlink(missing_ok=True)


def _private_key(path: Path) -> Ed25519PrivateKey | ec.EllipticCurvePrivateKey:
    pem = _read(path)
    if path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise EvidenceError(
            f"The key {path} is open to other users, who could sign with it.",
            next_step="Run chmod 600 on it if nobody has read it, or have a new one certified.",
        )
    try:
        key = load_pem_private_key(pem, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise EvidenceError(f"{path} holds no private key without a passphrase.") from error
    if isinstance(key, Ed25519PrivateKey):
        return key
    if isinstance(key, ec.EllipticCurvePrivateKey) and key.curve.name in _CURVES:
        return key
    raise EvidenceError(f"The key in {path} is of no kind that is used: Ed25519, P-256, P-384.")


def _chain(pem: str, path: Path) -> tuple[x509.Certificate, ...]:
    try:
        return read_certificates(pem.encode())
    except EvidenceError as error:
        raise EvidenceError(
            f"{path}: {error}",
            next_step="Restore the file, or move it aside to have new ones made.",
        ) from error


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(_MOST_BYTES)
    except OSError as error:
        raise EvidenceError(f"{path} cannot be read: {error.strerror or error}.") from error


def _fingerprint(pem: str) -> str:
    return x509.load_pem_x509_certificates(pem.encode())[0].fingerprint(SHA256()).hex()
