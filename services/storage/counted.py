"""A store whose calls are counted and timed, and go through a breaker.

An error that means "the store does not answer" is counted; a key that is taken or missing is an
answer. Bytes that are read later than the call that opened them are the reader's to count.

Whether a store that did not answer is back is tried with a question that takes no time, never
with a file that is being sent: nobody is to wait for a slow sender.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Protocol

from pipelines.errors import ResourceError
from services.storage.byte_stream import ByteStream
from services.storage.keys import ObjectKey, artifact_key
from services.storage.port import (
    ObjectFacts,
    ObjectStore,
    PartialId,
    PartialStore,
    Sha256,
    Storage,
    StoredObject,
)
from services.telemetry.breaker import Breaker, BreakerState

_NONE = artifact_key("0" * 32)


class StoreTally(Protocol):
    """Who counts."""

    def store_called(self, call: str, seconds: float) -> None:
        """A call came back."""

    def store_failed(self, call: str) -> None:
        """The store did not answer a call."""


def counted(storage: Storage, tally: StoreTally, breaker: Breaker) -> Storage:
    """Return the same storage, the calls of both of its sides counted and behind `breaker`."""
    calls = _Calls(tally, breaker, lambda: storage.objects.stat(_NONE))
    return Storage(CountedStore(storage.objects, calls), CountedPartials(storage.partials, calls))


class _Calls:
    """Times calls for a tally; `question` asks the store something small."""

    def __init__(self, tally: StoreTally, breaker: Breaker, question: Callable[[], object]) -> None:
        self._tally = tally
        self._breaker = breaker
        self._question = question

    @contextmanager
    def call(self, name: str, *, is_long: bool = False) -> Iterator[None]:
        """Count what is done inside as one call. Raises CircuitOpenError where none is made."""
        if is_long and self._breaker.state is not BreakerState.CLOSED:
            with self._breaker.call():
                self._question()
        with self._breaker.call():
            begun = time.monotonic()
            try:
                yield
            except ResourceError:
                self._tally.store_failed(name)
                raise
            finally:
                self._tally.store_called(name, time.monotonic() - begun)


class CountedStore:
    """An `ObjectStore` over another."""

    def __init__(self, store: ObjectStore, calls: _Calls) -> None:
        self._store = store
        self._call = calls.call

    @property
    def can_lock(self) -> bool:
        """Whether the store itself enforces `keep_until`."""
        return self._store.can_lock

    @property
    def refuses_rivals(self) -> bool:
        """Whether of two writers of a key at one moment exactly one succeeds."""
        return self._store.refuses_rivals

    def put(
        self,
        key: ObjectKey,
        chunks: Iterable[bytes],
        *,
        expected: Sha256 | None = None,
        most_bytes: int | None = None,
        keep_until: datetime | None = None,
    ) -> StoredObject:
        """Store the chunks as one object; the time is the sender's as well."""
        with self._call("put", is_long=True):
            return self._store.put(
                key, chunks, expected=expected, most_bytes=most_bytes, keep_until=keep_until
            )

    def open(self, key: ObjectKey, *, start: int = 0, length: int | None = None) -> ByteStream:
        """Return bytes for a `with` statement; what is timed is the opening."""
        with self._call("open"):
            return self._store.open(key, start=start, length=length)

    def local_path(self, key: ObjectKey) -> Path | None:
        """Return the file of this machine that is the object; asks no server."""
        return self._store.local_path(key)

    def stat(self, key: ObjectKey) -> ObjectFacts | None:
        """Return the facts of an object, None where there is none."""
        with self._call("stat"):
            return self._store.stat(key)

    def delete(self, key: ObjectKey) -> bool:
        """Remove an object; False where there was none."""
        with self._call("delete"):
            return self._store.delete(key)

    def list(self, prefix: str = "", *, after: ObjectKey | None = None) -> Iterator[ObjectFacts]:
        """Yield the facts of every object whose key begins with `prefix`; timed to the end."""
        with self._call("list", is_long=True):
            yield from self._store.list(prefix, after=after)


class CountedPartials:
    """A `PartialStore` over another."""

    def __init__(self, store: PartialStore, calls: _Calls) -> None:
        self._store = store
        self._call = calls.call

    def begin(self, key: ObjectKey) -> PartialId:
        """Open an upload that will become `key`."""
        with self._call("begin"):
            return self._store.begin(key)

    def held(self, partial: PartialId) -> int:
        """Return how many bytes are held for good."""
        with self._call("held"):
            return self._store.held(partial)

    @property
    def least_append_bytes(self) -> int:
        """How long a go must be to be held for sure, unless it is the last one."""
        return self._store.least_append_bytes

    def append(
        self, partial: PartialId, at: int, chunks: Iterable[bytes], *, is_last: bool = False
    ) -> int:
        """Add chunks; the time is the sender's as well."""
        with self._call("append", is_long=True):
            return self._store.append(partial, at, chunks, is_last=is_last)

    def finish(self, partial: PartialId, *, hashed: Sha256 | None = None) -> StoredObject:
        """Make it an object."""
        with self._call("finish"):
            return self._store.finish(partial, hashed=hashed)

    def abort(self, partial: PartialId) -> None:
        """Forget the upload."""
        with self._call("abort"):
            self._store.abort(partial)

    def sweep(self, before: datetime) -> int:
        """Forget what nobody has touched since `before`."""
        with self._call("sweep"):
            return self._store.sweep(before)
