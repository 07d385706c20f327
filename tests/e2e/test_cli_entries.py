"""What a job leaves in the log: every stage, every operation per segment, every decision."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from pathlib import Path
from typing import Any

from tests.e2e.command_kit import Evident, entries_of, ledger_of


def kinds(entries: list[dict[str, Any]]) -> list[str]:
    """The kinds of a job's entries, stages with their names."""
    return [
        f"{one['kind']} {one['body']['stage']}" if "stage" in one["body"] else one["kind"]
        for one in entries
    ]


def done(evident: Evident, *arguments: object) -> dict[str, Any]:
    """Run a job that must end well, and return what was said of it."""
    said = evident("run", *arguments, "--out", "out", "--json")
    assert said.code == 0, said.err
    return dict(said.json["jobs"][0])


def test_a_photos_entries_tell_its_way(evident: Evident, photo: Path) -> None:
    """Every stage of a photo's job starts and finishes on record, with the facts between."""
    entries = entries_of(Path(done(evident, photo, "--preset", "balanced")["bundle"]))
    assert kinds(entries) == [
        "received",
        "submission",
        "stage.started ingest",
        "plan",
        "stage.finished ingest",
        "stage.started enhance",
        "credentials",
        "operation",
        "stage.finished enhance",
        "stage.started qa",
        "laws",
        "qa",
        "stage.finished qa",
        "stage.started export",
        "export",
    ]
    assert entries[1]["body"]["inputs"] == entries[0]["body"]["outputs"]
    assert entries[1]["body"]["inputs"][0]["sha256"] == sha256(photo)
    assert entries[5]["body"]["software"]["numpy"]
    assert entries[5]["body"]["hardware"]["system"]


def test_an_operation_is_recorded_with_all_its_parameters(evident: Evident, photo: Path) -> None:
    """An operation's entry names parameters with their defaults, network, engine and digests."""
    said = done(evident, photo, "--preset", "balanced")
    (body,) = [
        one["body"] for one in entries_of(Path(said["bundle"])) if one["kind"] == "operation"
    ]
    (step,) = body["operations"]
    assert step["operation"] == "super_resolve"
    assert step["class"] == "trained"
    assert step["parameters"] == {"scale": 2, "model": "evident-sr-x2", "denoise": None}
    network = step["network"]
    assert len(network["weights_sha256"]) == 64
    for fact in ("version", "engine", "engine_version", "precision", "tile_pixels", "threads"):
        assert network[fact], fact
    assert body["encoder_frames_sha256"] == body["delivered_frames_sha256"]
    assert body["source_frames_sha256"] != body["encoder_frames_sha256"]


def test_a_clips_segments_are_recorded_one_by_one(evident: Evident, clip: Path) -> None:
    """Each segment has one entry, and its digests are those of the ledger's frames."""
    bundle = Path(done(evident, clip)["bundle"])
    bodies = [one["body"] for one in entries_of(bundle) if one["kind"] == "operation"]
    frames = [line for line in ledger_of(bundle) if "encoder_sha256" in line]
    assert sorted((one["first"], one["stop"]) for one in bodies) == [(0, 50), (50, 100), (100, 120)]
    for body in bodies:
        part = frames[body["first"] : body["stop"]]
        for side in ("encoder", "delivered"):
            digest = hashlib.sha256(b"".join(bytes.fromhex(one[f"{side}_sha256"]) for one in part))
            assert body[f"{side}_frames_sha256"] == digest.hexdigest()
        assert body["attempt"] == 1


def test_what_a_person_decided_is_an_override(evident: Evident, clip: Path) -> None:
    """A stream that was chosen by hand is an entry of its own."""
    entries = entries_of(Path(done(evident, clip, "--video-stream", "0")["bundle"]))
    overrides = [one["body"] for one in entries if one["kind"] == "override"]
    assert overrides == [{"field": "ingest.video_stream", "value": 0}]


def test_a_failure_is_on_record(evident: Evident, tmp_path: Path) -> None:
    """A stage that fails says why, and so does its job."""
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"\x89PNG\r\n\x1a\n" + b"\x00" * 64)
    assert evident("run", broken, "--out", "out").code == 1
    entries = recorded(tmp_path / "home")
    assert kinds(entries)[-3:] == ["stage.started ingest", "stage.failed ingest", "failed"]
    assert entries[-1]["body"]["reason"] == entries[-2]["body"]["reason"] != ""


def test_what_was_delivered_is_recorded_after_it(evident: Evident, photo: Path) -> None:
    """The bundle cannot name itself; the log does, once it is delivered."""
    bundle = Path(done(evident, photo)["bundle"])
    last = recorded(evident.folder / "home")[-1]
    assert (last["kind"], last["body"]["stage"]) == ("stage.finished", "export")
    assert {"name": "bundle.zip", "sha256": sha256(bundle)}.items() <= {
        **last["body"]["outputs"][-1]
    }.items()


def recorded(home: Path) -> list[dict[str, Any]]:
    """Every entry that a home's log has taken, sealed or not."""
    with sqlite3.connect(home / "log" / "entries.db") as database:
        rows = database.execute("SELECT canonical FROM entries ORDER BY leaf").fetchall()
    database.close()
    return [json.loads(row[0]) for row in rows]


def sha256(path: Path) -> str:
    """SHA-256 of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()
