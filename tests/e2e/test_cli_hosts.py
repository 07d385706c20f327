"""Two homes that share records, broker, store and an address: one seals, the other works."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import ssl
import subprocess
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.e2e.command_kit import Evident, Said, entries_of, make_clip
from tests.servers.missing import free_port
from tests.servers.temporary_postgres import running_postgres
from tests.servers.temporary_redis import running_redis
from tests.servers.temporary_s3 import new_bucket, rclone

PATIENCE_SECONDS = 240
_ADDRESS = re.compile(r"^http://127\.0\.0\.1:\d+$", re.MULTILINE)


@dataclass(frozen=True)
class Host(Evident):
    """One host: a home of its own, and what it is told."""

    told: tuple[tuple[str, str], ...] = ()

    @property
    def home(self) -> Path:
        """Its home."""
        return self.folder / "home"

    @property
    def environment(self) -> dict[str, str]:
        """Its environment: nothing of another host's home."""
        return {**super().environment, "EVIDENT_HOST": self.folder.name, **dict(self.told)}


@dataclass(frozen=True)
class Hosts:
    """The host of the log, a worker's and a gateway's, and where the log's service listens."""

    log: Host
    worker: Host
    gateway: Host
    port: int
    chain: Path
    private: Path

    def with_tokens(self) -> None:
        """Carry each token to the host that it is for, as an operator would."""
        for host, name in ((self.worker, "worker.token"), (self.gateway, "gateway.token")):
            shutil.copy(self.log.home / "provenance" / name, host.folder / name)


@pytest.fixture
def hosts(tmp_path: Path, certificate: tuple[Path, Path]) -> Iterator[Hosts]:
    """Three homes over a PostgreSQL, a Redis and an S3 server; the log is asked by TLS."""
    with ExitStack() as servers:
        records = servers.enter_context(running_postgres()).database()
        redis = servers.enter_context(running_redis())
        (tmp_path / "s3").mkdir()
        bucket = new_bucket(servers.enter_context(rclone(tmp_path / "s3")))
        shared = {
            "EVIDENT_RECORDS": records,
            "EVIDENT_BROKER": redis.url,
            "EVIDENT_ARTIFACTS": f"s3://{bucket.bucket}/artifacts",
            "EVIDENT_S3_ENDPOINT": str(bucket.endpoint),
            "EVIDENT_S3_ACCESS_KEY": str(bucket.access_key),
            "EVIDENT_S3_SECRET_KEY": str(bucket.secret_key),
            "EVIDENT_LOG_COPY_SECONDS": "0",
        }
        port = free_port()

        def host(name: str, token: str = "") -> Host:
            folder = tmp_path / name
            folder.mkdir()
            elsewhere = {
                "EVIDENT_PROVENANCE": f"https://127.0.0.1:{port}",
                "EVIDENT_PROVENANCE_CA": str(certificate[0]),
                "EVIDENT_PROVENANCE_TOKEN": str(folder / token),
            }
            return Host(folder, told=(*shared.items(), *(elsewhere.items() if token else ())))

        yield Hosts(
            host("log-host"),
            host("worker-host", "worker.token"),
            host("gateway-host", "gateway.token"),
            port,
            *certificate,
        )


class Service:
    """A process of a host, with what it says."""

    def __init__(self, host: Host, *words: object) -> None:
        self.said = host.folder / f"{words[0]}-{time.monotonic_ns()}.log"
        with self.said.open("wb") as said:
            self.process = subprocess.Popen(
                host.command(*words), cwd=host.folder, env=host.environment,
                stdout=said, stderr=said,
            )  # fmt: skip

    def text(self) -> str:
        """What it has said up to now."""
        return self.said.read_text(errors="replace")

    def kill(self) -> None:
        """Let it die without a word."""
        os.kill(self.process.pid, signal.SIGKILL)
        self.process.wait()


