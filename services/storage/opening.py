"""Opens the store that a process was told of: a folder, or a bucket."""

from __future__ import annotations

from pathlib import Path

from services.storage.folder_files import FolderArea
from services.storage.folder_partials import FolderPartials
from services.storage.folder_store import FolderStore
from services.storage.port import Storage
from services.storage.s3_client import BucketAddress, open_bucket
from services.storage.s3_partials import S3Partials
from services.storage.s3_store import S3Store


def open_folder(root: Path) -> Storage:
    """Open the store in a folder, which is made where it is missing."""
    area = FolderArea(root)
    return Storage(FolderStore(area), FolderPartials(area))


def open_s3(address: BucketAddress) -> Storage:
    """Open the store in a bucket, which must be there; `ResourceError` where it is not."""
    bucket = open_bucket(address)
    return Storage(S3Store(bucket), S3Partials(bucket))
