"""A network that others made, from its file to a result whose name says what it is."""

from __future__ import annotations

import hashlib
import json
import zipfile
from pathlib import Path

import pytest
from PIL import Image

from tests.e2e.command_kit import Evident, make_clip, textured

pytestmark = pytest.mark.shared_data

GENERAL, TWIN = "realesr-general-x4v3", "realesr-general-wdn-x4v3"
DRAWN = "realesr-animevideov3"
REASON = "a trial on this machine"
SOURCE_TYPE = b"compositeWithTrainedAlgorithmicMedia"


def imported(evident: Evident, shared: Path, *names: str) -> None:
    """Import networks whose digests their cards know."""
    for name in names:
        said = evident("models", "import", shared / "weights" / f"{name}.safetensors", "--json")
        assert said.code == 0, said.err
        assert said.json["installed"]["name"] == name
        assert said.json["installed"]["digest"] == "copy"


def sha256(path: Path) -> str:
    """SHA-256 of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_photograph_through_a_blend(evident: Evident, shared: Path, tmp_path: Path) -> None:
    """Import, blend, run: the name, the report, the bundle and the credentials say GENERATIVE."""
    photo = tmp_path / "street.png"
    Image.fromarray(textured(32, 40)).save(photo)
    imported(evident, shared, GENERAL, TWIN)
    options = ("--model", GENERAL, "--denoise", "0.5", "--allow-ungated", REASON)
    said = evident("run", photo, "--out", "out", "--preset", "presentation", *options, "--json")
    assert said.code == 0, said.err
    job = said.json["jobs"][0]
    result = Path(job["outputs"][0]["path"])
    assert result.name == "enhanced-GENERATIVE.png"
    with Image.open(result) as opened:
        assert opened.size == (160, 128)
    assert SOURCE_TYPE in result.read_bytes()
    report = json.loads(Path(job["report"]).read_text())
    assert report["label"] == "ENHANCED - GENERATIVE"
    assert report["facts"]["delivered"]["file_name"] == result.name
    (network,) = report["facts"]["networks"]
    assert network["name"] == f"{GENERAL}-denoise-0.50"
    assert network["network_class"] == "generative"
    assert any(REASON in one for one in report["facts"]["overrides"])
    with zipfile.ZipFile(job["bundle"]) as bundle:
        names = [name.partition("/")[2] for name in bundle.namelist()]
        plan = json.loads(bundle.read("bundle/data/plan.json"))
        entries = bundle.read("bundle/data/log/entries.jsonl").decode()
    assert "data/result/enhanced-GENERATIVE.png" in names
    for parent in (GENERAL, TWIN):
        digest = sha256(shared / "weights" / f"{parent}.safetensors")
        assert f"0.50 x {parent} sha256:{digest}" in plan["networks"][0]["blend_of"]
        assert digest in network["origin"]
        assert digest in entries


def test_a_clip_on_torch_and_taken_up_again(
    evident: Evident, shared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A clip runs on the other engine; asked for again, the same result is found, by its name."""
    imported(evident, shared, DRAWN)
    clip = make_clip(tmp_path / "drawn.mp4", frames=4, size=(32, 32))
    graph = tmp_path / "graph.json"
    operation = {"op": "super_resolve", "scale": 4, "model": DRAWN}
    stages = [
        {"name": "ingest", "kind": "ingest", "needs": ["source"]},
        {
            "name": "enhance",
            "kind": "enhance",
            "needs": ["ingest"],
            "params": {"operations": [operation], "allow_ungated": REASON},
        },
        {"name": "export", "kind": "export", "needs": ["enhance"]},
    ]
    graph.write_text(json.dumps({"version": 1, "preset": "presentation", "stages": stages}))
    monkeypatch.setenv("EVIDENT_ENGINE", "torch")
    said = evident("run", clip, "--graph", graph, "--out", "results", "--json")
    assert said.code == 0, said.err
    first = Path(said.json["jobs"][0]["outputs"][0]["path"])
    assert first.name == "enhanced-GENERATIVE.mp4"
    again = evident("run", clip, "--graph", graph, "--out", "results", "--resume", "--json")
    assert again.json["jobs"][0]["outputs"][0]["path"] == str(first)
    facts = json.loads(Path(said.json["jobs"][0]["report"]).read_text())["facts"]
    assert facts["run"]["engine"].startswith("torch ")


def test_installed_networks_are_exported_and_on_record(
    evident: Evident, shared: Path, tmp_path: Path
) -> None:
    """What was installed is in the log and in an export, by the same digests."""
    imported(evident, shared, DRAWN)
    said = evident("models", "export", DRAWN, "--out", "exported", "--json")
    assert said.code == 0, said.err
    written = {Path(one["path"]).name: one["sha256"] for one in said.json["files"]}
    assert all(sha256(tmp_path / "exported" / name) == one for name, one in written.items())
    given = sha256(shared / "weights" / f"{DRAWN}.safetensors")
    assert written[f"{DRAWN}.safetensors"] == given
    history = evident("models", "history", DRAWN, "--json").json
    (entry,) = history["entries"]
    assert entry["kind"] == "network.installed"
    assert [one["sha256"] for one in entry["body"]["inputs"]] == [given]
    outputs = {one["name"]: one["sha256"] for one in entry["body"]["outputs"]}
    assert outputs.items() <= written.items()
    assert history["state"] == "imported"
