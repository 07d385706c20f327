"""Clients of a gateway in processes of their own: they share the server's cores, not its lock."""

from __future__ import annotations

import http.client
import multiprocessing
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

TIMEOUT_SECONDS = 120
_PIECE_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Asked:
    """A request, over and over on one connection."""

    address: str
    method: str
    path: str
    body: bytes | None
    headers: Mapping[str, str]


class Clients:
    """`count` processes that ask; `clients` opens them."""

    def __init__(self, pool: ProcessPoolExecutor, count: int) -> None:
        self._pool = pool
        self._count = count

    def per_second(self, asked: Asked, each: int) -> float:
        """How many requests all clients together get answered in a second, of `each` apiece."""
        spans = list(self._pool.map(_ask, [asked] * self._count, [each] * self._count))
        seconds = max(end for _, end in spans) - min(begin for begin, _ in spans)
        return self._count * each / seconds

    def upload_seconds(self, asked: Asked, path: Path) -> float:
        """How long one client takes to send a file."""
        return self._pool.submit(_send, asked, path).result()


@contextmanager
def clients(count: int) -> Iterator[Clients]:
    """Start the processes; they have imported what they need when this returns."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(count, mp_context=context) as pool:
        list(pool.map(time.sleep, [0.2] * count))
        yield Clients(pool, count)


def _ask(asked: Asked, each: int) -> tuple[float, float]:
    connection = _connected(asked.address)
    begun = time.perf_counter()
    for _ in range(each):
        connection.request(asked.method, asked.path, asked.body, dict(asked.headers))
        _read(connection)
    ended = time.perf_counter()
    connection.close()
    return begun, ended


def _send(asked: Asked, path: Path) -> float:
    connection = _connected(asked.address)
    begun = time.perf_counter()
    with path.open("rb") as file:
        headers = {**asked.headers, "Content-Length": str(path.stat().st_size)}
        connection.request(asked.method, asked.path, file, headers)
        _read(connection)
    seconds = time.perf_counter() - begun
    connection.close()
    return seconds


def _connected(address: str) -> http.client.HTTPConnection:
    parts = urlsplit(address)
    return http.client.HTTPConnection(
        str(parts.hostname), parts.port, timeout=TIMEOUT_SECONDS, blocksize=_PIECE_BYTES
    )


def _read(connection: http.client.HTTPConnection) -> None:
    """Read an answer. Raises RuntimeError where it is a refusal."""
    answer = connection.getresponse()
    said = answer.read()
    if answer.status >= http.client.BAD_REQUEST:
        raise RuntimeError(f"{answer.status}: {said[:500]!r}")
