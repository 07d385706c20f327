"""A bucket that is watched: the objects under a prefix, whatever they are called.

An object is complete once it can be seen; working names of uploaders (`.part`, ...) are left
alone all the same. A version is the entity tag, the size and the second of the last change. One
watcher at a time works in a bucket; a server that heeds `If-None-Match` keeps out others as well.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, BinaryIO, cast

from pipelines.errors import ResourceError, UnreadableError
from services.storage.errors import ObjectMissingError, ObjectTakenError
from services.storage.keys import ObjectKey
from services.storage.s3_client import Bucket, translated
from services.storage.s3_parts import PartCutter, complete, content_md5, send_part
from services.watcher.place import UNFINISHED, Seen

_READ_BYTES = 1 << 20


class BucketPlace:
    """The `Place` of the objects under `bucket`'s prefix."""

    def __init__(self, bucket: Bucket) -> None:
        self._bucket = bucket

    def list(self) -> Iterator[Seen]:
        """Every object, in the order of keys."""
        bucket, asked = self._bucket, dict[str, Any]()
        while True:
            with translated():
                page = bucket.client.list_objects_v2(
                    Bucket=bucket.name, Prefix=bucket.address.prefix, **asked
                )
            for one in page.get("Contents", ()):
                name = str(one["Key"]).removeprefix(bucket.address.prefix)
                if name and not name.endswith("/") and not name.lower().endswith(UNFINISHED):
                    yield _seen(name, int(one["Size"]), one)
            if not page.get("IsTruncated"):
                return
            asked = {"ContinuationToken": page["NextContinuationToken"]}

    def look(self, name: str) -> Seen | None:
        """The object as it is now."""
        try:
            with translated():
                found = self._bucket.client.head_object(**self._at(name))
        except ObjectMissingError:
            return None
        return _seen(name, int(found["ContentLength"]), found)

    @contextmanager
    def open(self, name: str) -> Iterator[BinaryIO]:
        """Read an object from its beginning."""
        try:
            with translated():
                body = self._bucket.client.get_object(**self._at(name))["Body"]
        except ObjectMissingError as error:
            raise UnreadableError(f"{name} is gone.") from error
        try:
            yield cast(BinaryIO, _Body(body))
        finally:
            body.close()

    def put(self, name: str, source: BinaryIO) -> bool:
        """Store an object in one piece or in parts; False where the key is taken."""
        if self.look(name) is not None:
            return False
        cutter = PartCutter(iter(lambda: source.read(_READ_BYTES), b""), first=1)
        numbered = iter(cutter)
        first = next(numbered, None)
        try:
            if first is None:
                data = cutter.rest
                with translated():
                    self._bucket.client.put_object(
                        **self._at(name), Body=data, ContentMD5=content_md5(data), IfNoneMatch="*"
                    )
            else:
                self._put_parts(name, cutter, first, numbered)
        except ObjectTakenError:
            return False
        return True

    def move(self, name: str, to: str) -> None:
        """Copy within the server, then remove: an object has no second name."""
        source, target = self.look(name), self.look(to)
        if source is None:
            return
        if target is None:
            copied = {"Bucket": self._bucket.name, "Key": self._bucket.full(name)}
            with translated():
                # In parts where it is large: a plain copy ends at 5 GiB.
                self._bucket.client.copy(copied, self._bucket.name, self._bucket.full(to))
        elif self._sha256(name) != self._sha256(to):
            raise ResourceError(f"{to} is taken by another file.", next_step="Move that one away.")
        with translated():
            self._bucket.client.delete_object(**self._at(name))

    def _sha256(self, name: str) -> bytes:
        digest = hashlib.sha256()
        with self.open(name) as source:
            while block := source.read(_READ_BYTES):
                digest.update(block)
        return digest.digest()

    def _put_parts(
        self,
        name: str,
        cutter: PartCutter,
        first: tuple[int, bytes],
        numbered: Iterator[tuple[int, bytes]],
    ) -> None:
        key = ObjectKey(name)
        with translated():
            started = self._bucket.client.create_multipart_upload(**self._at(name))
        upload = str(started["UploadId"])
        try:
            parts = [send_part(self._bucket, key, upload, *first)]
            parts += [send_part(self._bucket, key, upload, *one) for one in numbered]
            if cutter.rest:
                parts.append(send_part(self._bucket, key, upload, cutter.number, cutter.rest))
            complete(self._bucket, key, upload, parts)
        except BaseException:
            with suppress(ResourceError, ObjectMissingError), translated():
                self._bucket.client.abort_multipart_upload(**self._at(name), UploadId=upload)
            raise

    def _at(self, name: str) -> dict[str, str]:
        return {"Bucket": self._bucket.name, "Key": self._bucket.full(name)}


class _Body:
    """The bytes of an object, with errors of the line as ours."""

    def __init__(self, body: Any) -> None:
        self._body = body

    def read(self, size: int = -1) -> bytes:
        """Read up to `size` bytes, all of them where it is negative."""
        with translated():
            return bytes(self._body.read(None if size < 0 else size))


def _seen(name: str, size: int, facts: Any) -> Seen:
    # Listings tell milliseconds where a look tells seconds.
    moment = int(facts["LastModified"].timestamp())
    tag = str(facts["ETag"]).strip('"')
    return Seen(name, size, f"{tag}-{size}-{moment}")