@contextmanager
def running(host: Host, *words: object) -> Iterator[Service]:
    """Run a service; unless it was killed, it has ended well at a SIGTERM afterwards."""
    service = Service(host, *words)
    try:
        yield service
        if service.process.poll() is None:
            service.process.send_signal(signal.SIGTERM)
            assert service.process.wait(90) == 0, service.text()[-3000:]
    finally:
        service.process.kill()
        service.process.wait()


def until(holds: Callable[[], Any], what: str, *services: Service) -> Any:
    """Wait for something, and return it."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not (found := holds()):
        said = "\n".join(one.text()[-2000:] for one in services)
        assert time.monotonic() < deadline, f"waited in vain for {what}\n{said}"
        time.sleep(0.1)
    return found


@contextmanager
def gateway_of(host: Host) -> Iterator[str]:
    """Run the gateway of a host; gives its address."""
    with running(host, "gateway", "--port", "0") as service:
        found = until(lambda: _ADDRESS.search(service.text()), "a gateway", service)
        yield found[0]


@contextmanager
def sealing(hosts: Hosts) -> Iterator[Service]:
    """Run the provenance service on the host of the log."""
    door = ("--tls-certificate", hosts.chain, "--tls-key", hosts.private)
    with running(hosts.log, "provenance", "--seals", "--port", hosts.port, *door) as service:
        until(lambda: "/v1/log/checkpoint" in service.text(), "the log's service", service)
        yield service


def key_of(host: Host) -> dict[str, str]:
    """The operator's key of a host's gateway, as a header."""
    text = (host.home / "credentials").read_text("utf-8").strip()
    return {"Authorization": f"Bearer {text.removeprefix('EVIDENT_KEY=')}"}


def ask(address: str, path: str, headers: dict[str, str]) -> httpx.Response:
    """Ask a gateway."""
    return httpx.get(f"{address}{path}", headers=headers, trust_env=False, timeout=30)


def bundle_of(done: Said) -> str:
    """The bundle of the one job that a client handed in."""
    (job,) = done.json["jobs"]
    assert job["state"] == "done"
    return next(made["path"] for made in job["outputs"] if made["name"] == "bundle.zip")


def test_work_is_done_where_there_is_no_log(hosts: Hosts, photo: Path, tmp_path: Path) -> None:
    """A photo and a clip are worked on by a host with a home of its own, and their bundles hold.

    They come in by a gateway that has no log either, which shows log and evidence all the same.
    """
    clip = make_clip(tmp_path / "tram.mp4", frames=24, step=512 * 5)
    with ExitStack() as processes:
        processes.enter_context(sealing(hosts))
        processes.enter_context(running(hosts.log, "orchestrator", "--only", "keeper"))
        hosts.with_tokens()
        address = processes.enter_context(gateway_of(hosts.gateway))
        worker = processes.enter_context(running(hosts.worker, "orchestrator", "--only", "worker"))
        trusted = hosts.log.home / "keys" / "signing-ed25519.pub.pem"
        wishes = ((photo, "--preset", "balanced", "--scale", "2"), (clip,))
        for wish in wishes:
            done = hosts.gateway("submit", *wish, "--gateway", address, "--out", "out", "--json")
            assert done.code == 0, done.err + worker.text()[-3000:]
            bundle = bundle_of(done)
            assert hosts.log("verify", bundle, "--trust", trusted).code == 0
            named = {one["actor"]["host"] for one in entries_of(Path(bundle))}
            assert {"worker-host", "gateway-host"} <= named
            with zipfile.ZipFile(bundle) as archive:
                plan = json.loads(archive.read("bundle/data/plan.json"))
            assert bool(plan["networks"]) is (len(wish) > 1)

        key = key_of(hosts.gateway)
        shown = ask(address, "/v1/log/checkpoint", {})
        head = f"/v1/log/checkpoints/{shown.text.splitlines()[1]}"
        direct = httpx.get(
            f"https://127.0.0.1:{hosts.port}{head}",
            trust_env=False,
            verify=ssl.create_default_context(cafile=hosts.chain),
        )
        assert direct.status_code == 200
        assert ask(address, head, {}).content == direct.content
        job = done.json["jobs"][0]["job_id"]
        events = ask(address, f"/v1/evidence/events?job={job}", key).json()["result"]["events"]
        assert {"accepted", "export"} <= {one["kind"] for one in events}
        assert ask(address, "/v1/evidence/events", {}).status_code == 401
        models = ask(address, "/v1/models", key).json()["result"]["models"]
        assert "released" in {one["state"] for one in models}
    for host in (hosts.worker, hosts.gateway):
        assert not (host.home / "log").exists()
        assert not (host.home / "keys" / "signing-ed25519.pem").exists()
    assert hosts.log("log", "fsck", "--bodies").code == 0


def test_an_export_waits_for_the_log_and_goes_on(hosts: Hosts, tmp_path: Path) -> None:
    """The log's service dies while a job runs: the job waits, and is done after its return."""
    clip = make_clip(tmp_path / "tram.mp4", frames=12, step=512 * 5)
    with ExitStack() as processes:
        service = processes.enter_context(sealing(hosts))
        hosts.with_tokens()
        processes.enter_context(running(hosts.log, "orchestrator", "--only", "keeper"))
        address = processes.enter_context(gateway_of(hosts.log))
        worker = processes.enter_context(running(hosts.worker, "orchestrator", "--only", "worker"))
        until(lambda: "Working: worker" in worker.text(), "the worker", worker)
        service.kill()
        sent = hosts.log("submit", clip, "--gateway", address, "--json")
        job = sent.json["jobs"][0]["job_id"]
        key = key_of(hosts.log)

        def stage() -> dict[str, Any]:
            result: dict[str, Any] = ask(address, f"/v1/jobs/{job}", key).json()["result"]
            return {**result["stages"][0], "job": result["state"]}

        until(lambda: stage()["step"] == "waiting for the log", "the export to wait", worker)
        assert stage()["job"] == "running"
        processes.enter_context(sealing(hosts))
        until(lambda: stage()["job"] == "done", "the job's end", worker)
        assert stage()["attempt"] == 1
        made = ask(address, f"/v1/jobs/{job}", key).json()["result"]["outputs"]
        (artifact,) = (one["artifact"] for one in made if one["name"] == "bundle.zip")
        bundle = tmp_path / "bundle.zip"
        bundle.write_bytes(ask(address, f"/v1/artifacts/{artifact}", key).content)
        assert hosts.log("verify", bundle).code == 0
    assert hosts.log("log", "fsck", "--bodies").code == 0


