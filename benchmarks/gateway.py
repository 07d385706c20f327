"""What the gateway costs over bare parts: `python -m benchmarks.gateway`.

In one run, on the loopback, one server thread and `CLIENTS` clients, each a process. Jobs:
accepted per second (key, checked graph, one transaction with job, stage, entry, event and outbox)
against a bare FastAPI route that inserts one row in SQLite with the same settings. Uploads: bytes
per second of one file (sent, hashed, stored, durable, looked at) against SHA-256 of the same
file, and against reading, hashing and writing it durably in one thread. Status reads per second.
Clients share the cores with the server.
"""

from __future__ import annotations

import hashlib
import json
import os
import struct
import tempfile
import time
import zlib
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

import httpx
from fastapi import FastAPI
from sqlalchemy import Column, Integer, MetaData, String, Table, insert

from benchmarks.gateway_clients import Asked, Clients, clients
from benchmarks.machine import describe
from services.database.database import Database
from services.gateway.app import GatewayLimits
from services.gateway.rate_limits import RateLimit
from services.telemetry.logs import configure_logs
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


def sha256_seconds(path: Path) -> float:
    """How long SHA-256 of a file takes."""
    begun = time.perf_counter()
    with path.open("rb") as file:
        hashlib.file_digest(file, "sha256")
    return time.perf_counter() - begun


def plain_seconds(path: Path, copy: Path) -> float:
    """How long it takes to read a file, hash it, write it and make that durable, in one thread."""
    begun = time.perf_counter()
    digest = hashlib.sha256()
    with path.open("rb") as file, copy.open("wb", buffering=0) as written:
        while piece := file.read(1 << 20):
            digest.update(piece)
            written.write(piece)
        os.fsync(written.fileno())
    seconds = time.perf_counter() - begun
    copy.unlink()
    return seconds


@dataclass(frozen=True, slots=True)
class Found:
    """What was measured, one value per round."""

    bare: list[float] = field(default_factory=list)
    jobs: list[float] = field(default_factory=list)
    reads: list[float] = field(default_factory=list)
    sent: list[float] = field(default_factory=list)
    hashed: list[float] = field(default_factory=list)
    plain: list[float] = field(default_factory=list)


def measured(folder: Path, asking: Clients) -> Found:
    """Serve both applications and ask them, turn about."""
    limits = GatewayLimits(requests=RateLimit(per_second=1e9, burst=10**9))
    found = Found()
    database = Database(f"sqlite:///{folder}/bare.db")
    with served_app(bare_app(database)) as bare_address, serving(folder, limits) as served:
        key, address = served.key(), str(served.client.base_url).rstrip("/")
        plain = {**key, "Content-Type": "application/json"}
        known = checked(served.client.post("/v1/artifacts", content=picture(), headers=key))
        wish = {
            "pipeline": "photo",
            "inputs": {"source": {"artifact": known.json()["result"]["artifact"]}},
        }
        job = checked(served.client.post("/v1/jobs", json=wish, headers=key)).json()["result"]
        row = Asked(bare_address, "POST", "/rows", json.dumps({"a": "b"}).encode(), plain)
        submission = Asked(address, "POST", "/v1/jobs", json.dumps(wish).encode(), plain)
        status = Asked(address, "GET", f"/v1/jobs/{job['job_id']}", None, key)
        upload = Asked(address, "POST", "/v1/artifacts", None, key)
        for _ in range(ROUNDS):
            found.bare.append(asking.per_second(row, EACH))
            found.jobs.append(asking.per_second(submission, EACH))
            found.reads.append(asking.per_second(status, EACH))
        long_picture(folder / "long.png")
        size = (folder / "long.png").stat().st_size
        for _ in range(UPLOADS):
            found.hashed.append(size / sha256_seconds(folder / "long.png"))
            found.plain.append(size / plain_seconds(folder / "long.png", folder / "copy.png"))
            found.sent.append(size / asking.upload_seconds(upload, folder / "long.png"))
    database.close()
    return found


def main() -> None:
    """Measure, print, and keep the result."""
    with (
        tempfile.TemporaryDirectory() as name,
        Path(os.devnull).open("w", encoding="utf-8") as nowhere,
        clients(CLIENTS) as asking,
    ):
        # Every request's line is made, as in service, and then thrown away.
        configure_logs("benchmark", stream=nowhere)
        found = measured(Path(name), asking)
    result = {
        "machine": describe(),
        "jobs_per_second": round(median(found.jobs), 1),
        "bare_rows_per_second": round(median(found.bare), 1),
        "jobs_ratio": round(median(found.jobs) / median(found.bare), 3),
        "status_reads_per_second": round(median(found.reads), 1),
        "upload_mb_per_second": round(median(found.sent) / 1e6, 1),
        "sha256_mb_per_second": round(median(found.hashed) / 1e6, 1),
        "plain_mb_per_second": round(median(found.plain) / 1e6, 1),
        "upload_ratio_to_plain": round(
            median(one / other for one, other in zip(found.sent, found.plain, strict=True)), 3
        ),
        "upload_ratio": round(
            median(one / other for one, other in zip(found.sent, found.hashed, strict=True)), 3
        ),
    }
    RESULT.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
