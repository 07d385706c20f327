"""Opens the store of artifacts that the settings name: a folder of the home, or a bucket."""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.cli.records_wiring import server_extra
from services.settings.settings import Settings

if TYPE_CHECKING:
    from services.storage.port import Storage
    from services.telemetry.metrics import Metrics

STORE = "artifact store"
"""What its breaker is called."""


def storage(settings: Settings, metrics: Metrics | None = None) -> Storage:
    """Open the store; `metrics` count its calls, and have its breaker.

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
    if metrics is None:
        return found
    return counted(found, metrics.services, metrics.breakers.of(STORE))
