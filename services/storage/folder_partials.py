"""Uploads in several goes, held in a folder.

How many bytes are held for good stands in `<token>.held`, written after they were made durable:
a power cut may leave more in the file, and of other content. That rest is cut off before
anything is added, and before the upload becomes an object.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import BinaryIO

from services.storage.errors import ObjectMissingError, OffsetError
from services.storage.folder_files import (
    FolderArea,
    forget_abandoned,
    locked,
    publish,
    sync_folder,
    translated,
)
from services.storage.folder_store import FolderStore
from services.storage.keys import ObjectKey, object_key
from services.storage.port import PartialId, Sha256, StoredObject
from services.storage.transfer import sha256_of

SYNC_BYTES = 16 << 20
"""An upload is made durable after so many bytes: what a crash can cost its sender."""

_DIGITS = 20
_BETWEEN = "?"


class FolderPartials:
    """A `PartialStore` in `area`; safe for threads and processes."""

    least_append_bytes = 1

    def __init__(self, area: FolderArea) -> None:
        self._area = area
        self._store = FolderStore(area)

    def begin(self, key: ObjectKey) -> PartialId:
        """Open an upload; see the port."""
        token = secrets.token_hex(16)
        with translated():
            for name in (token, f"{token}.held"):
                (self._area.partial / name).touch(mode=0o600, exist_ok=False)
            self._note_held(token, 0)
            sync_folder(self._area.partial)
        return PartialId(f"{object_key(key)}{_BETWEEN}{token}")

    def held(self, partial: PartialId) -> int:
        """Return how many bytes are held; see the port."""
        _, token = _taken_apart(partial)
        return self._held(token)

    def append(
        self, partial: PartialId, at: int, chunks: Iterable[bytes], *, is_last: bool = False
    ) -> int:
        """Add bytes to an upload; see the port."""
        del is_last
        _, token = _taken_apart(partial)
        with self._writing(token) as (file, held):
            if at != held:
                raise OffsetError(f"The upload is at byte {held}.", held=held)
            now, noted = held, held
            try:
                for chunk in chunks:
                    with translated():
                        file.write(chunk)
                    now += len(chunk)
                    if now - noted >= SYNC_BYTES:
                        noted = self._hold(file, token, now)
            finally:
                self._hold(file, token, now)
        return now

    def finish(self, partial: PartialId, *, hashed: Sha256 | None = None) -> StoredObject:
        """Turn an upload into an object; see the port."""
        key, token = _taken_apart(partial)
        try:
            with self._writing(token) as (_, held), translated():
                publish(self._area.partial / token, self._area.path(key))
                (self._area.partial / f"{token}.held").unlink(missing_ok=True)
        except ObjectMissingError:
            return self._read_back(key)
        return self._read_back(key) if hashed is None else StoredObject(key, hashed, held)

    def abort(self, partial: PartialId) -> None:
        """Forget an upload; see the port."""
        _, token = _taken_apart(partial)
        with translated():
            (self._area.partial / token).unlink(missing_ok=True)
            (self._area.partial / f"{token}.held").unlink(missing_ok=True)

    def sweep(self, before: datetime) -> int:
        """Forget what was left behind; see the port."""
        moment = before.timestamp()
        with translated():
            return sum(
                forget_abandoned(folder, moment)
                for folder in (self._area.incoming, self._area.partial)
            )

    def _read_back(self, key: ObjectKey) -> StoredObject:
        with self._store.open(key) as pieces:
            found, size = sha256_of(pieces)
        return StoredObject(key, found, size)

    def _held(self, token: str) -> int:
        with translated():
            try:
                text = (self._area.partial / f"{token}.held").read_bytes()
            except FileNotFoundError as error:
                raise _unknown() from error
        return int(text) if len(text) == _DIGITS and text.isdigit() else 0

    def _note_held(self, token: str, held: int) -> None:
        """Write the number over the one before: 20 bytes, which a disk writes whole."""
        path = self._area.partial / f"{token}.held"
        descriptor = os.open(path, os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            os.pwrite(descriptor, b"%0*d" % (_DIGITS, held), 0)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def _hold(self, file: BinaryIO, token: str, now: int) -> int:
        with translated():
            os.fsync(file.fileno())
            self._note_held(token, now)
        return now

    @contextmanager
    def _writing(self, token: str) -> Iterator[tuple[BinaryIO, int]]:
        """Give the file, at the end of what is held, and how much that is; one writer at a time."""
        path = self._area.partial / token
        with translated():
            try:
                descriptor = os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
            except FileNotFoundError as error:
                raise _unknown() from error
        with os.fdopen(descriptor, "r+b", buffering=0) as file:
            if not locked(descriptor):
                raise OffsetError(
                    "Somebody else is sending this upload.",
                    held=self._held(token),
                    next_step="Wait until that has ended, then ask where the upload is.",
                )
            held = self._held(token)
            with translated():
                file.truncate(held)
                file.seek(held)
            yield file, held


def _taken_apart(partial: PartialId) -> tuple[ObjectKey, str]:
    key, _, token = partial.partition(_BETWEEN)
    if len(token) != 32 or not set(token) <= set("0123456789abcdef"):
        raise _unknown()
    return object_key(key), token


def _unknown() -> ObjectMissingError:
    return ObjectMissingError(
        "There is no such upload: it was finished, given up, or never begun.",
        next_step="Begin a new one.",
    )
