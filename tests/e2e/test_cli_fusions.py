"""Fusions in a job: stills beside the result, their frames in report, log, plan and replay."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from pypdf import PdfReader

from tests.e2e.command_kit import Evident
from tests.e2e.test_cli_intake import entries, inside
from tests.unit.pipelines.analysis.fusion_kit import SHIFTS, fine_scene, footage

BOX = [40, 24, 80, 48]


@pytest.fixture(scope="module")
def evident(tmp_path_factory: pytest.TempPathFactory) -> Evident:
    """The command line in a folder that the tests of this file share."""
    return Evident(tmp_path_factory.mktemp("fusions"))


def graph(folder: Path, preset: str, *fusions: dict[str, Any]) -> Path:
    """Write a graph without operations that asks for these."""
    path = folder / "graph.json"
    stages = [
        {"name": "ingest", "kind": "ingest", "needs": ["source"]},
        {"name": "enhance", "kind": "enhance", "needs": ["ingest"],
         "params": {"fusions": fusions}},
        {"name": "qa", "kind": "qa", "needs": ["enhance"]},
        {"name": "export", "kind": "export", "needs": ["enhance", "qa"]},
    ]  # fmt: skip
    path.write_text(json.dumps({"version": 1, "preset": preset, "stages": stages}))
    return path


@pytest.fixture(scope="module")
def made(evident: Evident) -> dict[str, Any]:
    """A job in Russian that fused one moving region; its far corner does not suffice."""
    clip = footage(evident.folder / "clip.mp4", fine_scene(), SHIFTS, crf=18, noise=2)
    wishes = {"frame": 7, "box": BOX}, {"frame": 0, "box": BOX, "radius": 1, "scale": 3}
    asked = graph(evident.folder, "balanced", *wishes)
    said = evident("run", clip, "--graph", asked, "--out", "out", "--language", "ru", "--json")
    assert said.code == 0, said.err
    job: dict[str, Any] = said.json["jobs"][0]
    return job


def test_every_frame_is_listed_in_the_report_and_its_document(made: dict[str, Any]) -> None:
    """report.json holds what the list holds, and report.pdf says it in the report's language."""
    facts = inside(made["bundle"], "report.json")["facts"]
    fused, declined = facts["fusions"]
    outputs = {Path(one["path"]).name: one for one in made["outputs"]}
    listed = json.loads(Path(outputs["fusion-1.json"]["path"]).read_bytes())
    assert [one["frame"] for one in fused["frames"]] == list(range(15))
    for name, known in (("pts", "pts"), ("picture_type", "type"), ("residual", "residual"),
                        ("share", "share"), ("reason", "reason"), ("used", "used")):  # fmt: skip
        assert [one[name] for one in fused["frames"]] == [one[known] for one in listed["frames"]]
    assert declined["declined"].startswith("Declined: of 1 frames around")
    assert [one["role"] for one in declined["files"]] == ["list"]
    document = next(one["path"] for one in made["outputs"] if one["path"].endswith("report.pdf"))
    pages = PdfReader(document).pages
    text = " ".join(" ".join(page.extract_text() for page in pages).split())
    for wanted in ("Объединение кадров", "улучшение не гарантируется", "Отказ: из соседних кадров"):
        assert wanted in text
    assert all(one["residual"].replace(".", ",") in text for one in fused["frames"])


def test_pictures_and_lists_are_outputs_on_record(made: dict[str, Any]) -> None:
    """Each file is delivered, in the bundle, in the report and in the log by the same digest."""
    facts = inside(made["bundle"], "report.json")["facts"]
    outputs = {Path(one["path"]).name: one for one in made["outputs"]}
    logged = [one["body"] for one in entries(made["bundle"]) if one["kind"] == "fusion"]
    assert len(logged) == 2
    for body, fusion in zip(logged, facts["fusions"], strict=True):
        assert [one["name"] for one in body["outputs"]] == [
            one["file_name"] for one in fusion["files"]
        ]
        assert body["frames"] == fusion["frames"]
        assert body["inputs"][0]["sha256"] == facts["received"]["sha256"]
        for file in fusion["files"]:
            found = outputs[file["file_name"]]
            data = Path(found["path"]).read_bytes()
            assert hashlib.sha256(data).hexdigest() == file["sha256"] == found["sha256"]
    picture = Path(outputs["fusion-1-fused-f0000007.png"]["path"])
    with Image.open(picture) as opened:
        assert opened.size == (2 * BOX[2], 2 * BOX[3])


def test_bundle_and_replay_hold(evident: Evident, made: dict[str, Any]) -> None:
    """The bundle verifies; a replay fuses again and finds the same lists."""
    assert evident("verify", made["bundle"]).code == 0
    said = evident("replay", made["bundle"], "--json")
    assert said.code == 0, said.out
    fusions = [one for one in said.json["conditions"] if one["name"].startswith("fusion ")]
    assert len(fusions) == 2
    assert all(one["same"] for one in fusions)
    assert said.json["compared"]["fusions_differ"] == []
    assert said.json["same_conditions"]


def test_what_cannot_be_fused_is_refused_before_anything_runs(evident: Evident) -> None:
    """A frame that is not there, a preset that does not admit it, a photograph."""
    clip = footage(evident.folder / "short.mp4", fine_scene(), SHIFTS[:4], crf=20, noise=1)
    photo = evident.folder / "photo.png"
    Image.new("RGB", (64, 64), (90, 80, 70)).save(photo)
    for source, preset, frame, reason in (
        (clip, "balanced", 99, "The clip has frames 0 to 3"),
        (clip, "forensic-safe", 1, "estimated"),
        (photo, "balanced", 0, "this is a photograph"),
    ):
        asked = graph(evident.folder, preset, {"frame": frame, "box": BOX})
        said = evident("run", source, "--graph", asked, "--out", "refused", "--json")
        assert said.code in (1, 2)
        assert reason in said.json["jobs"][0]["error"]["reason"]
