"""Taking files in: stored and hashed as they arrive, looked at in a child, then held by a project.

Promised: an artifact is known only when all its bytes are stored, their digest is the stated one
where one was stated, a bounded child has recognised a picture or a clip in them, and an entry of
evidence says who brought them. Whatever fails on the way leaves nothing but bytes without a name,
which are removed at once, or swept where the process died or the records did not answer.

An upload in several goes has its terms in the store, so that any gateway may take the next go.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

from pipelines.errors import (
    EvidentError,
    InputError,
    RequestError,
    ResourceError,
    TooLargeError,
)
from pipelines.media.probe import Probed
from services.auth.scopes import Principal
from services.jobs.artifacts import Artifact
from services.storage.errors import AlteredObjectError, ObjectMissingError
from services.storage.keys import ObjectKey, artifact_key, object_key, upload_key
from services.storage.port import PartialId, Sha256, Storage, StoredObject
from services.storage.transfer import as_file

MOST_NAME = 255

_MOST_TERMS_BYTES = 8192

Prober = Callable[[Path], Probed]
"""Looks at a file in a bounded child. Raises InputError, DecodeChildError."""


class Holder(Protocol):
    """Lets a project hold bytes, with the entry that says so."""

    def upload(
        self, project: str, artifact: Artifact, *, name: str, principal: str, request: str
    ) -> Artifact:
        """Return the artifact as it is known."""


@dataclass(frozen=True, slots=True)
class Sender:
    """Who sends, under which request, and what they call the file."""

    principal: Principal
    request: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Accepted:
    """A file that was taken in; `sha256` names it."""

    sha256: Sha256
    size: int
    probed: Probed

    def told(self) -> dict[str, Any]:
        """Return it as an answer has it."""
        return {"artifact": f"sha256:{self.sha256}", "bytes": self.size, **asdict(self.probed)}


@dataclass(frozen=True, slots=True)
class UploadTerms:
    """What was agreed when an upload in several goes began."""

    partial: PartialId
    key: ObjectKey
    project: str
    principal: str
    name: str
    sha256: Sha256 | None


class Uploads:
    """Takes files into `storage`; nothing is longer than `most_bytes`."""

    def __init__(self, storage: Storage, holder: Holder, probe: Prober, *, most_bytes: int) -> None:
        self._objects = storage.objects
        self._partials = storage.partials
        self._holder = holder
        self._probe = probe
        self.most_bytes = most_bytes

    @property
    def least_append_bytes(self) -> int:
        """How long a go must be to be held for sure, unless it is the last."""
        return self._partials.least_append_bytes

    def whole(
        self, chunks: Iterable[bytes], sender: Sender, *, expected: Sha256 | None
    ) -> Accepted:
        """Take a file in at once. Raises AlteredObjectError, TooLargeError, InputError."""
        stored = self._objects.put(
            artifact_key(secrets.token_hex(16)),
            chunks,
            expected=expected,
            most_bytes=self.most_bytes,
        )
        return self._accepted(stored, sender)

    def begin(self, sender: Sender, *, expected: Sha256 | None) -> str:
        """Begin an upload in several goes; return its id."""
        key = artifact_key(secrets.token_hex(16))
        terms = UploadTerms(
            partial=self._partials.begin(key),
            key=key,
            project=sender.principal.project,
            principal=sender.principal.name,
            name=sender.name,
            sha256=expected,
        )
        upload = secrets.token_hex(16)
        self._objects.put(upload_key(upload), [json.dumps(asdict(terms)).encode()])
        return upload

    def held(self, upload: str, principal: Principal) -> int:
        """Return how many bytes are held of an upload."""
        return self._partials.held(self._terms(upload, principal).partial)

    def append(
        self,
        upload: str,
        at: int,
        chunks: Iterable[bytes],
        sender: Sender,
        *,
        is_last: bool,
    ) -> Accepted | int:
        """Add bytes; return how many are held, or the accepted file after the last of them."""
        terms = self._terms(upload, sender.principal)
        bounded = _bounded(chunks, self.most_bytes - at, self.most_bytes)
        held = self._partials.append(terms.partial, at, bounded, is_last=is_last)
        if not is_last:
            return held
        stored = self._partials.finish(terms.partial)
        try:
            if terms.sha256 is not None and stored.sha256 != terms.sha256:
                self._objects.delete(stored.key)
                raise AlteredObjectError(
                    "The bytes do not have the digest that was stated.",
                    next_step="Send the file again, from its beginning.",
                )
            named = Sender(sender.principal, sender.request, terms.name)
            return self._accepted(stored, named)
        finally:
            self._objects.delete(upload_key(upload))

    def abort(self, upload: str, principal: Principal) -> None:
        """Give an upload up."""
        self._partials.abort(self._terms(upload, principal).partial)
        self._objects.delete(upload_key(upload))

    def _accepted(self, stored: StoredObject, sender: Sender) -> Accepted:
        try:
            with as_file(self._objects, stored.key, expected=stored.sha256) as path:
                probed = self._looked_at(path, sender.name or "The file")
            artifact = Artifact(
                f"sha256:{stored.sha256}", stored.key, stored.size, probed.media_type
            )
            known = self._holder.upload(
                sender.principal.project,
                artifact,
                name=sender.name,
                principal=sender.principal.name,
                request=sender.request,
            )
        except ResourceError:
            # The row may be on record, its answer lost: only the records know whether these
            # bytes have a name. Those without one are swept when their grace is over.
            raise
        except EvidentError:
            self._objects.delete(stored.key)
            raise
        if known.object_key != stored.key:
            self._objects.delete(stored.key)
        return Accepted(stored.sha256, stored.size, probed)

    def _looked_at(self, path: Path, name: str) -> Probed:
        """Probe a file; what is said of it speaks of the sender's name, not of the store's."""
        try:
            return self._probe(path)
        except InputError as error:
            words = str(error).replace(path.name, name)
            raise type(error)(words, next_step=error.next_step) from error

    def _terms(self, upload: str, principal: Principal) -> UploadTerms:
        """Read the terms; those of another project are as unknown as those of none."""
        try:
            with self._objects.open(upload_key(upload), length=_MOST_TERMS_BYTES) as found:
                terms = UploadTerms(**json.loads(b"".join(found)))
        except (ObjectMissingError, RequestError, ValueError, TypeError) as error:
            raise _unknown() from error
        if terms.project != principal.project:
            raise _unknown()
        object_key(terms.key)
        return terms


def file_name(text: str) -> str:
    """Return what a sender calls a file, for showing; RequestError where it cannot be shown."""
    if len(text) > MOST_NAME or not text.isprintable() or set(text) & {"/", "\\"}:
        raise RequestError(
            f"A file's name has up to {MOST_NAME} printable letters and no slashes.",
            next_step="Give another name, or none.",
        )
    return text


def _bounded(chunks: Iterable[bytes], left: int, most: int) -> Iterable[bytes]:
    for chunk in chunks:
        left -= len(chunk)
        if left < 0:
            raise TooLargeError(f"A file may have {most} bytes.")
        yield chunk


def _unknown() -> ObjectMissingError:
    return ObjectMissingError(
        "There is no such upload: it was finished, given up, or never begun.",
        next_step="Begin a new one.",
    )
