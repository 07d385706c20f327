"""What a running job hands between processes, in the store under the job's own keys.

Everything here is temporary: it goes when the job has ended, and `sweep` removes what deaths
left. Keys say whose it is, so that nobody removes what a running job still needs.
"""

from __future__ import annotations

import hashlib
import secrets
import uuid
from collections.abc import Callable, Container, Iterator
from pathlib import Path
from typing import TypeVar

from services.compute.errors import NotFinishedError
from services.compute.order import Stored
from services.storage.errors import ObjectMissingError
from services.storage.keys import (
    WORK,
    done_key,
    done_prefix,
    job_of_work,
    object_key,
    work_key,
    work_prefix,
)
from services.storage.port import ObjectStore, Sha256
from services.storage.transfer import fetch, put_file, verified

MOST_BYTES = 64 << 20

Finished = TypeVar("Finished")


def job_token(job: str) -> str:
    """The 32 letters by which a job's keys name it."""
    return uuid.UUID(job).hex


class WorkObjects:
    """The temporary objects of one job; `token` as `job_token` gives it."""

    def __init__(self, store: ObjectStore, token: str) -> None:
        self._store = store
        self._token = token

    def put(self, data: bytes) -> Stored:
        """Store bytes."""
        key = work_key(self._token, secrets.token_hex(16))
        sha256 = hashlib.sha256(data).hexdigest()
        self._store.put(key, [data], expected=Sha256(sha256))
        return Stored(key, sha256, len(data))

    def put_file(self, path: Path) -> Stored:
        """Store a file."""
        key = work_key(self._token, secrets.token_hex(16))
        stored = put_file(self._store, key, path)
        return Stored(key, stored.sha256, stored.size)

    def read(self, stored: Stored) -> bytes:
        """Return bytes that have their digest. Raises as stores do."""
        with self._store.open(object_key(stored.key)) as pieces:
            return b"".join(verified(pieces, Sha256(stored.sha256)))

    def fetch(self, stored: Stored, path: Path, *, heard: Callable[[], None] | None = None) -> None:
        """Write an object to `path`, in the place of what may be there, with its digest.

        `heard` is called after every piece; what it raises ends the transfer.
        """
        path.unlink(missing_ok=True)
        expected = Sha256(stored.sha256)
        fetch(self._store, object_key(stored.key), path, expected=expected, heard=heard)

    def finish(self, number: int, told: bytes) -> None:
        """Say that piece `number` of the work is finished; its files are stored by now."""
        key = done_key(self._token, number, secrets.token_hex(16))
        self._store.put(key, [told], most_bytes=MOST_BYTES)

    def finished(
        self, known: Container[str], read: Callable[[bytes], Finished]
    ) -> Iterator[tuple[str, Finished | None]]:
        """Yield what is finished and not `known` yet; None where `read` finds it is not.

        Raises as stores do.
        """
        for facts in self._store.list(done_prefix(self._token)):
            if facts.key in known:
                continue
            try:
                with self._store.open(facts.key, length=MOST_BYTES) as pieces:
                    data = b"".join(pieces)
                yield facts.key, read(data)
            except ObjectMissingError:
                continue
            except NotFinishedError:
                yield facts.key, None

    def remove(self, *keys: str) -> None:
        """Remove objects that nobody needs any more."""
        for one in keys:
            self._store.delete(object_key(one))

    def clear(self) -> int:
        """Remove all of it; return how many objects there were."""
        keys = [facts.key for facts in self._store.list(work_prefix(self._token))]
        return sum(self._store.delete(key) for key in keys)


def sweep(store: ObjectStore, is_over: Callable[[str], bool]) -> int:
    """Remove the temporary objects of every job that is over; return how many there were."""
    over: dict[str, bool] = {}
    gone = 0
    for facts in store.list(WORK):
        token = job_of_work(facts.key)
        if token is None:
            continue
        if token not in over:
            over[token] = is_over(str(uuid.UUID(hex=token)))
        gone += over[token] and store.delete(facts.key)
    return gone
