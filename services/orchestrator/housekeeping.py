"""Frees the store of what nobody needs: given up, never named, or begun and left.

Promised: what a project holds stays; a deletion is an entry before it is one in the store. An
object without a living row is a leftover of a process that died between storing and committing;
it goes when it is older than the grace, which is longer than any commit takes. Uploads that
nobody goes on with are forgotten likewise; no upload in several goes takes more than a week.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice

from services.jobs.holdings import Holdings
from services.storage.errors import ObjectLockedError
from services.storage.keys import ARTIFACTS, UPLOADS, ObjectKey, object_key
from services.storage.port import Storage

GRACE = timedelta(hours=24)
LONGEST_UPLOAD = timedelta(days=7)
_BATCH = 500


@dataclass(frozen=True, slots=True)
class Tidied:
    """How many objects went: given up by all, without a row, and uploads that were left."""

    deleted: int
    strays: int
    uploads: int


class Housekeeping:
    """Tidies `storage` by what `holdings` know; `clock` gives the time in UTC."""

    def __init__(
        self,
        storage: Storage,
        holdings: Holdings,
        clock: Callable[[], datetime],
        *,
        grace: timedelta = GRACE,
    ) -> None:
        self._storage = storage
        self._holdings = holdings
        self._clock = clock
        self._grace = grace

    def tidy(self) -> Tidied:
        """Do all of it once. Raises `ResourceError` where store or records do not answer."""
        deleted = self._holdings.delete_unheld(self._remove, grace=self._grace)
        before = self._clock() - self._grace
        strays = sum(self._remove(key) for key in self._strays(before))
        for terms in self._storage.objects.list(UPLOADS):
            if terms.modified < self._clock() - max(self._grace, LONGEST_UPLOAD):
                self._remove(terms.key)
        return Tidied(deleted, strays, self._storage.partials.sweep(before))

    def _strays(self, before: datetime) -> Iterator[ObjectKey]:
        old = (one.key for one in self._storage.objects.list(ARTIFACTS) if one.modified < before)
        for keys in _batches(old):
            living = self._holdings.living(keys)
            yield from (key for key in keys if key not in living)

    def _remove(self, key: str) -> bool:
        """Remove an object; one that the store itself keeps until a date stays until then."""
        try:
            return self._storage.objects.delete(object_key(key))
        except ObjectLockedError:
            return False


def _batches(keys: Iterable[ObjectKey]) -> Iterator[list[ObjectKey]]:
    found = iter(keys)
    while batch := list(islice(found, _BATCH)):
        yield batch
