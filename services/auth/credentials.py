"""The key that lets somebody ask for evidence over HTTP: made once, private, compared in one time.

The file `credentials` of a home holds one line, `EVIDENT_KEY=…`, mode 0600. A file that is a
link, belongs to somebody else, or can be read by others is refused: whoever could read it could
ask. A server keeps the key's SHA-256 only.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import secrets
import stat
from dataclasses import dataclass
from pathlib import Path

from pipelines.errors import EvidenceError

CREDENTIALS_FILE = "credentials"

_PREFIX = "EVIDENT_KEY="
_KEY = re.compile(r"[A-Za-z0-9_-]{32,200}")
_MOST_BYTES = 4096
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


@dataclass(frozen=True, slots=True)
class KeyCheck:
    """Tells whether a key is the right one, without holding it."""

    sha256: bytes

    def admits(self, key: str) -> bool:
        """Whether `key` is it; takes the same time whatever is wrong with it."""
        return hmac.compare_digest(_sha256(key), self.sha256)


def key_check(home: Path) -> KeyCheck | None:
    """Return the check for the key in `home`; None where there is no key.

    Raises `EvidenceError` where the file is not private or holds no key.
    """
    path = home / CREDENTIALS_FILE
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise EvidenceError(
            f"The key in {path} cannot be read: {error.strerror or error}.",
            next_step="Put a plain file of your own there, or remove it and make a new key.",
        ) from error
    try:
        _refuse_shared(path, os.fstat(descriptor))
        text = os.read(descriptor, _MOST_BYTES).decode("utf-8", "replace").strip()
    finally:
        os.close(descriptor)
    key = text.removeprefix(_PREFIX)
    if not _KEY.fullmatch(key):
        raise EvidenceError(
            f"{path} does not hold a key.", next_step="Remove it and make a new key."
        )
    return KeyCheck(_sha256(key))


def make_key(home: Path) -> str:
    """Make the key of `home` and return it; `EvidenceError` where there is one already."""
    key = secrets.token_urlsafe(32)
    path = home / CREDENTIALS_FILE
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        with os.fdopen(os.open(path, flags, 0o600), "w", encoding="ascii") as file:
            file.write(f"{_PREFIX}{key}\n")
            file.flush()
            os.fsync(file.fileno())
    except FileExistsError as error:
        raise EvidenceError(
            f"There is a key in {path} already.",
            next_step="Use it, or remove the file first; whoever has the old key is shut out.",
        ) from error
    except OSError as error:
        raise EvidenceError(
            f"No key can be made in {path}: {error.strerror or error}.",
            next_step="Name a home folder that you can write to.",
        ) from error
    return key


def _sha256(key: str) -> bytes:
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).digest()


def _refuse_shared(path: Path, facts: os.stat_result) -> None:
    if not stat.S_ISREG(facts.st_mode):
        raise EvidenceError(f"{path} is not a plain file.", next_step="Put the key itself there.")
    if facts.st_uid != os.geteuid() or facts.st_mode & _OTHERS:
        raise EvidenceError(
            f"{path} belongs to, or is open to, other users.",
            next_step="Remove it and make a new key; the old one may be known.",
        )
