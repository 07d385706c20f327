"""Pictures and clips with credentials, and what the C2PA library reads of them by itself."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import c2pa
import numpy as np
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from PIL import Image

from pipelines.media.credentials import (
    MadeCredentials,
    Parent,
    make_credentials,
)
from pipelines.media.pool import DecodePool
from pipelines.ports import CredentialSigner
from tests.unit.pipelines.media.clip_kit import write_clip

EMBEDDED = {"jpg": "image/jpeg", "png": "image/png", "mp4": "video/mp4"}
BESIDE = {
    "bmp": "image/bmp",
    "tif": "image/tiff",
    "webp": "image/webp",
    "mkv": "video/matroska",
    "mov": "video/quicktime",
}
TYPES = {**EMBEDDED, **BESIDE}
MANIFEST = {
    "claim_generator_info": [{"name": "evident"}],
    "title": "enhanced",
    "assertions": [
        {"label": "c2pa.actions.v2", "data": {"actions": [{"action": "c2pa.enhanced"}]}},
        {"label": "invalid.evident.job", "data": {"version": 1}},
    ],
}
UNTRUSTED = "signingCredential.untrusted"


def picture(path: Path, seed: int = 0) -> Path:
    """A small picture or clip, by its suffix."""
    if path.suffix in (".mp4", ".mkv", ".mov"):
        return write_clip(path, audio="aac")
    random = np.random.default_rng(seed)
    Image.fromarray(random.integers(0, 255, (64, 80, 3), dtype=np.uint8)).save(path)
    return path


def parent_of(path: Path) -> Parent:
    """A file as received."""
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    ingredient = {
        "title": path.name,
        "relationship": "parentOf",
        "instance_id": f"sha256:{digest}",
    }
    return Parent(path, TYPES.get(path.suffix[1:], "image/jpeg"), ingredient)


def with_credentials(
    pool: DecodePool,
    signer: CredentialSigner,
    folder: Path,
    kind: str,
    received: Path | None = None,
) -> tuple[Path, MadeCredentials]:
    """A result of a kind with its credentials."""
    result = folder / f"enhanced.{kind}"
    if not result.exists():
        picture(result, seed=1)
    done = make_credentials(
        pool,
        result,
        media_type=TYPES[kind],
        parent=parent_of(received or picture(folder / "received.png")),
        manifest=MANIFEST,
        signer=signer,
        out=result if kind in EMBEDDED else None,
    )
    return result, done


def seen(data: bytes, media_type: str, *, store: bytes | None = None, anchors: str = "") -> Any:
    """What the library itself reads, in this process and with its own defaults."""
    settings: dict[str, Any] = {"version": 1, "verify": {"remote_manifest_fetch": False}}
    if anchors:
        settings["trust"] = {"user_anchors": anchors}
    context = c2pa.Context.from_dict(settings)
    with c2pa.Reader(media_type, io.BytesIO(data), store, context) as reader:
        return json.loads(reader.json())


def codes(document: Mapping[str, Any]) -> set[str]:
    """The codes of what failed."""
    return {one["code"] for one in document.get("validation_status", ())}


def certified(folder: Path) -> tuple[Path, Path]:
    """A P-256 key, and a chain that an issuer made for it."""
    folder.mkdir()
    root, own = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    names = [
        x509.Name(
            [
                x509.NameAttribute(NameOID.ORGANIZATION_NAME, "a test"),
                x509.NameAttribute(NameOID.COMMON_NAME, common),
            ]
        )
        for common in ("an issuer", "a signer")
    ]
    now = datetime.now(UTC)

    def certificate(number: int, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(names[number])
            .issuer_name(names[0])
            .public_key(key.public_key())
            .serial_number(number + 1)
            .not_valid_before(now - timedelta(hours=1))
            .not_valid_after(now + timedelta(days=1))
            .add_extension(
                x509.BasicConstraints(ca=not number, path_length=None if number else 0),
                critical=True,
            )
            .add_extension(
                x509.KeyUsage(
                    bool(number), False, False, False, False, not number, False, False, False
                ),
                critical=True,
            )
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(root.public_key()),
                critical=False,
            )
        )

    purpose = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION])
    chain = (
        certificate(1, own).add_extension(purpose, critical=False).sign(root, SHA256()),
        certificate(0, root).sign(root, SHA256()),
    )
    key_path, chain_path = folder / "key.pem", folder / "chain.pem"
    key_path.write_bytes(own.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    key_path.chmod(0o600)
    chain_path.write_bytes(b"".join(one.public_bytes(Encoding.PEM) for one in chain))
    return key_path, chain_path
