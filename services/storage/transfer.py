"""Bytes between a store and this machine's files, and digests checked on the way.

Promised: `verified` never hands out the last piece of bytes that do not have their digest, and a
fetched file has its name only when it has its digest.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from services.storage.byte_stream import CHUNK_BYTES
from services.storage.errors import AlteredObjectError
from services.storage.folder_files import translated
from services.storage.keys import ObjectKey
from services.storage.port import ObjectStore, Sha256, StoredObject


def verified(pieces: Iterable[bytes], expected: Sha256) -> Iterator[bytes]:
    """Yield `pieces`, the last one only once the digest of all is `expected`.

    Raises `AlteredObjectError` in its place: whoever counts bytes sees that some are missing.
    """
    digest = hashlib.sha256()
    kept = b""
    for piece in pieces:
        if kept:
            yield kept
        digest.update(piece)
        kept = piece
    if digest.hexdigest() != expected:
        raise AlteredObjectError(
            "Stored bytes do not have the digest that was recorded for them.",
            next_step="Restore the object from a copy; evidence and bundles name its digest.",
        )
    if kept:
        yield kept


def sha256_of(pieces: Iterable[bytes]) -> tuple[Sha256, int]:
    """Return digest and size of `pieces`."""
    digest, size = hashlib.sha256(), 0
    for piece in pieces:
        digest.update(piece)
        size += len(piece)
    return Sha256(digest.hexdigest()), size


def put_file(
    store: ObjectStore, key: ObjectKey, path: Path, *, expected: Sha256 | None = None
) -> StoredObject:
    """Store the file at `path` under `key`."""
    with path.open("rb", buffering=0) as file:
        return store.put(key, iter(lambda: file.read(CHUNK_BYTES), b""), expected=expected)


@contextmanager
def as_file(store: ObjectStore, key: ObjectKey, *, expected: Sha256) -> Iterator[Path]:
    """Give a file with the object's bytes for as long as the block lasts, for reading only.

    Where the store is a folder that is the object itself, else a copy that goes away.
    """
    path = store.local_path(key)
    if path is not None:
        yield path
        return
    with tempfile.TemporaryDirectory(prefix="evident-") as folder:
        copy = Path(folder) / "object"
        fetch(store, key, copy, expected=expected)
        yield copy


def fetch(
    store: ObjectStore,
    key: ObjectKey,
    path: Path,
    *,
    expected: Sha256,
    heard: Callable[[], None] | None = None,
) -> None:
    """Write an object to `path`, which must not be there; it is durable and has its digest.

    `heard` is called after every piece; what it raises ends the transfer, and nothing stays.
    """
    part = path.with_name(f".{path.name}.part")
    with store.open(key) as pieces, translated():
        try:
            with part.open("wb", buffering=0) as file:
                for piece in verified(pieces, expected):
                    file.write(piece)
                    if heard is not None:
                        heard()
                os.fsync(file.fileno())
            os.link(part, path)
        finally:
            part.unlink(missing_ok=True)
