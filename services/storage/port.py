"""What the platform asks of an object store, as two small protocols and the facts they hand back.

Promised by every adapter, and asserted by one contract suite (`tests/contract/test_storage.py`):
- an object is complete or it is not there: no reader ever sees part of one;
- a key that is taken is never written again; of two writers at the same moment one is refused
  where the store can do that (`refuses_rivals`);
- the digest that `put` returns is that of the bytes that it stored, hashed as they passed;
- what was cut short leaves nothing under its key.

Refused: keys that `services/storage/keys.py` did not make, and anything that could turn into a
path. All of it is synchronous; whoever serves asynchronously calls it from a thread.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import NewType, Protocol

from services.storage.byte_stream import ByteStream
from services.storage.keys import ObjectKey

Sha256 = NewType("Sha256", str)
"""SHA-256 in lower-case hexadecimal."""

PartialId = NewType("PartialId", str)
"""How one store names an upload that is not finished; it means nothing to another store."""


@dataclass(frozen=True, slots=True)
class StoredObject:
    """What a finished write stored: `size` bytes with this digest under `key`."""

    key: ObjectKey
    sha256: Sha256
    size: int


@dataclass(frozen=True, slots=True)
class ObjectFacts:
    """What a store knows of an object without reading it; `modified` is the store's clock."""

    key: ObjectKey
    size: int
    modified: datetime


class ObjectStore(Protocol):
    """Keeps objects. Every call may raise `ResourceError` where the store does not answer."""

    @property
    def can_lock(self) -> bool:
        """Whether `keep_until` is enforced by the store itself, against its own keys as well."""

    @property
    def refuses_rivals(self) -> bool:
        """Whether of two writers of a key at one moment exactly one succeeds.

        A store that only looks first is good enough for random keys, never for the sealed log.
        """

    def put(
        self,
        key: ObjectKey,
        chunks: Iterable[bytes],
        *,
        expected: Sha256 | None = None,
        most_bytes: int | None = None,
        keep_until: datetime | None = None,
    ) -> StoredObject:
        """Store the chunks, in order, as one object; it is durable on return.

        Raises `ObjectTakenError` where the key is taken, `AlteredObjectError` where the digest
        is not `expected`, `TooLargeError` beyond `most_bytes`, `DiskFullError`, and whatever
        `chunks` raises; after any of these nothing of this call is visible. `keep_until` is
        refused with `UnsupportedError` where the store cannot lock.
        """

    def open(self, key: ObjectKey, *, start: int = 0, length: int | None = None) -> ByteStream:
        """Return the bytes from `start` on, at most `length`, for a `with` statement.

        Raises `ObjectMissingError` at once, not at the first piece. A start beyond the end
        gives nothing. The digest is checked by `services.storage.transfer.verified`.
        """

    def local_path(self, key: ObjectKey) -> Path | None:
        """Return the file of this machine that is the object, for reading; None where none is."""

    def stat(self, key: ObjectKey) -> ObjectFacts | None:
        """Return the facts of an object, None where there is none."""

    def delete(self, key: ObjectKey) -> bool:
        """Remove an object; False where there was none. `ObjectLockedError` while it is kept."""

    def list(self, prefix: str = "", *, after: ObjectKey | None = None) -> Iterator[ObjectFacts]:
        """Yield the facts of every object whose key begins with `prefix`, in the keys' order."""


class PartialStore(Protocol):
    """Takes an object in several goes. What `append` returned survives a crash of the caller."""

    def begin(self, key: ObjectKey) -> PartialId:
        """Open an upload that will become `key`; nothing is visible until it is finished."""

    def held(self, partial: PartialId) -> int:
        """Return how many bytes are held for good; `ObjectMissingError` where it is unknown."""

    @property
    def least_append_bytes(self) -> int:
        """How long a go must be to be held for sure, unless it is the last one."""

    def append(
        self, partial: PartialId, at: int, chunks: Iterable[bytes], *, is_last: bool = False
    ) -> int:
        """Add chunks that begin at byte `at`, which must be what is held; return what is held now.

        All of it is held where `is_last`; else less may be than was given, by less than
        `least_append_bytes`. Where `chunks` raises, what had been taken stays as far as the
        store can hold it, and the error goes on. Raises `OffsetError` for another `at` or where
        a rival writes.
        """

    def finish(self, partial: PartialId, *, hashed: Sha256 | None = None) -> StoredObject:
        """Make it an object. `hashed` is the digest of the one and only `append`, if it was one.

        Without it the finished bytes are read back and hashed: several goes, several callers.
        May be repeated: what is finished already is read back.
        """

    def abort(self, partial: PartialId) -> None:
        """Forget the upload; one that is unknown is forgotten already."""

    def sweep(self, before: datetime) -> int:
        """Forget what nobody has touched since `before`, cut-off `put`s too; return how many."""


@dataclass(frozen=True, slots=True)
class Storage:
    """One store, by both of its sides; whoever opens it hands this on."""

    objects: ObjectStore
    partials: PartialStore
