"""Operations held to regions, from a graph to the finished file, its report and its replay."""

from __future__ import annotations

import hashlib
import json
import zipfile
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from PIL import Image

from tests.e2e.command_kit import Evident
from tests.e2e.test_cli_intake import entries, inside
from tests.unit.pipelines.media.clip_kit import write_clip

WHY = "the plate of the van"
_DENOISING = ("denoise", "denoise_temporal")
PLATE = {"name": "plate", "left": 12, "top": 8, "width": 16, "height": 12}


@pytest.fixture(scope="module")
def evident(tmp_path_factory: pytest.TempPathFactory) -> Evident:
    """The command line in a folder that the tests of this file share."""
    return Evident(tmp_path_factory.mktemp("regions"))


def graph(folder: Path, *operations: dict[str, Any], plate: dict[str, Any] = PLATE) -> Path:
    """Write a graph with one drawn region and these operations."""
    drawn = {"overrides": {"regions": [{"value": plate, "because": WHY}]}}
    path = folder / "graph.json"
    stages = [
        {"name": "ingest", "kind": "ingest", "needs": ["source"], "params": drawn},
        {"name": "enhance", "kind": "enhance", "needs": ["ingest"],
         "params": {"operations": operations}},
        {"name": "qa", "kind": "qa", "needs": ["enhance"]},
        {"name": "export", "kind": "export", "needs": ["enhance", "qa"]},
    ]  # fmt: skip
    path.write_text(json.dumps({"version": 1, "stages": stages}))
    return path


def picture(path: Path) -> np.ndarray:
    """The samples of a photograph."""
    with Image.open(path) as opened:
        return np.array(opened)


def test_a_turned_photograph_is_worked_on_where_it_was_drawn(evident: Evident) -> None:
    """Denoise in a drawn box equals denoise of the whole there; the rest is the photograph's."""
    random = np.random.default_rng(3)
    stored = random.integers(60, 90, (40, 70, 3)).astype(np.uint8)
    photo = evident.folder / "door.png"
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(stored).save(photo, exif=exif)
    box = {"left": 5, "top": 20, "width": 14, "height": 9, "because": WHY}
    made = {}
    for name, region in (("whole", {}), ("part", {"region": box})):
        asked = graph(evident.folder, {"op": "denoise", "strength": 9, **region})
        said = evident("run", photo, "--graph", asked, "--out", name, "--json")
        assert said.code == 0, said.err
        made[name] = said.json["jobs"][0]
    whole, part = (picture(Path(made[name]["outputs"][0]["path"])) for name in ("whole", "part"))
    upright = np.rot90(stored, -1)
    held = np.zeros(upright.shape[:2], bool)
    held[20:29, 5:19] = True
    np.testing.assert_array_equal(part[held], whole[held])
    np.testing.assert_array_equal(part[~held], upright[~held])
    assert (part[held] != upright[held]).any()
    facts = inside(made["part"]["bundle"], "report.json")["facts"]
    law = next(one for one in facts["conservation"] if "outside" in one["name"])
    assert law["holds"]
    assert law["source"] == f"{3 * int((~held).sum())} samples"
    assert facts["steps"][0]["region"]["because"] == WHY
    assert any(WHY in one for one in facts["overrides"])
    logged = [one["body"] for one in entries(made["part"]["bundle"]) if one["kind"] == "override"]
    assert "enhance.operations.0.region" in [one["field"] for one in logged]
    again = evident("replay", made["part"]["bundle"], "--json")
    assert again.json["verdict"] == "identical", again.err


def test_region_and_copies_to_look_at_are_asked_for_by_options(evident: Evident) -> None:
    """Without a graph: a region by name, a preview and a pyramid of tiles, all three on record."""
    random = np.random.default_rng(4)
    stored = random.integers(60, 90, (300, 520, 3)).astype(np.uint8)
    photo = evident.folder / "wide.png"
    Image.fromarray(stored).save(photo)
    said = evident(
        "run", photo, "--scale", "1", "--override", "region=plate:300,40,90,50", "--because", WHY,
        "--region", "plate", "--preview", "webp", "--pyramid", "--out", "options", "--json",
    )  # fmt: skip
    assert said.code == 0, said.err
    job = said.json["jobs"][0]
    files = {Path(one["path"]).name: Path(one["path"]) for one in job["outputs"]}
    made = picture(files["enhanced.png"])
    differs = (made != stored).any(axis=2)
    assert differs[40:90, 300:390].any()
    differs[40:90, 300:390] = False
    assert not differs.any()
    assert picture(files["preview.webp"]).shape == (300, 520, 3)
    with zipfile.ZipFile(files["pyramid.zip"]) as tiles:
        (description,) = [name for name in tiles.namelist() if name.endswith(".dzi")]
        assert 'Width="520" Height="300"' in tiles.read(description).decode()
        assert "pyramid_files/10/2_1.jpg" in tiles.namelist()
    (exported,) = [one["body"] for one in entries(job["bundle"]) if one["kind"] == "export"]
    for name in ("preview.webp", "pyramid.zip"):
        assert hashlib.sha256(files[name].read_bytes()).hexdigest() in json.dumps(exported)


def test_a_clip_is_worked_on_in_its_region_and_frames(evident: Evident) -> None:
    """Only the named region of the named frames changes; a replay does the same again."""
    clip = write_clip(evident.folder / "gate.mp4")
    plate = {**PLATE, "frames": {"first": 4, "last": 7}}
    steps = [{"op": name, "strength": 9, "region": "plate"} for name in _DENOISING]
    asked = graph(evident.folder, *steps, plate=plate)
    said = evident("run", clip, "--graph", asked, "--out", "clip", "--json")
    assert said.code == 0, said.err
    job = said.json["jobs"][0]
    before, after = (_luma(Path(path)) for path in (clip, job["outputs"][0]["path"]))
    differs = before != after
    assert differs[4:8, 8:20, 12:28].any(axis=(1, 2)).all()
    differs[4:8, 8:20, 12:28] = False
    assert not differs.any()
    facts = inside(job["bundle"], "report.json")["facts"]
    laws = {law["name"]: law for law in facts["conservation"]}
    assert laws["samples outside the regions"]["source"] == "12 frames"
    assert inside(job["bundle"], "plan.json")["steps"][0]["region"]["drawn"]["name"] == "plate"
    again = evident("replay", job["bundle"], "--json")
    assert again.json["verdict"] == "identical", again.err


def test_a_region_that_cannot_be_is_wrong_use(evident: Evident) -> None:
    """The answer names the operation and what to do, and nothing is made."""
    clip = write_clip(evident.folder / "wrong.mp4")
    enlarged = graph(evident.folder, {"op": "resize", "scale": 2, "region": "plate"})
    said = evident("run", clip, "--graph", enlarged, "--out", "wrong", "--json")
    assert said.code == 2
    assert "changes the size" in said.json["jobs"][0]["error"]["reason"]
    beyond = {"left": 60, "top": 0, "width": 4000, "height": 5, "because": WHY}
    outside = graph(evident.folder, {"op": "denoise", "region": beyond})
    said = evident("run", clip, "--graph", outside, "--out", "wrong", "--json")
    assert said.code == 2
    assert "beyond the picture" in said.json["jobs"][0]["error"]["reason"]
    assert "displayed pixels" in said.json["jobs"][0]["error"]["next_step"]


def _luma(path: Path) -> np.ndarray:
    with av.open(str(path)) as container:
        frames = [one.to_ndarray()[: one.height] for one in container.decode(video=0)]
    return np.stack(frames)
