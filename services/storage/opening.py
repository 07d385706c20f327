"""Opens the store that a process was told of: a folder, or a bucket (`s3://bucket/prefix`)."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from pipelines.errors import RequestError
from services.storage.folder_files import FolderArea
from services.storage.folder_partials import FolderPartials
from services.storage.folder_store import FolderStore
from services.storage.port import Storage
from services.storage.s3_client import BucketAddress, open_bucket
from services.storage.s3_partials import S3Partials
from services.storage.s3_store import S3Store

_BUCKET = re.compile(
    r"s3://([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])((?:/[A-Za-z0-9_][A-Za-z0-9._-]*)*/?)"
)


def open_folder(root: Path) -> Storage:
    """Open the store in a folder, which is made where it is missing."""
    area = FolderArea(root)
    return Storage(FolderStore(area), FolderPartials(area))


def open_s3(address: BucketAddress) -> Storage:
    """Open the store in a bucket, which must be there; `ResourceError` where it is not."""
    bucket = open_bucket(address)
    return Storage(S3Store(bucket), S3Partials(bucket))


def open_storage(where: str, address: BucketAddress) -> Storage:
    """Open the store at `where`; `address` says how a bucket is reached, but for its name."""
    if not where.startswith("s3://"):
        return open_folder(Path(where))
    parts = _BUCKET.fullmatch(where)
    if parts is None:
        raise RequestError(
            "The address of the artifacts' bucket is not one.",
            next_step="Write it like s3://bucket or s3://bucket/prefix.",
        )
    prefix = (parts[2] or "").strip("/")
    return open_s3(replace(address, bucket=parts[1], prefix=f"{prefix}/" if prefix else ""))
