"""Artifacts in a folder of this machine: the store of a single machine, and the others' twin.

Where things lie is said in `folder_files`. Refused: `keep_until`, which a folder cannot enforce.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from pipelines.errors import TooLargeError, UnsupportedError
from services.storage.byte_stream import ByteStream
from services.storage.errors import AlteredObjectError
from services.storage.folder_files import FolderArea, publish, sync_folder, translated
from services.storage.folder_writing import FolderWriting
from services.storage.keys import ObjectKey, is_key, listing_prefix
from services.storage.port import ObjectFacts, Sha256, StoredObject


class FolderStore:
    """An `ObjectStore` in `area`; safe for threads and processes."""

    can_lock = False
    refuses_rivals = True

    def __init__(self, area: FolderArea) -> None:
        self._area = area

    def put(
        self,
        key: ObjectKey,
        chunks: Iterable[bytes],
        *,
        expected: Sha256 | None = None,
        most_bytes: int | None = None,
        keep_until: datetime | None = None,
    ) -> StoredObject:
        """Store an object; see the port."""
        if keep_until is not None:
            raise UnsupportedError(
                "A folder cannot keep an object against its owner.",
                next_step="Use an S3 server with object lock, or ask for no retention by it.",
            )
        path = self._area.path(key)
        with self._area.aside() as (file, aside), FolderWriting(file) as writing:
            for chunk in chunks:
                if most_bytes is not None and writing.size + len(chunk) > most_bytes:
                    raise TooLargeError(f"More than {most_bytes} bytes were sent.")
                with translated():
                    writing.add(chunk)
            found = Sha256(writing.digest())
            if expected is not None and found != expected:
                raise AlteredObjectError("The bytes do not have the digest that was stated.")
            with translated():
                writing.make_durable()
                publish(aside, path)
            return StoredObject(key, found, writing.size)

    def open(self, key: ObjectKey, *, start: int = 0, length: int | None = None) -> ByteStream:
        """Return bytes of an object; see the port."""
        file = self._area.opened(key)

        def read(wanted: int) -> bytes:
            with translated():
                return file.read(wanted)

        with translated():
            file.seek(start)
        return ByteStream(read, file.close, length=length)

    def local_path(self, key: ObjectKey) -> Path | None:
        """Return the object's own file; see the port."""
        return None if self.stat(key) is None else self._area.path(key)

    def stat(self, key: ObjectKey) -> ObjectFacts | None:
        """Return an object's facts; see the port."""
        with translated():
            try:
                facts = self._area.path(key).lstat()
            except (FileNotFoundError, NotADirectoryError):
                return None
        return _facts(key, facts) if stat.S_ISREG(facts.st_mode) else None

    def delete(self, key: ObjectKey) -> bool:
        """Remove an object; see the port."""
        path = self._area.path(key)
        if self.stat(key) is None:
            return False
        with translated():
            try:
                path.unlink()
            except FileNotFoundError:
                return False
            sync_folder(path.parent)
        return True

    def list(self, prefix: str = "", *, after: ObjectKey | None = None) -> Iterator[ObjectFacts]:
        """Yield objects in order; see the port."""
        prefix = listing_prefix(prefix)
        for path, key in _walk(self._area.objects, "", prefix):
            if after is not None and key <= after:
                continue
            with translated():
                try:
                    facts = path.lstat()
                except FileNotFoundError:
                    continue
            yield _facts(key, facts)


def _walk(folder: Path, above: str, prefix: str) -> Iterator[tuple[Path, ObjectKey]]:
    """Yield files and keys in the order of keys: a folder sorts with its slash."""
    with translated():
        try:
            found = [(one.name + "/" * one.is_dir(), one) for one in folder.iterdir()]
        except FileNotFoundError:
            return
    for name, path in sorted(found):
        text = above + name
        if name.endswith("/"):
            if text.startswith(prefix) or prefix.startswith(text):
                yield from _walk(path, text, prefix)
        elif text.startswith(prefix) and is_key(text) and path.is_file():
            yield path, ObjectKey(text)


def _facts(key: ObjectKey, facts: os.stat_result) -> ObjectFacts:
    return ObjectFacts(key, facts.st_size, datetime.fromtimestamp(facts.st_mtime, UTC))
