"""The provenance application over a small log, served on the loopback and asked over HTTP."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import uvicorn
from fastapi import FastAPI

from services.auth.credentials import key_check, make_key
from services.gateway.provenance_app import provenance_app
from tests.unit.services.provenance.view_kit import digest, file, writing


def small_log(home: Path) -> None:
    """Write a log of 260 sealed entries of one job, and two more, one of them unsealed."""
    with writing(home) as log:
        log.record_many(
            ("a", "operation", {"inputs": [file("in")], "outputs": [file(f"part-{number}")]})
            for number in range(259)
        )
        log.record("a", "export", {"inputs": [file("in")], "outputs": [file("=out")]})
        log.publish()
        log.record("log", "transfer", {"from": "vera", "to": "court", "sha256": digest("=out")})
        log.publish()
        log.record("log", "access", {"principal": "vera", "sha256": digest("=out")})


@contextmanager
def serving(home: Path, *, with_key: bool = True) -> Iterator[tuple[httpx.Client, dict[str, str]]]:
    """Serve `home`; hand out a client, and the headers that carry the key."""
    headers = {"Authorization": f"Bearer {make_key(home)}"} if with_key else {}
    app = provenance_app(home / "log", key=key_check(home), version="1")
    with asking(app) as client:
        yield client, headers


@contextmanager
def asking(app: FastAPI) -> Iterator[httpx.Client]:
    """Serve an application on the loopback; hand out a client of it."""
    config = uvicorn.Config(app, log_config=None, access_log=False, server_header=False)
    server = uvicorn.Server(config)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = f"http://127.0.0.1:{listener.getsockname()[1]}"
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            with httpx.Client(base_url=address, trust_env=False, timeout=30) as client:
                yield client
        finally:
            server.should_exit = True
            thread.join(timeout=30)
