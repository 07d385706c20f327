"""Cutting a stream into the parts of a multipart upload, and sending one.

Parts are held in memory one at a time. They grow with their number, so that 10,000 of them, all
that S3 takes, hold half a tebibyte and a short upload costs little memory.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from pipelines.errors import TooLargeError
from services.storage.keys import ObjectKey
from services.storage.s3_client import Bucket, translated

LEAST_PART_BYTES = 5 << 20
"""S3 takes no shorter part, but for the last one."""

_SMALL_BYTES, _LARGE_BYTES = 8 << 20, 64 << 20
_SMALL_PARTS = 1_000
_MOST_PARTS = 10_000


@dataclass(frozen=True, slots=True)
class Part:
    """A part that the server holds."""

    number: int
    etag: str
    size: int


def part_bytes(number: int) -> int:
    """Return how long part `number` (from 1) is; `TooLargeError` beyond the last."""
    if number > _MOST_PARTS:
        most = _SMALL_PARTS * _SMALL_BYTES + (_MOST_PARTS - _SMALL_PARTS) * _LARGE_BYTES
        raise TooLargeError(f"The object store takes {most} bytes in one object.")
    return _SMALL_BYTES if number <= _SMALL_PARTS else _LARGE_BYTES


class PartCutter:
    """Iterates over whole parts of `chunks`; afterwards `rest` holds the bytes that are left.

    `rest` is right after an error of `chunks` as well.
    """

    def __init__(self, chunks: Iterable[bytes], *, first: int) -> None:
        self._chunks = chunks
        self._number = first
        self._held = bytearray()

    @property
    def rest(self) -> bytes:
        """What was taken from `chunks` and not handed out."""
        return bytes(self._held)

    @property
    def number(self) -> int:
        """The number of the part that comes next."""
        return self._number

    def __iter__(self) -> Iterator[tuple[int, bytes]]:
        """Yield numbers and parts."""
        for chunk in self._chunks:
            self._held += chunk
            while len(self._held) >= (wanted := part_bytes(self._number)):
                part = bytes(memoryview(self._held)[:wanted])
                del self._held[:wanted]
                self._number += 1
                yield self._number - 1, part


def send_part(bucket: Bucket, key: ObjectKey, upload: str, number: int, data: bytes) -> Part:
    """Send one part; the server compares its digest with what we sent."""
    part_bytes(number)
    with translated():
        sent = bucket.client.upload_part(
            Bucket=bucket.name,
            Key=bucket.full(key),
            UploadId=upload,
            PartNumber=number,
            Body=data,
            ContentMD5=content_md5(data),
        )
    return Part(number, str(sent["ETag"]), len(data))


def complete(bucket: Bucket, key: ObjectKey, upload: str, parts: Iterable[Part]) -> None:
    """Make the parts an object; the key must have been seen to be free."""
    listed = [{"PartNumber": one.number, "ETag": one.etag} for one in parts]
    with translated():
        bucket.client.complete_multipart_upload(
            Bucket=bucket.name,
            Key=bucket.full(key),
            UploadId=upload,
            MultipartUpload={"Parts": listed},
            IfNoneMatch="*",
        )


def held_parts(bucket: Bucket, key: ObjectKey, upload: str) -> list[Part]:
    """List what the server holds of an upload; `ObjectMissingError` where it knows none."""
    found: list[Part] = []
    asked: dict[str, Any] = {}
    with translated():
        while True:
            page = bucket.client.list_parts(
                Bucket=bucket.name, Key=bucket.full(key), UploadId=upload, **asked
            )
            found += [
                Part(int(one["PartNumber"]), str(one["ETag"]), int(one["Size"]))
                for one in page.get("Parts", ())
            ]
            if not page.get("IsTruncated"):
                return found
            asked = {"PartNumberMarker": int(page["NextPartNumberMarker"])}


def content_md5(data: bytes) -> str:
    """Return the sum that S3 compares on arrival: against a broken line, not against a forger."""
    return base64.b64encode(hashlib.md5(data, usedforsecurity=False).digest()).decode("ascii")
