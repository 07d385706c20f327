"""A copy of the log's public files in the object store, where the log itself cannot be forked.

Every copied head stands under its size and nothing is ever overwritten: of two logs on one
bucket, or of one log that was set back, the second finds another head in its place and stops.
The head is put last, so whoever reads the copy finds every tile that a head speaks of. What was
copied is asked of the store, never remembered on this machine alone; a death in between leaves
files without a head, which the next round finds in their places.

Not copied: bodies and salts (they stay with the log), and the lines of witnesses.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from pipelines.errors import EvidenceError, RequestError, ResourceError
from pipelines.evidence.checkpoint import MAX_NOTE_BYTES
from pipelines.evidence.log_path import parse_log_path
from pipelines.evidence.tiles import (
    CHECKPOINT_PATH,
    KEY_PATH,
    TILE_HEIGHT,
    TILE_WIDTH,
    checkpoint_path,
    entries_path,
    tile_path,
)
from services.provenance.public_log import MOST_TILE_BYTES, PublicLog
from services.provenance.published_log import PublishedLog
from services.storage.errors import ObjectTakenError
from services.storage.keys import (
    CHECKPOINTS,
    LOG_FILES,
    LOG_KEYS,
    ObjectKey,
    checkpoint_key,
    checkpoint_size,
    log_file_key,
    log_keys_key,
)
from services.storage.port import ObjectStore


@dataclass(frozen=True, slots=True)
class Copied:
    """What the store holds now: the head of `size` leaves; `files` are those that were new."""

    size: int
    files: int


class LogCopy:
    """Copies the public folder at `public` into `store`.

    Each object is locked for `lock_for` where that is given; `clock` tells the time in UTC.
    Raises `RequestError` for a store that cannot keep a log (`can_keep_log`).
    """

    def __init__(
        self,
        store: ObjectStore,
        public: Path,
        clock: Callable[[], datetime],
        *,
        lock_for: timedelta | None = None,
    ) -> None:
        if not can_keep_log(store):
            raise RequestError(
                "This store lets a second writer overwrite, so it cannot hold a copy of the log.",
                next_step="Name a store that heeds If-None-Match, or a bucket with object lock.",
            )
        if lock_for is not None and not store.can_lock:
            raise RequestError(
                "This store has no object lock, and the copy of the log is to be locked.",
                next_step="Make the bucket with object lock, or unset EVIDENT_LOG_LOCK_DAYS.",
            )
        self._store = store
        self._public = PublicLog(public)
        self._files = PublishedLog(public)
        self._clock = clock
        self._lock_for = lock_for
        self._known: ObjectKey | None = None

    def copy(self) -> Copied:
        """Copy the newest head and what it speaks of.

        Raises `EvidenceError` where the store holds another log, or a later head of this one.
        """
        size, held = self._public.size(), self._newest_held()
        if held:
            self._require_ours(held, size)
        if size == held:
            return Copied(size, 0)
        files = 0
        for path in _grown(held, size):
            data = self._files.read(path, most_bytes=MOST_TILE_BYTES)
            files += self._put(log_file_key(path), data, path)
        keys = self._files.read(KEY_PATH, most_bytes=MAX_NOTE_BYTES)
        files += self._put(log_keys_key(keys.count(b"\n")), keys, KEY_PATH)
        path = checkpoint_path(size)
        note = self._files.read(path, most_bytes=MAX_NOTE_BYTES)
        files += self._put(checkpoint_key(size), note, path)
        self._known = checkpoint_key(size)
        return Copied(size, files)

    def _newest_held(self) -> int:
        """Return how many leaves the newest head in the store has, 0 without any."""
        for one in self._store.list(CHECKPOINTS, after=self._known):
            self._known = one.key
        return 0 if self._known is None else checkpoint_size(self._known)

    def _require_ours(self, held: int, size: int) -> None:
        if held > size:
            raise EvidenceError(
                f"The store holds this log's head of {held} leaves, and here it has {size}: "
                "the log was set back, or another one uses the store.",
                next_step="Restore the newest log of this home; give every log its own store.",
            )
        path = checkpoint_path(held)
        ours = self._public.file(path)
        if ours is None or self._read(checkpoint_key(held), MAX_NOTE_BYTES) != ours.data:
            raise _forked(path)

    def _put(self, key: ObjectKey, data: bytes, path: str) -> bool:
        """Store `data` for good; False where it was there already."""
        until = None if self._lock_for is None else self._clock() + self._lock_for
        try:
            self._store.put(key, [data], keep_until=until)
        except ObjectTakenError:
            if self._read(key, len(data)) != data:
                raise _forked(path) from None
            return False
        return True

    def _read(self, key: ObjectKey, most_bytes: int) -> bytes:
        return _bytes(self._store, key, most_bytes)


def can_keep_log(store: ObjectStore) -> bool:
    """Whether a second log cannot quietly take the place of the first in `store`.

    It can refuse the second of two writers; or it locks, which keeps every version: then a rival
    that came at the same moment is found in the next round.
    """
    return store.refuses_rivals or store.can_lock


def fetch_copy(store: ObjectStore, folder: Path) -> int:
    """Write the store's copy into `folder` as a log's public files; return the head's leaves.

    `evident log fsck --log` then checks it. Raises `RequestError` where the folder holds
    anything or the store no copy, `EvidenceError` for an object that no log has.
    """
    if folder.exists() and any(folder.iterdir()):
        raise RequestError(
            f"{folder} is not empty.", next_step="Name a folder that is new or empty."
        )
    newest = keys = None
    for one in store.list(CHECKPOINTS):
        newest = one.key
        path = checkpoint_path(checkpoint_size(one.key))
        _write(folder / path, _bytes(store, one.key, MAX_NOTE_BYTES))
    if newest is None:
        raise RequestError(
            "The store holds no copy of a log.",
            next_step="Name the store of a deployment whose keeper has run.",
        )
    for one in store.list(LOG_FILES):
        path = one.key.removeprefix(LOG_FILES)
        if parse_log_path(path) is None:
            raise EvidenceError(f"A log has no file of this name: {one.key}.")
        _write(folder / path, _bytes(store, one.key, MOST_TILE_BYTES))
    for one in store.list(LOG_KEYS):
        keys = one.key
    if keys is None:
        raise EvidenceError("The copy lacks the log's keys.")
    _write(folder / KEY_PATH, _bytes(store, keys, MAX_NOTE_BYTES))
    _write(folder / CHECKPOINT_PATH, _bytes(store, newest, MAX_NOTE_BYTES))
    return checkpoint_size(newest)


def _grown(old: int, size: int) -> Iterator[str]:
    """Name the tiles and bundles of a tree of `size` leaves that one of `old` did not have."""
    level = 0
    while (has := size >> (level * TILE_HEIGHT)) > 0:
        had = old >> (level * TILE_HEIGHT)
        if had != has:
            full, rest = divmod(has, TILE_WIDTH)
            for index in range(had // TILE_WIDTH, full):
                yield tile_path(level, index)
                if level == 0:
                    yield entries_path(index)
            if rest:
                yield tile_path(level, full, rest)
                if level == 0:
                    yield entries_path(full, rest)
        level += 1


def _bytes(store: ObjectStore, key: ObjectKey, most_bytes: int) -> bytes:
    """Return an object that may have `most_bytes`; one that is longer is returned longer."""
    with store.open(key, length=most_bytes + 1) as pieces:
        return b"".join(pieces)


def _write(path: Path, data: bytes) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("xb") as file:
            file.write(data)
    except OSError as error:
        raise ResourceError(
            f"{path} cannot be written: {os.strerror(error.errno or 0)}.",
            next_step="Name a folder that you can write to, on a disk with room.",
        ) from error


def _forked(path: str) -> EvidenceError:
    return EvidenceError(
        f"The store holds another {path} than this log published.",
        next_step="Keep both as they are and find out which log is the true one; give every log"
        " its own store.",
    )
