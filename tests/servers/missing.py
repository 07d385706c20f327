"""What becomes of a test whose server is not installed."""

from __future__ import annotations

import os
import socket
from typing import NoReturn

import pytest


def missing(server: str, packages: str) -> NoReturn:
    """Skip on a laptop; fail in CI, where it must be there."""
    reason = f"{server} is not on this machine; install {packages}"
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


def free_port() -> int:
    """Return a port of 127.0.0.1 that nobody listens on now; it may be taken before it is used."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
