"""`evident provenance` as a process: on the loopback, with a key, until it is stopped."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from tests.unit.services.gateway.app_kit import small_log

ROOT = Path(__file__).resolve().parents[2]


def start(home: Path, *words: str) -> subprocess.Popen[str]:
    """Start the verb on a port that is free."""
    command = [sys.executable, "-m", "services.cli.main", "provenance", "--port", "0", *words]
    environment = {**os.environ, "EVIDENT_HOME": str(home), "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def address(server: subprocess.Popen[str]) -> str:
    """Read the address that the server prints."""
    assert server.stderr is not None
    for line in server.stderr:
        found = re.search(r"http://127\.0\.0\.1:\d+", line)
        if found:
            return found.group()
    raise AssertionError("the server printed no address")


def test_it_serves_until_it_is_stopped(tmp_path: Path) -> None:
    """The process makes a key, serves log and evidence over real HTTP, and ends when told to."""
    small_log(tmp_path)
    server = start(tmp_path, "--make-key")
    try:
        assert server.stdout is not None
        key = server.stdout.readline().removeprefix("EVIDENT_KEY=").strip()
        base = address(server)
        with httpx.Client(base_url=base, trust_env=False) as web:
            head = web.get("/v1/log/checkpoint")
            public = tmp_path / "log" / "public"
            assert head.content == (public / "checkpoint").read_bytes()
            assert "server" not in head.headers
            size = web.head("/v1/log/tile/0/000").headers["content-length"]
            assert int(size) == (public / "tile" / "0" / "000").stat().st_size
            assert web.get("/v1/evidence/events").status_code == 401
            found = web.get(
                "/v1/evidence/events?kind=access", headers={"Authorization": f"Bearer {key}"}
            )
            assert found.json()["result"]["events"][0]["body"]["principal"] == "vera"
        # A client that does not tidy paths up reaches nothing outside either.
        with socket.create_connection((urlsplit(base).hostname, urlsplit(base).port)) as raw:
            raw.sendall(b"GET /v1/log/../../../entries.db HTTP/1.0\r\n\r\n")
            assert b" 404 " in raw.recv(200).split(b"\r\n")[0]
    finally:
        server.send_signal(signal.SIGINT)
        server.communicate(timeout=30)
    assert server.returncode == 0


def test_a_port_that_is_taken_is_wrong_use(tmp_path: Path) -> None:
    """A port that somebody has is a plain error with a next step."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        server = start(tmp_path, "--port", str(taken.getsockname()[1]))
        _, err = server.communicate(timeout=30)
    assert server.returncode == 2
    assert "--port" in err
