"""Checks the content credentials of a bundle's results, for `verify_bundle` to be handed.

What is said is what the C2PA library says. Credentials that a reader would call expired, or whose
issuer it does not know, are unbroken all the same; anything else that fails is a result that is
not what was signed. A library that cannot read them has checked nothing, and that is said.
"""

from __future__ import annotations

import shutil
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

from pipelines.errors import CredentialsError, DecodeChildError, EvidenceError
from pipelines.evidence.outside import CredentialCheck, Found, Medium, NotChecked
from pipelines.media.credentials import (
    MOST_STORE_BYTES,
    FoundCredentials,
    is_installed,
    read_credentials,
)
from pipelines.media.pool import DecodePool

MEDIA_TYPES = {
    ".jpg": "image/jpeg",
    ".png": "image/png",
    ".webp": "image/webp",
    ".tif": "image/tiff",
    ".bmp": "image/bmp",
    ".mp4": "video/mp4",
    ".mov": "video/quicktime",
    ".mkv": "video/matroska",
}
"""By the suffix of a result, which we named ourselves."""


def credential_check(pool: DecodePool, *, anchors: str = "") -> CredentialCheck:
    """Return a check that reads credentials in children of `pool`.

    `anchors` are certificates (PEM) of issuers that the verifier trusts.
    """

    def check(medium: Medium) -> Found | NotChecked:
        if not is_installed():
            return NotChecked("the C2PA library is not installed")
        try:
            found = _read(pool, medium, anchors)
        except (CredentialsError, DecodeChildError) as error:
            return NotChecked(f"the C2PA library cannot read them: {error}".rstrip("."))
        if found is None:
            return NotChecked(f"{PurePosixPath(medium.path).name} carries none")
        return _judged(found)

    return check


def _read(pool: DecodePool, medium: Medium, anchors: str) -> FoundCredentials | None:
    """Copy the result out of the bundle, for a child opens files by name, and read it there."""
    suffix = PurePosixPath(medium.path).suffix.lower()
    store = None
    if medium.sidecar is not None:
        with medium.sidecar() as file:
            store = file.read(MOST_STORE_BYTES + 1)
        if len(store) > MOST_STORE_BYTES:
            raise CredentialsError("The sidecar is larger than any that is read.")
    with TemporaryDirectory(prefix="evident-") as folder:
        path = Path(folder) / f"result{suffix}"
        with medium.content() as source, path.open("xb") as out:
            shutil.copyfileobj(source, out, 1 << 20)
        kind = MEDIA_TYPES.get(suffix, "application/octet-stream")
        return read_credentials(pool, path, media_type=kind, store=store, anchors=anchors)


def _judged(found: FoundCredentials) -> Found:
    codes = ", ".join(sorted({code for code, _ in found.failures}))
    if not found.is_unbroken:
        raise EvidenceError(f"Its content credentials do not hold ({found.state}: {codes}).")
    signer = found.manifest.get("signature_info", {})
    name = f"{signer.get('issuer', '')}, {signer.get('common_name', '')}"
    said = f"{found.state}{f' ({codes})' if codes else ''}"
    return Found(f"{found.library} says {said}; signed by {name}", anchored=found.is_trusted)