def test_who_has_no_right_is_told_so(hosts: Hosts, tmp_path: Path) -> None:
    """A wrong token, an address in the clear and a second sealer are refused, with the reason."""
    work = ("orchestrator", "--only", "worker")
    missing = hosts.worker(*work)
    assert missing.code == 2
    assert "cannot be read" in missing.err
    with sealing(hosts):
        hosts.with_tokens()
        shutil.copy(hosts.gateway.folder / "gateway.token", hosts.worker.folder / "worker.token")
        wrong = hosts.worker(*work)
    assert wrong.code == 2
    assert "does not admit the token" in wrong.err
    told = dict(hosts.worker.told)
    clear = Host(tmp_path / "worker-host", told=(
        *told.items(), ("EVIDENT_PROVENANCE", "http://log.example:8701"),
    ))  # fmt: skip
    assert "in the clear" in clear(*work).err
    assert "from outside" in hosts.log("provenance", "--seals", "--host", "0.0.0.0").err  # noqa: S104
    move = ("models", "move", "evident-denoise", "withdrawn", "--reason", "x")
    for words in (
        ("orchestrator",),
        ("orchestrator", "--only", "keeper"),
        ("serve",),
        ("provenance", "--seals"),
        move,
    ):
        refused = hosts.worker(*words)
        assert refused.code == 2, words
        assert "on the host of the log" in refused.err, words
