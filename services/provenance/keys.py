"""The signing key in a file: made at first use, private to its owner, refused otherwise.

A key file holds one Ed25519 private key as PKCS #8 PEM without a passphrase, mode 0600, in a
folder of mode 0700. A file that is a link, belongs to somebody else or can be read by others
is refused: whoever could have read it could have signed.
"""

from __future__ import annotations

import os
import secrets
import stat
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from pipelines.errors import EvidenceError
from pipelines.evidence.signature import key_id, public_pem
from services.provenance.head_keys import HeadKeys

KEY_FILE = "signing-ed25519.pem"
PUBLIC_FILE = "signing-ed25519.pub.pem"

_MAX_KEY_BYTES = 1 << 16
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


class FileSigner:
    """A `Signer` whose key is the file `name` in `folder`; the first use makes both.

    With `make` False a key that is not there is an `EvidenceError`, as is one that is not
    private or not an Ed25519 key. Two processes that come first at the same moment end with
    the same key.
    """

    def __init__(self, folder: Path, name: str = KEY_FILE, *, make: bool = True) -> None:
        try:
            if make:
                self.make_folder(folder)
                _make_if_missing(folder, name)
            self._private = _load(read_private(folder, name))
        except OSError as error:
            raise EvidenceError(
                f"The signing key in {folder} cannot be used: {error.strerror or error}.",
                next_step="Check that the folder can be written by you, or name another home.",
            ) from error
        self._public = self._private.public_key().public_bytes_raw()

    @staticmethod
    def make_folder(folder: Path) -> None:
        """Make the key folder where there is none, for its owner alone."""
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    @property
    def key_id(self) -> str:
        """SHA-256 of the raw public key, lower-case hexadecimal."""
        return key_id(self._public)

    @property
    def public_key(self) -> bytes:
        """The raw 32-byte public key."""
        return self._public

    def sign(self, message: bytes) -> bytes:
        """Return the 64-byte Ed25519 signature of `message` (deterministic, RFC 8032)."""
        return self._private.sign(message)

    def head_keys(self) -> HeadKeys:
        """Return itself: this key alone, with no other before it."""
        return HeadKeys((self,))


def read_private(folder: Path, name: str) -> bytes:
    """Return the file `name` of the key folder; `EvidenceError` where others could read it.

    Raises `FileNotFoundError` where folder or file is not there.
    """
    _refuse_shared(folder, folder.lstat(), "folder", 0o700)
    path = folder / name
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as file:
        _refuse_shared(path, os.fstat(descriptor), "file", 0o600)
        return file.read(_MAX_KEY_BYTES)


def _make_if_missing(folder: Path, name: str) -> None:
    _refuse_shared(folder, folder.lstat(), "folder", 0o700)
    path = folder / name
    if not path.exists() and not path.is_symlink():
        _make(folder, name)


def _make(folder: Path, name: str) -> None:
    """Put a fresh key and its public half into `folder`; another process may win the race."""
    public = f"{name.removesuffix('.pem')}.pub.pem"
    private = Ed25519PrivateKey.generate()
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    scratch = folder / f".{secrets.token_hex(8)}.new"
    try:
        _write_private(scratch, pem)
        try:
            os.link(scratch, folder / name)
        except FileExistsError:
            return
        scratch.unlink()
        _write_private(scratch, public_pem(private.public_key().public_bytes_raw()))
        scratch.replace(folder / public)
    finally:
        scratch.unlink(missing_ok=True)
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _write_private(path: Path, data: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(descriptor)


def _refuse_shared(path: Path, facts: os.stat_result, what: str, mode: int) -> None:
    """Raise unless `path` is a plain file or folder that only its owner, we, can open."""
    plain = stat.S_ISDIR if what == "folder" else stat.S_ISREG
    if not plain(facts.st_mode):
        raise EvidenceError(
            f"{path} is not a plain {what}, so the signing key is not taken from it.",
            next_step="Put the key itself there, not a link to it.",
        )
    if facts.st_uid != os.geteuid():
        raise EvidenceError(
            f"The {what} {path} belongs to another user, who could sign with its key.",
            next_step="Use a home folder of your own.",
        )
    if facts.st_mode & _OTHERS:
        raise EvidenceError(
            f"The {what} {path} is open to other users, who could sign with its key.",
            next_step=f"Make a new key, or run chmod {mode:o} on it if nobody has read it.",
        )


def _load(pem: bytes) -> Ed25519PrivateKey:
    try:
        private = load_pem_private_key(pem, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise EvidenceError(
            "The signing key file does not hold a private key without a passphrase.",
            next_step="Restore the file from a backup, or move it aside to begin with a new key.",
        ) from error
    if not isinstance(private, Ed25519PrivateKey):
        raise EvidenceError("The signing key is not an Ed25519 key.")
    return private
