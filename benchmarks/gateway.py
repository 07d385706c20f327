"""What the gateway costs over bare parts: `python -m benchmarks.gateway`.

In one run, on the loopback, one server thread and `CLIENTS` clients. Jobs: accepted per second
(key, checked graph, one transaction with job, stage, entry, event and outbox) against a bare
FastAPI route that inserts one row in SQLite with the same settings. Uploads: bytes per second of
one file (sent, hashed, stored, durable, looked at) against SHA-256 of the same file. Status reads
per second. Clients share the cores with the server.
"""

from __future__ import annotations

import hashlib
import json
import struct
import tempfile
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median

import httpx
from fastapi import FastAPI
from sqlalchemy import Column, Integer, MetaData, String, Table, insert

from benchmarks.machine import describe
from services.database.database import Database
from services.gateway.admission import RateLimit
from services.gateway.app import GatewayLimits
from tests.unit.services.gateway.platform_kit import picture, served_app, serving

RESULT = Path(__file__).with_name("results") / "gateway.json"
CLIENTS, EACH, ROUNDS = 4, 60, 3
UPLOAD_MIB, UPLOADS = 200, 3


def bare_app(database: Database) -> FastAPI:
    """A route that inserts one row and says so."""
    table = Table("rows", MetaData(), Column("id", Integer, primary_key=True), Column("a", String))
    with database.writing() as connection:
        table.metadata.create_all(connection)
    app = FastAPI()

    @app.post("/rows")
    def add(body: dict[str, str]) -> dict[str, int]:
        with database.writing() as connection:
            done = connection.execute(insert(table).values(a=body["a"]))
            return {"id": int(done.inserted_primary_key[0])}

    return app


def per_second(address: str, ask: Callable[[httpx.Client], None]) -> float:
    """How many of `ask` several clients get done in a second."""

    def client() -> None:
        with httpx.Client(base_url=address, trust_env=False, timeout=60) as web:
            for _ in range(EACH):
                ask(web)

    threads = [threading.Thread(target=client) for _ in range(CLIENTS)]
    begun = time.perf_counter()
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    return CLIENTS * EACH / (time.perf_counter() - begun)


def checked(answer: httpx.Response) -> httpx.Response:
    """The answer, unless it is a refusal."""
    answer.raise_for_status()
    return answer


def long_picture(path: Path) -> None:
    """Write a picture that is as long as a clip: one line of pixels, and a chunk of padding."""
    png = picture()
    body = b"junk" + bytes(range(256)) * 4096
    chunk = struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
    with path.open("wb") as file:
        file.write(png[:-12])
        for _ in range(UPLOAD_MIB):
            file.write(chunk)
        file.write(png[-12:])


def upload(served: object, path: Path, key: dict[str, str]) -> tuple[float, float]:
    """Bytes per second of an upload, and of SHA-256, of one file."""
    size = path.stat().st_size
    begun = time.perf_counter()
    with path.open("rb") as file:
        hashlib.file_digest(file, "sha256")
    hashed = size / (time.perf_counter() - begun)

    def pieces() -> Iterator[bytes]:
        with path.open("rb") as file:
            while piece := file.read(1 << 20):
                yield piece

    begun = time.perf_counter()
    checked(served.client.post("/v1/artifacts", content=pieces(), headers=key))  # type: ignore[attr-defined]
    return size / (time.perf_counter() - begun), hashed


def main() -> None:
    """Measure, print, and keep the result."""
    limits = GatewayLimits(requests=RateLimit(per_second=1e9, burst=10**9))
    bare: list[float] = []
    jobs: list[float] = []
    reads: list[float] = []
    sent: list[tuple[float, float]] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        database = Database(f"sqlite:///{folder}/bare.db")
        with served_app(bare_app(database)) as bare_address, serving(folder, limits) as served:
            key, address = served.key(), str(served.client.base_url)
            found = checked(served.client.post("/v1/artifacts", content=picture(), headers=key))
            body = {
                "pipeline": "photo",
                "inputs": {"source": {"artifact": found.json()["result"]["artifact"]}},
            }
            job = checked(served.client.post("/v1/jobs", json=body, headers=key)).json()["result"]
            path = f"/v1/jobs/{job['job_id']}"
            for _ in range(ROUNDS):
                bare.append(
                    per_second(
                        bare_address, lambda web: checked(web.post("/rows", json={"a": "b"}))
                    )
                )
                jobs.append(
                    per_second(
                        address,
                        lambda web: checked(web.post("/v1/jobs", json=body, headers=key)),
                    )
                )
                reads.append(per_second(address, lambda web: checked(web.get(path, headers=key))))
            long_picture(folder / "long.png")
            sent = [upload(served, folder / "long.png", key) for _ in range(UPLOADS)]
        database.close()
    result = {
        "machine": describe(),
        "jobs_per_second": round(median(jobs), 1),
        "bare_rows_per_second": round(median(bare), 1),
        "jobs_ratio": round(median(jobs) / median(bare), 3),
        "status_reads_per_second": round(median(reads), 1),
        "upload_mb_per_second": round(median(one for one, _ in sent) / 1e6, 1),
        "sha256_mb_per_second": round(median(one for _, one in sent) / 1e6, 1),
        "upload_ratio": round(median(one / other for one, other in sent), 3),
    }
    RESULT.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
