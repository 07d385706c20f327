"""Bytes as a person names them on the command line: by a digest, or by a file that has them."""

from __future__ import annotations

import errno
import hashlib
import stat
from dataclasses import dataclass
from pathlib import Path

from pipelines.errors import UnreadableError
from pipelines.evidence.mentions import digest_in

_NO_FILE = {errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG}


@dataclass(frozen=True, slots=True)
class NamedBytes:
    """A SHA-256 in lower-case hexadecimal; name and size where a file was read."""

    sha256: str
    name: str | None = None
    size: int | None = None


def digest_or_file(what: str) -> NamedBytes:
    """Return the digest that `what` spells, or that of the file that it names.

    Raises `UnreadableError` where it is neither.
    """
    digest = digest_in(what.lower())
    return hashed(Path(what)) if digest is None else NamedBytes(digest)


def hashed(path: Path) -> NamedBytes:
    """Read a file from end to end; raises `UnreadableError` unless it is a plain, whole one."""
    hint = "Give a SHA-256 of 64 hexadecimal digits, or the path of a file."
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise UnreadableError(f"{path} is not a plain file.", next_step=hint)
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            return NamedBytes(digest, path.name, file.tell())
    except (OSError, ValueError) as error:
        known = isinstance(error, OSError) and error.errno not in _NO_FILE
        reason = f"cannot be read: {error}" if known else "is neither a digest nor a file"
        raise UnreadableError(f"{path} {reason}.", next_step=hint) from error
