"""Opens the store of artifacts that the settings name: a folder of the home, or a bucket."""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.cli.records_wiring import server_extra
from services.settings.settings import Settings

if TYPE_CHECKING:
    from services.storage.counted import StoreTally
    from services.storage.port import Storage


def storage(settings: Settings, *, tally: StoreTally | None = None) -> Storage:
    """Open the store; `tally` counts its calls.

    Raises RequestError for a wrong address, ResourceError for a missing one.
    """
    with server_extra():
        from services.storage.counted import counted  # noqa: PLC0415 - with S3, an extra
        from services.storage.opening import open_storage  # noqa: PLC0415 - S3 is an extra
        from services.storage.s3_client import BucketAddress  # noqa: PLC0415 - the same
    access, secret = settings.s3_access_key, settings.s3_secret_key
    address = BucketAddress(
        bucket="",
        endpoint=settings.s3_endpoint,
        region=settings.s3_region,
        access_key=None if access is None else access.get_secret_value(),
        secret_key=None if secret is None else secret.get_secret_value(),
    )
    found = open_storage(settings.artifacts or str(settings.home / "artifacts"), address)
    return found if tally is None else counted(found, tally)
