"""The memory of renderings, over the store and the records: one claim's view, and its sweeping.

Bytes are stored before a row names them and removed after none does; what a death leaves in
between is swept when it is older than the grace. A store that does not answer costs a
computation, never a job.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from pipelines.errors import ResourceError
from services.jobs.renderings import KeptFile, Rendering, Renderings
from services.jobs.values import Claim
from services.storage.errors import AlteredObjectError, ObjectMissingError
from services.storage.keys import RENDERINGS, object_key, rendering_key
from services.storage.port import ObjectStore, Sha256
from services.storage.transfer import fetch, put_file

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,99}")
_SHARE = 4
"""No rendering takes more than this part of all that may be kept."""


@dataclass(frozen=True, slots=True)
class MemoryRules:
    """How much is kept altogether, and for how long after it was last of use."""

    most_bytes: int
    unused_for: timedelta


@dataclass(frozen=True, slots=True)
class JobMemory:
    """A `Memory` for one claim: `job` of `project`, over the input `source` (`sha256:…`)."""

    store: ObjectStore
    renderings: Renderings
    rules: MemoryRules
    project: str
    job: str
    source: str

    def recall(self, key: str, folder: Path) -> str | None:
        """Fetch the files of a rendering, each held against its digest; see the port."""
        try:
            found = self.renderings.find(self.project, key)
            if found is None:
                return None
            self._fetch(found, folder)
        except (AlteredObjectError, ObjectMissingError):
            with suppress(ResourceError):
                self.renderings.forget(self.project, key)
            return None
        except ResourceError:
            return None
        return found.job

    def remember(self, key: str, files: Sequence[Path]) -> None:
        """Store a rendering, unless it is too large or known; see the port."""
        if sum(file.stat().st_size for file in files) * _SHARE > self.rules.most_bytes:
            return
        kept: list[KeptFile] = []
        try:
            if not self.renderings.is_wanted(self.project, key):
                return
            for file in files:
                stored = put_file(self.store, rendering_key(secrets.token_hex(16)), file)
                kept.append(KeptFile(file.name, stored.sha256, stored.size, stored.key))
            if not self.renderings.add(
                self.project, key, job=self.job, source=self.source, files=kept
            ):
                self._remove(kept)
        except ResourceError:
            self._remove(kept)

    def _fetch(self, found: Rendering, folder: Path) -> None:
        for one in found.files:
            if not _NAME.fullmatch(one.name):
                raise AlteredObjectError("A rendering has a file whose name cannot be.")
            key = object_key(one.object_key)
            fetch(self.store, key, folder / one.name, expected=Sha256(one.sha256))

    def _remove(self, kept: Sequence[KeptFile]) -> None:
        # What cannot be removed now has no row, and is swept.
        with suppress(ResourceError):
            for one in kept:
                self.store.delete(object_key(one.object_key))


@dataclass(frozen=True, slots=True)
class Memories:
    """All renderings of a deployment, by its rules."""

    store: ObjectStore
    renderings: Renderings
    rules: MemoryRules

    def of(self, claim: Claim, source: str) -> JobMemory | None:
        """Return what the job of a claim may ask; None where nothing is kept at all."""
        if not self.rules.most_bytes:
            return None
        return JobMemory(self.store, self.renderings, self.rules, claim.project, claim.job, source)

    def tidy(self, clock: Callable[[], datetime], *, grace: timedelta) -> int:
        """Remove what must not or need not be remembered, and files that no row names.

        Returns how many files went. Raises `ResourceError` where store or records do not answer.
        """
        keys = self.renderings.forget_useless(
            unused_for=self.rules.unused_for, most_bytes=self.rules.most_bytes
        )
        gone = sum(self.store.delete(object_key(key)) for key in keys)
        before = clock() - grace
        old = [one.key for one in self.store.list(RENDERINGS) if one.modified < before]
        living = self.renderings.living(old)
        return gone + sum(self.store.delete(key) for key in old if key not in living)
