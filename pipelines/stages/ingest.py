"""Ingest: the file as received, read once from end to end before anything looks inside it.

What is hashed here is what every later record names. The file is opened for reading only and is
compared again when the job ends: a file that changed meanwhile fails the job.
"""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from dataclasses import dataclass
from pathlib import Path

from pipelines.errors import InputError, NotMediaError, UnreadableError
from pipelines.graph.expand import Pipeline
from pipelines.media.identify import HEAD_BYTES, Kind, identify
from pipelines.ports import Progress

_CHUNK_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Received:
    """A file as received: where it lies, what it is called, and what its bytes are.

    `kind` is the kind of picture that its first bytes announce, `Kind.UNKNOWN` for anything
    else, which may be a video; `head` are those bytes. `agreed` says which
    lists of its supplier it was held against.
    """

    path: Path
    name: str
    size: int
    sha256: str
    kind: Kind
    head: bytes = b""
    agreed: tuple[str, ...] = ()

    @property
    def artifact(self) -> str:
        """The name that graphs give it."""
        return f"sha256:{self.sha256}"

    @property
    def pipeline(self) -> Pipeline:
        """What it will be tried as."""
        return "photo" if self.kind.is_photo else "video"


def receive(path: Path, progress: Progress) -> Received:
    """Hash `path` and identify it by its first bytes.

    Raises UnreadableError where it is no readable regular file or is empty, NotMediaError where
    it is a kind of picture that is not read.
    """
    absolute = Path(os.path.abspath(path))  # noqa: PTH100 - links are followed by open alone
    descriptor = open_regular(absolute)
    with os.fdopen(descriptor, "rb", buffering=0) as file:
        size = os.fstat(file.fileno()).st_size
        if size == 0:
            raise UnreadableError(
                f"{absolute.name} is empty.", next_step="Obtain the file again from its source."
            )
        progress.start("reading", size)
        digest, head, seen = hashlib.sha256(), b"", 0
        try:
            while chunk := file.read(_CHUNK_BYTES):
                head = head or chunk[:HEAD_BYTES]
                digest.update(chunk)
                seen += len(chunk)
                progress.advance(len(chunk))
        except OSError as error:
            raise unreadable(absolute, error) from error
    kind = identify(head)
    if kind.refusal:
        raise NotMediaError(
            f"{absolute.name}: {kind.refusal}",
            next_step="Convert it to PNG or TIFF first; the conversion is then on record.",
        )
    return Received(absolute, absolute.name, seen, digest.hexdigest(), kind, head)


def require_same(received: Received, *, sha256: str, size: int) -> None:
    """Raise InputError unless a later pass over the file found the bytes that were received."""
    if (received.sha256, received.size) != (sha256, size):
        raise InputError(
            f"{received.name} changed while it was worked on: {received.size} bytes with SHA-256 "
            f"{received.sha256} became {size} bytes with {sha256}.",
            next_step="Run again on a file that nothing else writes to.",
        )


def open_regular(path: Path) -> int:
    """Open a regular file for reading; never waits for a pipe or a device.

    Raises UnreadableError where it is none, or may not be read.
    """
    try:
        facts = path.stat()
        if not stat.S_ISREG(facts.st_mode):
            what = "a folder" if stat.S_ISDIR(facts.st_mode) else "not a regular file"
            raise UnreadableError(
                f"{path.name} is {what}.", next_step="Name a photograph or a video file."
            )
        return os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY)
    except OSError as error:
        raise unreadable(path, error) from error


def unreadable(path: Path, error: OSError) -> UnreadableError:
    """Say in words why a file cannot be read, and what to do."""
    reasons = {
        errno.ENOENT: ("There is no file", "Check the path."),
        errno.ENOTDIR: ("There is no file", "Check the path."),
        errno.EACCES: ("You may not read", "Ask for permission to read it."),
        errno.ENAMETOOLONG: ("The name is too long:", "Check the path."),
    }
    reason, step = reasons.get(
        error.errno or 0, (f"{error.strerror or 'An error'} while reading", "Check the disk.")
    )
    return UnreadableError(f"{reason} {path}.", next_step=step)
