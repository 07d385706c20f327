"""One probe of the work path: a tiny picture goes through every service and comes back proven.

Upload, submission, queue, worker, store, evidence log, download: the result is fetched, its
digest compared, its bundle verified as a stranger would, and what is inside must be the picture
that was sent. Only then are the files given up again; that they were is how the records know a
good probe from one that only ran. A probe that does not end in time is called off.
"""

from __future__ import annotations

import hashlib
import struct
import tempfile
import time
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import quote

from pipelines.errors import EvidenceError, EvidentError, ResourceError
from pipelines.evidence.verify import verify_bundle

SIDE = 16
CASE = "probe of the work path"

_NAME = "probe.png"
_REASON = "probe of the work path"
_WAIT_SECONDS = 10
_FINAL_WITHOUT_RESULT = ("failed", "canceled")


class Client(Protocol):
    """What a probe asks of a gateway; `GatewayClient` is one."""

    def ask(self, method: str, path: str, *, body: object = None, headers: Any = None) -> Any:
        """Return the `result` of an answer."""

    def upload(self, path: Path, *, said: Any) -> Any:
        """Send a file; return what it is known as."""

    def download(self, artifact: str, path: Path) -> None:
        """Fetch an artifact; its digest is checked."""

    def discard(self, path: str) -> None:
        """Delete what lies at a path."""


@dataclass(frozen=True, slots=True)
class Probed:
    """A probe that ended well: its job, and how long it took from the first byte to the last."""

    job: str
    seconds: float


def probe_work_path(client: Client, *, limit_seconds: float) -> Probed:
    """Send one probe through. Raises what stood in its way: EvidentError, with the reason."""
    begun = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="evident-probe-") as name:
        folder = Path(name)
        sent = folder / _NAME
        sent.write_bytes(probe_picture())
        uploaded = client.upload(sent, said=lambda _done, _total: None)
        artifact = str(uploaded["artifact"])
        job = _done(client, _request(artifact), begun + limit_seconds)
        outputs = {str(one["name"]): str(one["artifact"]) for one in job["outputs"]}
        for output in ("enhanced.png", "bundle.zip"):
            if output not in outputs:
                raise EvidenceError(f"The probe's job has no {output}.")
            client.download(outputs[output], folder / output)
        _verify(folder / "bundle.zip", outputs["enhanced.png"])
    for one in (*outputs.values(), artifact):
        client.discard(f"/v1/artifacts/{one}?reason={quote(_REASON)}")
    return Probed(str(job["job_id"]), time.monotonic() - begun)


def probe_picture() -> bytes:
    """A PNG of 16 x 16 samples of grey, the same on every machine as samples."""
    rows = b"".join(
        bytes([0, *((row * SIDE + column) for column in range(SIDE))]) for row in range(SIDE)
    )
    header = struct.pack(">IIBBBBB", SIDE, SIDE, 8, 0, 0, 0, 0)
    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in parts
    )


def _request(artifact: str) -> dict[str, Any]:
    """The smallest job whose result can be proven: one conventional step, report and bundle."""
    stages: list[dict[str, Any]] = [
        {"name": "ingest", "kind": "ingest", "needs": ["source"]},
        {
            "name": "enhance",
            "kind": "enhance",
            "needs": ["ingest"],
            "params": {"operations": [{"op": "gamma", "gamma": 1.2}]},
        },
        {"name": "qa", "kind": "qa", "needs": ["enhance"], "params": {"maps": False}},
        {
            "name": "export",
            "kind": "export",
            "needs": ["enhance", "qa"],
            "params": {"formats": ["bundle"], "credentials": "none"},
        },
    ]
    inputs = {"source": {"artifact": artifact}}
    graph = {"version": 1, "preset": "forensic-safe", "inputs": inputs, "stages": stages}
    return {"graph": graph, "case": CASE}


def _done(client: Client, request: dict[str, Any], deadline: float) -> dict[str, Any]:
    """Submit, and wait until the job is done."""
    job: dict[str, Any] = client.ask(
        "POST", "/v1/jobs", body=request, headers={"Prefer": f"wait={_WAIT_SECONDS}"}
    )
    where = f"/v1/jobs/{job['job_id']}"
    while not job["is_final"]:
        if time.monotonic() > deadline:
            client.ask("POST", f"{where}/cancel")
            raise ResourceError(
                f"The probe {job['job_id']} is {job['state']} and did not end in time.",
                next_step="See the lane's depth and the workers' logs.",
            )
        time.sleep(min(1.0, job["poll_after_ms"] / 1000))
        job = client.ask("GET", where)
    if job["state"] in _FINAL_WITHOUT_RESULT:
        why = (job["error"] or {}).get("reason", "nobody says why")
        raise EvidentError(f"The probe {job['job_id']} has {job['state']}: {why}")
    return job


def _verify(bundle: Path, artifact: str) -> None:
    with bundle.open("rb") as file:
        verdict = verify_bundle(file)
    if not verdict.ok:
        raise EvidenceError("The probe's bundle does not verify: " + " ".join(verdict.lines()))
    result = hashlib.sha256((bundle.parent / "enhanced.png").read_bytes()).hexdigest()
    if f"sha256:{result}" != artifact:
        raise EvidenceError("The probe's result is not the one that the job names.")
