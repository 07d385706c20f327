"""The one file that knows boto3: how a bucket is reached, and what its errors mean.

Works with any server that speaks S3 with multipart uploads. Whether the server really refuses to
write a key twice, and whether it enforces object lock, is asked of it when it is opened, with a
throw-away object: some servers accept both headers and heed neither.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from pipelines.errors import DiskFullError, RequestError, ResourceError, UnsupportedError
from services.storage.errors import ObjectMissingError, ObjectTakenError

_MISSING = {"404", "NoSuchKey", "NoSuchUpload", "NotFound"}
_TAKEN = {"412", "PreconditionFailed", "ConditionalRequestConflict"}
_FULL = {"QuotaExceeded", "XAmzStorageFull", "InsufficientStorage", "507"}
_TRIES = 4


@dataclass(frozen=True, slots=True)
class BucketAddress:
    """Where a bucket is and who asks for it; without keys boto3 looks for them in its places."""

    bucket: str
    endpoint: str | None = None
    region: str = "us-east-1"
    access_key: str | None = None
    secret_key: str | None = None
    prefix: str = ""
    connect_seconds: float = 5.0
    answer_seconds: float = 60.0

    def __repr__(self) -> str:
        """Say where, never with which key."""
        return f"BucketAddress(bucket={self.bucket!r}, endpoint={self.endpoint!r})"


@dataclass(frozen=True, slots=True)
class Bucket:
    """An opened bucket: boto3's client, and what its server was seen to do."""

    client: Any
    address: BucketAddress
    refuses_rivals: bool
    can_lock: bool

    @property
    def name(self) -> str:
        """The bucket's name."""
        return self.address.bucket

    def full(self, key: str) -> str:
        """Return the key as the server has it."""
        return self.address.prefix + key


def open_bucket(address: BucketAddress) -> Bucket:
    """Reach a bucket and see what its server does; `ResourceError` where it does not answer."""
    client = _client(address)
    with translated():
        client.head_bucket(Bucket=address.bucket)
    return Bucket(client, address, _refuses_rivals(client, address), _locks(client, address))


@contextmanager
def translated() -> Iterator[None]:
    """Turn boto3's errors into ours; a reason never carries a key or a signed address."""
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - an extra
    from urllib3.exceptions import HTTPError  # noqa: PLC0415 - what a body that breaks off raises

    try:
        yield
    except ClientError as error:
        raise _ours(str(error.response.get("Error", {}).get("Code", ""))) from error
    except (BotoCoreError, HTTPError, OSError) as error:
        raise ResourceError(
            f"The object store does not answer: {type(error).__name__}.",
            next_step="See whether the S3 server runs and can be reached.",
        ) from error


def _ours(code: str) -> Exception:
    if code in _MISSING:
        return ObjectMissingError("There is no such object.")
    if code in _TAKEN:
        return ObjectTakenError("There is an object under that key already.")
    if code in _FULL:
        return DiskFullError(
            "The object store has no space left.", next_step="Free some, or raise its quota."
        )
    return ResourceError(
        f"The object store refused: {code or 'no reason given'}.",
        next_step="Check the bucket, its keys and their rights.",
    )


def _client(address: BucketAddress) -> Any:
    try:
        import boto3  # noqa: PLC0415 - an extra: a folder needs none
        from botocore.config import Config  # noqa: PLC0415 - the same
    except ModuleNotFoundError as error:
        raise UnsupportedError(
            f"This installation cannot speak S3: {error.name} is missing.",
            next_step="Install evident with its extra: s3.",
        ) from error
    config = Config(
        connect_timeout=address.connect_seconds,
        read_timeout=address.answer_seconds,
        retries={"mode": "standard", "total_max_attempts": _TRIES},
        s3={"addressing_style": "path"},
        max_pool_connections=32,
        # Newer sums than a server knows make it refuse; ours go as Content-MD5, which all know.
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
    )
    try:
        return boto3.client(
            "s3",
            endpoint_url=address.endpoint,
            region_name=address.region,
            aws_access_key_id=address.access_key,
            aws_secret_access_key=address.secret_key,
            config=config,
        )
    except ValueError as error:
        raise RequestError(
            "The address of the object store is not one.",
            next_step="Write it like https://s3.example.org.",
        ) from error


def _refuses_rivals(client: Any, address: BucketAddress) -> bool:
    where = {"Bucket": address.bucket, "Key": f"{address.prefix}probe/{secrets.token_hex(16)}"}
    with translated():
        client.put_object(**where, Body=b"", IfNoneMatch="*")
    try:
        with translated():
            client.put_object(**where, Body=b"", IfNoneMatch="*")
    except ObjectTakenError:
        return True
    finally:
        with translated():
            client.delete_object(**where)
    return False


def _locks(client: Any, address: BucketAddress) -> bool:
    from botocore.exceptions import ClientError  # noqa: PLC0415 - an extra

    try:
        found = client.get_object_lock_configuration(Bucket=address.bucket)
    except ClientError:
        return False
    return bool(found.get("ObjectLockConfiguration", {}).get("ObjectLockEnabled") == "Enabled")
