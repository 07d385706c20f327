"""Maps as a job delivers them: beside the result, in the bundle, in the report, on record."""

from __future__ import annotations

import hashlib
import json
import zipfile
from pathlib import Path
from typing import Any

from PIL import Image

from tests.e2e.command_kit import Evident


def done(evident: Evident, *arguments: object) -> dict[str, Any]:
    """Run a job that ends well; what it printed about its one input."""
    said = evident("run", *arguments, "--out", "out", "--json")
    assert said.code == 0, said.err
    return dict(said.json["jobs"][0])


def quality(job: dict[str, Any]) -> dict[str, Any]:
    """How the result was held against its input, from the report."""
    return dict(json.loads(Path(job["report"]).read_bytes())["facts"]["quality"])


def qa_entry(bundle: zipfile.ZipFile) -> dict[str, Any]:
    """The entry `qa` of a bundle's one job."""
    lines = bundle.read("bundle/data/log/entries.jsonl").splitlines()
    (entry,) = [one for one in map(json.loads, lines) if one["kind"] == "qa"]
    return dict(entry["body"])


def test_a_photographs_maps_are_the_same_everywhere(evident: Evident, photo: Path) -> None:
    """Beside the result, in the bundle, in the report and on record: one digest for each map."""
    job = done(evident, photo, "--preset", "balanced")
    folder = Path(job["bundle"]).parent
    sizes = {"contradiction.png": (64, 48), "supplied.png": (128, 96)}
    stated = {one["picture"]["file_name"]: one["picture"] for one in quality(job)["maps"]}
    assert set(stated) == set(sizes)
    outputs = {Path(one["path"]).name: one["sha256"] for one in job["outputs"]}
    with zipfile.ZipFile(job["bundle"]) as bundle:
        recorded = {one["name"]: one["sha256"] for one in qa_entry(bundle)["outputs"]}
        for name, size in sizes.items():
            data = (folder / name).read_bytes()
            assert bundle.read(f"bundle/data/attachments/{name}") == data
            digest = hashlib.sha256(data).hexdigest()
            assert digest == stated[name]["sha256"] == recorded[name] == outputs[name]
            with Image.open(folder / name) as picture:
                assert picture.size == size


def test_a_clips_maps_are_of_the_frames_that_the_report_shows(evident: Evident, clip: Path) -> None:
    """Pictures bear the numbers of the frames before and after; brightness is of all frames."""
    job = done(evident, clip, "--preset", "balanced")
    report = json.loads(Path(job["report"]).read_bytes())
    shown = [one["frame"] for one in report["previews"]]
    found = report["facts"]["quality"]
    pictured = [one["frame"] for one in found["maps"] if one["picture"]]
    assert sorted(set(pictured)) == shown
    names = {Path(one["path"]).name for one in job["outputs"]}
    assert {f"{kind}-{frame}.png" for kind in ("contradiction", "supplied") for frame in shown} < (
        names
    )
    assert found["unrest"]["frames"] > 100
    assert found["drift"]["standing"] == "unavailable"
    with zipfile.ZipFile(job["bundle"]) as bundle:
        assert len(qa_entry(bundle)["outputs"]) == 4


def test_maps_can_be_left_out(evident: Evident, photo: Path) -> None:
    """`{"maps": false}` leaves the maps out, and report and record say that it did."""
    graph = photo.parent / "graph.json"
    stages = [
        {"name": "ingest", "kind": "ingest", "needs": ["source"]},
        {"name": "enhance", "kind": "enhance", "needs": ["ingest"],
         "params": {"operations": [{"op": "denoise"}]}},
        {"name": "qa", "kind": "qa", "needs": ["enhance"], "params": {"maps": False}},
        {"name": "export", "kind": "export", "needs": ["enhance", "qa"]},
    ]  # fmt: skip
    graph.write_text(json.dumps({"version": 1, "stages": stages}))
    job = done(evident, photo, "--graph", graph)
    assert quality(job)["asked"] is False
    with zipfile.ZipFile(job["bundle"]) as bundle:
        assert qa_entry(bundle)["asked"] is False
        names = " ".join(bundle.namelist())
    assert "contradiction" not in names
    assert "supplied" not in names


def test_a_finished_job_is_found_with_its_maps(evident: Evident, photo: Path) -> None:
    """Running again with `--resume` lists the maps that are there."""
    first = done(evident, photo, "--preset", "balanced")
    again = done(evident, photo, "--preset", "balanced", "--resume")
    assert [one["sha256"] for one in again["outputs"]] == [
        one["sha256"] for one in first["outputs"]
    ]
