"""Uploads in several goes, held by an S3 server as a multipart upload.

What the server lists is what is held: nothing has to be remembered here, and a crash of the
caller costs at most the part that it was filling.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime
from typing import Any

from services.storage.errors import ObjectMissingError, ObjectTakenError, OffsetError
from services.storage.keys import ObjectKey, is_key, object_key
from services.storage.port import PartialId, Sha256, StoredObject
from services.storage.s3_client import Bucket, translated
from services.storage.s3_parts import (
    LEAST_PART_BYTES,
    Part,
    PartCutter,
    complete,
    held_parts,
    send_part,
)
from services.storage.s3_store import S3Store
from services.storage.transfer import sha256_of

_BETWEEN = "?"


class S3Partials:
    """A `PartialStore` in `bucket`; safe for threads."""

    least_append_bytes = LEAST_PART_BYTES

    def __init__(self, bucket: Bucket) -> None:
        self._bucket = bucket
        self._store = S3Store(bucket)

    def begin(self, key: ObjectKey) -> PartialId:
        """Open an upload; see the port."""
        full = self._bucket.full(object_key(key))
        with translated():
            begun = self._bucket.client.create_multipart_upload(Bucket=self._bucket.name, Key=full)
        return PartialId(f"{key}{_BETWEEN}{begun['UploadId']}")

    def held(self, partial: PartialId) -> int:
        """Return how many bytes are held; see the port."""
        return sum(one.size for one in held_parts(self._bucket, *_taken_apart(partial)))

    def append(
        self, partial: PartialId, at: int, chunks: Iterable[bytes], *, is_last: bool = False
    ) -> int:
        """Add bytes to an upload; see the port."""
        key, upload = _taken_apart(partial)
        before = held_parts(self._bucket, key, upload)
        held = sum(one.size for one in before)
        if at != held:
            raise OffsetError(f"The upload is at byte {held}.", held=held)
        cutter = PartCutter(chunks, first=len(before) + 1)
        sent: list[Part] = []
        try:
            sent += (self._send(key, upload, number, data) for number, data in cutter)
        except BaseException:
            if len(cutter.rest) >= LEAST_PART_BYTES:
                self._send(key, upload, cutter.number, cutter.rest)
            raise
        if cutter.rest and (is_last or len(cutter.rest) >= LEAST_PART_BYTES):
            sent.append(self._send(key, upload, cutter.number, cutter.rest))
        return self._agreed(key, upload, [*before, *sent])

    def finish(self, partial: PartialId, *, hashed: Sha256 | None = None) -> StoredObject:
        """Turn an upload into an object; see the port."""
        key, upload = _taken_apart(partial)
        try:
            parts = held_parts(self._bucket, key, upload)
        except ObjectMissingError:
            return self._read_back(key)
        if not parts:
            self.abort(partial)
            return self._store.put(key, ())
        if self._store.stat(key) is not None:
            raise ObjectTakenError("There is an object under that key already.")
        complete(self._bucket, key, upload, parts)
        if hashed is None:
            return self._read_back(key)
        return StoredObject(key, hashed, sum(one.size for one in parts))

    def abort(self, partial: PartialId) -> None:
        """Forget an upload; see the port."""
        key, upload = _taken_apart(partial)
        self._abort(self._bucket.full(key), upload)

    def sweep(self, before: datetime) -> int:
        """Forget what was left behind; see the port."""
        bucket = self._bucket
        swept = 0
        asked: dict[str, Any] = {"Prefix": bucket.address.prefix}
        while True:
            try:
                with translated():
                    page = bucket.client.list_multipart_uploads(Bucket=bucket.name, **asked)
            except ObjectMissingError:
                # That is how some servers say that there is none.
                return swept
            for one in page.get("Uploads", ()):
                key = str(one["Key"]).removeprefix(bucket.address.prefix)
                if is_key(key) and self._last_touched(one) < before:
                    self._abort(str(one["Key"]), str(one["UploadId"]))
                    swept += 1
            if not page.get("IsTruncated"):
                return swept
            asked |= {
                "KeyMarker": page["NextKeyMarker"],
                "UploadIdMarker": page["NextUploadIdMarker"],
            }

    def _send(self, key: ObjectKey, upload: str, number: int, data: bytes) -> Part:
        return send_part(self._bucket, key, upload, number, data)

    def _agreed(self, key: ObjectKey, upload: str, ours: list[Part]) -> int:
        """Return what is held, which must be what we saw and sent: else somebody else sent too."""
        found = held_parts(self._bucket, key, upload)
        held = sum(one.size for one in found)
        if [(one.number, one.etag) for one in found] != [(one.number, one.etag) for one in ours]:
            raise OffsetError(
                "Somebody else is sending this upload.",
                held=held,
                next_step="Begin a new upload; this one holds parts of both.",
            )
        return held

    def _last_touched(self, upload: dict[str, Any]) -> datetime:
        with translated():
            listed = self._bucket.client.list_parts(
                Bucket=self._bucket.name, Key=upload["Key"], UploadId=upload["UploadId"]
            )
        moments = [one["LastModified"] for one in listed.get("Parts", ())]
        newest: datetime = max([upload["Initiated"], *moments])
        return newest

    def _abort(self, full_key: str, upload: str) -> None:
        with suppress(ObjectMissingError), translated():
            self._bucket.client.abort_multipart_upload(
                Bucket=self._bucket.name, Key=full_key, UploadId=upload
            )

    def _read_back(self, key: ObjectKey) -> StoredObject:
        try:
            with self._store.open(key) as pieces:
                found, size = sha256_of(pieces)
        except ObjectMissingError as error:
            raise ObjectMissingError(
                "There is no such upload: it was given up, or never begun.",
                next_step="Begin a new one.",
            ) from error
        return StoredObject(key, found, size)


def _taken_apart(partial: PartialId) -> tuple[ObjectKey, str]:
    key, _, upload = partial.partition(_BETWEEN)
    if not upload:
        raise ObjectMissingError("There is no such upload.", next_step="Begin a new one.")
    return object_key(key), upload
