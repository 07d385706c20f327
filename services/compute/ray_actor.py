"""What runs in a worker process of Ray: one segment worker, and a word for how far it is.

Secrets of the store come from the environment of the machine's own node, never through Ray.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from models import catalog
from services.compute.order import Ended, Order
from services.compute.ray_settings import RaySettings
from services.compute.segment_worker import SegmentWorker, Watch
from services.storage.opening import open_storage
from services.storage.s3_client import BucketAddress

ACCESS_KEY, SECRET_KEY = "EVIDENT_S3_ACCESS_KEY", "EVIDENT_S3_SECRET_KEY"


class RenderActor:
    """Renders one order at a time; `frames` and `stop` are answered meanwhile."""

    def __init__(self, settings: str) -> None:
        told = RaySettings.load(settings)
        # A node's own home counts, if it has one: folders need not be called alike everywhere.
        home = Path(os.environ.get("EVIDENT_HOME") or told.home)
        catalog.look_in(home / "models")
        folder = home / "compute"
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        _remove_orphans(folder)
        self._folder = Path(tempfile.mkdtemp(dir=folder, prefix=f"worker-{os.getpid()}-"))
        store = open_storage(told.artifacts, _address(told, os.environ)).objects
        self._worker = SegmentWorker(store, self._folder, where={"pool": "ray"})
        self._stopped: set[int] = set()
        self._watch: Watch | None = None

    def hello(self) -> dict[str, Any]:
        """Say which process this is."""
        return {"pid": os.getpid()}

    def render(self, number: int, order: str) -> str:
        """Render the order with this number; returns how it ended."""
        self._watch = Watch(lambda: number in self._stopped)
        try:
            return self._worker.render(Order.load(order), self._watch).dump()
        except BaseException as error:  # noqa: BLE001 - the border between two processes
            return Ended.of(error).dump()

    def frames(self) -> int:
        """How many frames of the order are rendered."""
        return 0 if self._watch is None else self._watch.frames

    def stop(self, number: int) -> None:
        """Stop the order with this number within a frame, or before it begins."""
        self._stopped.add(number)

    def close(self) -> None:
        """Remove what was fetched."""
        self._worker.close()


def _remove_orphans(folder: Path) -> None:
    """Remove what workers of this machine left that were killed."""
    for left in folder.glob("worker-*-*"):
        process = left.name.split("-")[1]
        if process.isdecimal() and not Path("/proc", process).exists():
            shutil.rmtree(left, ignore_errors=True)


def _address(told: RaySettings, environment: Mapping[str, str]) -> BucketAddress:
    return BucketAddress(
        bucket="",
        endpoint=told.s3_endpoint,
        region=told.s3_region,
        access_key=environment.get(ACCESS_KEY),
        secret_key=environment.get(SECRET_KEY),
    )
