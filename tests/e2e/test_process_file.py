"""The process file's own lines, against a real PostgreSQL, Redis, S3 server and pool of Ray."""

from __future__ import annotations

import shlex
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from string import Template

import httpx
import pytest

from tests.e2e.command_kit import ROOT, Evident, entries_of, make_clip
from tests.servers.missing import free_port
from tests.servers.temporary_postgres import running_postgres
from tests.servers.temporary_redis import running_redis
from tests.servers.temporary_s3 import new_bucket, rclone

LINES = dict(
    line.split(": ", 1) for line in (ROOT / "deploy" / "Procfile").read_text("utf-8").splitlines()
)
PATIENCE_SECONDS = 240


@pytest.fixture
def told(evident: Evident, tmp_path: Path) -> Iterator[dict[str, str]]:
    """What every process of the deployment is told."""
    with ExitStack() as servers:
        postgres = servers.enter_context(running_postgres())
        redis = servers.enter_context(running_redis())
        (tmp_path / "s3").mkdir()
        bucket = new_bucket(servers.enter_context(rclone(tmp_path / "s3")))
        watched = tmp_path / "in"
        watched.mkdir()
        rules = tmp_path / "rules.toml"
        rules.write_text('[watch]\nsettle_seconds = 1\n[[rule]]\npreset = "balanced"\n')
        yield {
            **evident.environment,
            "EVIDENT_PORT": str(free_port()),
            "EVIDENT_LOG_PORT": str(free_port()),
            "EVIDENT_KEEPER_METRICS": str(free_port()),
            "EVIDENT_WORKER_METRICS": str(free_port()),
            "EVIDENT_RECORDS": postgres.database(),
            "EVIDENT_BROKER": redis.url,
            "EVIDENT_ARTIFACTS": f"s3://{bucket.bucket}/artifacts",
            "EVIDENT_S3_ENDPOINT": str(bucket.endpoint),
            "EVIDENT_S3_ACCESS_KEY": str(bucket.access_key),
            "EVIDENT_S3_SECRET_KEY": str(bucket.secret_key),
            "EVIDENT_WATCHED": str(watched),
            "EVIDENT_RULES": str(rules),
            "EVIDENT_KEYS": str(tmp_path / "keys.toml"),
            "EVIDENT_COMPUTE": "ray",
        }


@contextmanager
def running(evident: Evident, told: dict[str, str], name: str, log: Path) -> Iterator[None]:
    """Run one line of the process file; afterwards it has ended well at a SIGTERM."""
    words = shlex.split(Template(LINES[name]).substitute(told))
    with log.open("wb") as said:
        process = subprocess.Popen(
            evident.command(*words[1:]), env=told, cwd=evident.folder, stdout=said, stderr=said
        )
    try:
        yield
        assert process.poll() is None, f"{name} ended: {log.read_text('utf-8')[-2000:]}"
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0, f"{name}: {log.read_text('utf-8')[-2000:]}"
    finally:
        process.kill()
        process.wait()


def until(holds: Callable[[], bool], what: str) -> None:
    """Wait for a condition."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not holds():
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        time.sleep(0.2)


def is_ready(told: dict[str, str]) -> bool:
    """Whether the gateway says that it is ready."""
    try:
        address = f"http://127.0.0.1:{told['EVIDENT_PORT']}/readyz"
        return httpx.get(address, trust_env=False, timeout=5).status_code == 200
    except httpx.HTTPError:
        return False


def counts(told: dict[str, str], port: str) -> str:
    """What a process shows; the gateway asks for the operator's key."""
    words = (Path(told["EVIDENT_HOME"]) / "credentials").read_text("utf-8").strip()
    bearer = {"Authorization": f"Bearer {words.removeprefix('EVIDENT_KEY=')}"}
    address = f"http://127.0.0.1:{told[port]}/metrics"
    return httpx.get(address, headers=bearer, trust_env=False, timeout=20).text


def test_the_set_takes_work_by_both_ways_and_drains(
    evident: Evident, told: dict[str, str], photo: Path, tmp_path: Path
) -> None:
    """A photograph by each way and a probe go through: bundles, log and counts hold."""
    with ExitStack() as processes:

        def start(name: str) -> None:
            processes.enter_context(running(evident, told, name, tmp_path / f"{name}.log"))

        start("gateway")
        until(lambda: is_ready(told), "the gateway")
        for name in ("keeper", "worker", "log", "probe"):
            start(name)
        key = (tmp_path / "home" / "credentials").read_text("utf-8").strip()
        keys = Path(told["EVIDENT_KEYS"])
        keys.touch(0o600)
        keys.write_text(f'[keys]\ndefault = "{key.removeprefix("EVIDENT_KEY=")}"\n')
        (Path(told["EVIDENT_WATCHED"]) / "other.png").write_bytes(photo.read_bytes() + b"\0")
        start("watcher")

        gateway = f"http://127.0.0.1:{told['EVIDENT_PORT']}"
        clip = make_clip(tmp_path / "clip.mp4", frames=24, step=512 * 5)
        done = evident("submit", photo, clip, "--gateway", gateway, "--out", "results", "--json")
        assert done.code == 0, done.err
        assert [one["state"] for one in done.json["jobs"]] == ["done", "done"]
        of_clip = evident.folder / "results" / clip.name / "bundle.zip"
        rendered = [one for one in entries_of(of_clip) if one["kind"] == "operation"]
        assert {one["body"]["rendered_by"]["pool"] for one in rendered} == {"ray"}
        results = Path(told["EVIDENT_WATCHED"]) / "results" / "other.png"
        until((results / "bundle.zip").exists, "the watched file's results")
        until(lambda: "evident_probe_age_seconds " in counts(told, "EVIDENT_PORT"), "a probe")
        worked = counts(told, "EVIDENT_WORKER_METRICS")
        assert 'evident_stage_seconds_count{ended="done",lane="photo"}' in worked
        assert 'duty="seal"' in counts(told, "EVIDENT_KEEPER_METRICS")
        public = f"http://127.0.0.1:{told['EVIDENT_LOG_PORT']}/v1/log/checkpoint"
        assert httpx.get(public, trust_env=False, timeout=10).status_code == 200
        for bundle in (
            evident.folder / "results" / photo.name / "bundle.zip",
            of_clip,
            results / "bundle.zip",
        ):
            assert evident("verify", bundle, "--json").code == 0
    assert evident("log", "fsck", "--bodies").code == 0
