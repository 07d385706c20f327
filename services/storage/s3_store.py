"""Artifacts in a bucket of an S3 server, any server.

Short objects are put at once, conditionally (`If-None-Match: *`); long ones in parts, which
become visible together or not at all. Servers differ in whether they heed the condition when
parts are joined, so the key is looked at first; keys of artifacts are random, 128 bits of them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

from pipelines.errors import ResourceError, TooLargeError, UnsupportedError
from services.storage.byte_stream import ByteStream
from services.storage.errors import (
    AlteredObjectError,
    ObjectLockedError,
    ObjectMissingError,
    ObjectTakenError,
)
from services.storage.keys import ObjectKey, is_key, listing_prefix, object_key
from services.storage.port import ObjectFacts, Sha256, StoredObject
from services.storage.s3_client import Bucket, translated
from services.storage.s3_parts import PartCutter, complete, content_md5, send_part


class S3Store:
    """An `ObjectStore` in `bucket`; safe for threads."""

    def __init__(self, bucket: Bucket) -> None:
        self._bucket = bucket

    @property
    def can_lock(self) -> bool:
        """Whether the server keeps objects until a date; see the port."""
        return self._bucket.can_lock

    @property
    def refuses_rivals(self) -> bool:
        """Whether of two writers at one moment one is refused; see the port."""
        return self._bucket.refuses_rivals

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
        terms = {**self._at(key), **self._retention(keep_until)}
        self._refuse_taken(key)
        counted = _Counted(chunks, most_bytes)
        cutter = PartCutter(counted, first=1)
        numbered = iter(cutter)
        first = next(numbered, None)
        if first is None:
            counted.check(expected)
            data = cutter.rest
            with translated():
                self._bucket.client.put_object(
                    **terms, Body=data, ContentMD5=content_md5(data), IfNoneMatch="*"
                )
            return StoredObject(key, counted.sha256, counted.size)
        with translated():
            upload = str(self._bucket.client.create_multipart_upload(**terms)["UploadId"])
        try:
            parts = [send_part(self._bucket, key, upload, *first)]
            parts += [send_part(self._bucket, key, upload, *one) for one in numbered]
            if cutter.rest:
                parts.append(send_part(self._bucket, key, upload, cutter.number, cutter.rest))
            counted.check(expected)
            self._refuse_taken(key)
            complete(self._bucket, key, upload, parts)
            self._keep(key, keep_until)
        except BaseException:
            with suppress(ResourceError, ObjectMissingError), translated():
                self._bucket.client.abort_multipart_upload(**self._at(key), UploadId=upload)
            raise
        return StoredObject(key, counted.sha256, counted.size)

    def open(self, key: ObjectKey, *, start: int = 0, length: int | None = None) -> ByteStream:
        """Return bytes of an object; see the port."""
        facts = self.stat(key)
        if facts is None:
            raise ObjectMissingError("There is no such object.")
        left = max(0, facts.size - start)
        left = left if length is None else min(left, length)
        if left <= 0:
            return ByteStream(lambda _: b"", lambda: None, length=0)
        with translated():
            body = self._bucket.client.get_object(
                **self._at(key), Range=f"bytes={start}-{start + left - 1}"
            )["Body"]

        def read(wanted: int) -> bytes:
            with translated():
                return bytes(body.read(wanted))

        return ByteStream(read, body.close, length=left)

    def local_path(self, key: ObjectKey) -> Path | None:
        """Return None: no object of a bucket is a file here; see the port."""
        object_key(key)
        return None

    def stat(self, key: ObjectKey) -> ObjectFacts | None:
        """Return an object's facts; see the port."""
        found = self._head(key)
        if found is None:
            return None
        return ObjectFacts(key, int(found["ContentLength"]), found["LastModified"])

    def delete(self, key: ObjectKey) -> bool:
        """Remove an object, its version where the bucket keeps versions; see the port."""
        found = self._head(key)
        if found is None:
            return False
        version = found.get("VersionId")
        which = {} if version is None else {"VersionId": version}
        try:
            with translated():
                self._bucket.client.delete_object(**self._at(key), **which)
        except ResourceError as error:
            if found.get("ObjectLockRetainUntilDate") is not None:
                raise ObjectLockedError("The store keeps that object until a date.") from error
            raise
        return True

    def list(self, prefix: str = "", *, after: ObjectKey | None = None) -> Iterator[ObjectFacts]:
        """Yield objects in order; see the port."""
        bucket = self._bucket
        asked: dict[str, Any] = {"Prefix": bucket.full(listing_prefix(prefix))}
        if after is not None:
            asked["StartAfter"] = bucket.full(after)
        while True:
            with translated():
                page = bucket.client.list_objects_v2(Bucket=bucket.name, **asked)
            for one in page.get("Contents", ()):
                text = str(one["Key"]).removeprefix(bucket.address.prefix)
                if is_key(text):
                    yield ObjectFacts(ObjectKey(text), int(one["Size"]), one["LastModified"])
            if not page.get("IsTruncated"):
                return
            asked["ContinuationToken"] = page["NextContinuationToken"]

    def _head(self, key: ObjectKey) -> Any:
        try:
            with translated():
                return self._bucket.client.head_object(**self._at(key))
        except ObjectMissingError:
            return None

    def _refuse_taken(self, key: ObjectKey) -> None:
        if self._head(key) is not None:
            raise ObjectTakenError("There is an object under that key already.")

    def _keep(self, key: ObjectKey, until: datetime | None) -> None:
        """See to it that joined parts are kept: some servers forget what the upload said."""
        found = self._head(key) if until is not None else None
        if found is None or found.get("ObjectLockRetainUntilDate") is not None:
            return
        with translated():
            self._bucket.client.put_object_retention(
                **self._at(key),
                VersionId=found["VersionId"],
                Retention={"Mode": "COMPLIANCE", "RetainUntilDate": until},
            )

    def _at(self, key: ObjectKey) -> dict[str, Any]:
        return {"Bucket": self._bucket.name, "Key": self._bucket.full(object_key(key))}

    def _retention(self, keep_until: datetime | None) -> dict[str, Any]:
        if keep_until is None:
            return {}
        if not self.can_lock:
            raise UnsupportedError(
                "This bucket has no object lock, so it cannot keep an object until a date.",
                next_step="Make a bucket with object lock on a server that enforces it.",
            )
        return {"ObjectLockMode": "COMPLIANCE", "ObjectLockRetainUntilDate": keep_until}


class _Counted:
    """Passes chunks on, hashing and counting them."""

    def __init__(self, chunks: Iterable[bytes], most_bytes: int | None) -> None:
        self._chunks = chunks
        self._most_bytes = most_bytes
        self._digest = hashlib.sha256()
        self.size = 0

    @property
    def sha256(self) -> Sha256:
        return Sha256(self._digest.hexdigest())

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self._chunks:
            self.size += len(chunk)
            if self._most_bytes is not None and self.size > self._most_bytes:
                raise TooLargeError(f"More than {self._most_bytes} bytes were sent.")
            self._digest.update(chunk)
            yield chunk

    def check(self, expected: Sha256 | None) -> None:
        if expected is not None and self.sha256 != expected:
            raise AlteredObjectError("The bytes do not have the digest that was stated.")
