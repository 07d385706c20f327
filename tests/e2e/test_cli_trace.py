"""From one photograph to its bundle and back: who did what, as the log of a real run tells it."""

from __future__ import annotations

import csv
import hashlib
import io
from pathlib import Path
from typing import Any

from tests.e2e.command_kit import Evident


def sha256(path: Path) -> str:
    """SHA-256 of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def names(branches: list[dict[str, Any]]) -> set[str]:
    """The names that the next step of a trace goes to."""
    return {name for one in branches for name in one["names"]}


def test_a_run_is_traced_from_either_end(evident: Evident, photo: Path) -> None:
    """The file as received leads to everything delivered; each of that, the bundle too, back."""
    said = evident("run", photo, "--preset", "balanced", "--out", "out", "--json")
    assert said.code == 0, said.err
    (job,) = said.json["jobs"]
    forward = evident("trace", photo, "--forward", "--json").json
    delivered = {Path(one["path"]).name for one in job["outputs"]}
    assert "bundle.zip" in delivered
    assert delivered <= names(forward["forward"]["branches"])
    for one in job["outputs"]:
        back = evident("trace", one["path"], "--back", "--json").json
        assert sha256(photo) in {branch["sha256"] for branch in back["back"]["branches"]}
    # What the network's weights were made into is on record as well.
    back = evident("trace", job["outputs"][0]["path"], "--back", "--json").json
    weights = {name for name in names(back["back"]["branches"]) if name.endswith(".onnx")}
    assert weights == {"evident-sr-x2.onnx"}


def test_a_case_is_listed_whole(evident: Evident, photo: Path) -> None:
    """Every entry of a job is listed under the operator, and said to be sealed or not."""
    said = evident("run", photo, "--out", "out", "--json")
    (job,) = said.json["jobs"]
    listed = evident("log", "query", "--job", job["job_id"], "--json").json["events"]
    assert [one["sequence"] for one in listed] == list(range(len(listed)))
    assert listed[0]["kind"] == "received"
    assert (listed[-1]["kind"], listed[-1]["sealed"]) == ("stage.finished", False)
    user, session = (listed[0]["actor"][name] for name in ("operator", "session"))
    text = evident("log", "query", "--user", user, "--session", session, "--format", "csv").out
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [int(row["leaf"]) for row in rows] == [one["leaf"] for one in listed]
    assert all(row["checkpoint"] == str(len(rows) - 1) for row in rows[:-1])
