"""A deployment as processes: gateway and orchestrator apart, over PostgreSQL, Redis and S3."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.e2e.command_kit import Evident, make_clip
from tests.servers.temporary_postgres import running_postgres
from tests.servers.temporary_redis import running_redis
from tests.servers.temporary_s3 import ACCESS_KEY, SECRET_KEY, ceph, client, new_bucket


@dataclass(frozen=True)
class Deployed(Evident):
    """The command line with the addresses of a deployment's servers."""

    servers: tuple[tuple[str, str], ...] = ()

    @property
    def environment(self) -> dict[str, str]:
        """An environment that names them."""
        return {**super().environment, **dict(self.servers)}


@pytest.fixture
def deployed(
    shared: Path, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Deployed]:
    """Servers of every kind, empty."""
    with ExitStack() as servers:
        records = servers.enter_context(running_postgres()).database()
        redis = servers.enter_context(running_redis())
        endpoint = servers.enter_context(ceph(shared / "services", tmp_path_factory.mktemp("s3")))
        bucket = new_bucket(endpoint).bucket
        addresses = {
            "EVIDENT_RECORDS": records,
            "EVIDENT_BROKER": redis.url,
            "EVIDENT_ARTIFACTS": f"s3://{bucket}/evident",
            "EVIDENT_S3_ENDPOINT": endpoint,
            "EVIDENT_S3_ACCESS_KEY": ACCESS_KEY,
            "EVIDENT_S3_SECRET_KEY": SECRET_KEY,
            # What is kept to be used again would lie beside what jobs made.
            "EVIDENT_REUSE_BYTES": "0",
            "EVIDENT_LOG_COPY_SECONDS": "0",
        }
        yield Deployed(tmp_path, servers=tuple(addresses.items()))


@contextmanager
def running(evident: Evident, log: Path, *words: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run a service; afterwards it has drained and ended well."""
    with log.open("wb") as said:
        process = subprocess.Popen(
            evident.command(*words), cwd=evident.folder, env=evident.environment,
            stdout=said, stderr=said,
        )  # fmt: skip
    try:
        yield process
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=90) == 0, log.read_text(errors="replace")[-3000:]
    finally:
        process.kill()
        process.wait()


def address_in(log: Path) -> str:
    """Wait for the address that a gateway prints."""
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline:
        said = log.read_text(errors="replace")
        found = re.search(r"^http://127\.0\.0\.1:\d+$", said, re.MULTILINE)
        if found:
            return found[0]
        time.sleep(0.1)
    pytest.fail(log.read_text(errors="replace")[-3000:])


def test_services_apart_do_what_one_process_does(
    deployed: Deployed, photo: Path, tmp_path: Path
) -> None:
    """Over PostgreSQL, Redis and S3 a photo and a clip are worked on elsewhere, and verify."""
    clip = make_clip(tmp_path / "tram.mp4", frames=30)
    gateway, worker = tmp_path / "gateway.log", tmp_path / "worker.log"
    with (
        running(deployed, gateway, "gateway", "--port", "0"),
        running(deployed, worker, "orchestrator"),
    ):
        address = address_in(gateway)
        done = deployed("submit", photo, clip, "--gateway", address, "--out", "out", "--json")
        assert done.code == 0, done.err + worker.read_text(errors="replace")[-2000:]
        jobs = done.json["jobs"]
        assert [one["state"] for one in jobs] == ["done", "done"]
        for one in jobs:
            bundle = next(made["path"] for made in one["outputs"] if made["name"] == "bundle.zip")
            assert deployed("verify", bundle).code == 0
    named = dict(deployed.servers)
    bucket = named["EVIDENT_ARTIFACTS"].split("/")[2]
    listed = client(named["EVIDENT_S3_ENDPOINT"]).list_objects_v2(Bucket=bucket)["Contents"]
    made = {one["artifact"] for job in jobs for one in job["outputs"]}
    taken = {job["artifact"] for job in jobs}
    assert len(listed) == len(made | taken)
    assert all(one["Key"].startswith("evident/artifacts/") for one in listed)
    assert not (tmp_path / "home" / "records.db").exists()
    assert deployed("log", "fsck", "--bodies").code == 0
    assert os.listdir(tmp_path / "home" / "work") == []  # noqa: PTH208 - the names alone
