"""`evident run --track object`: things in a photograph, by a detector that needs a permission."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pipelines.analysis.things import THINGS
from tests.e2e.command_kit import Evident, entries_of
from tests.unit.pipelines.analysis.detector_kit import answering, yolo_answer

REASON = "a study whose whole source is open"


def place(left: float, top: float, width: float, height: float, kind: str) -> list[float]:
    """A thing at a place of a picture of 320 x 240, which stands in the middle of 640 x 640."""
    scores = [0.0] * len(THINGS)
    scores[THINGS.index(kind)] = 0.875
    return [160 + left + width / 2, 200 + top + height / 2, width, height, *scores]


@pytest.fixture(scope="module")
def evident(tmp_path_factory: pytest.TempPathFactory) -> Evident:
    """The command line, with a made network installed as the detector of things."""
    made = Evident(tmp_path_factory.mktemp("objects"))
    answer = yolo_answer(
        84, {5: place(10, 20, 100, 50, "car"), 900: place(200, 40, 30, 90, "person")}
    )
    file = made.folder / "export.onnx"
    file.write_bytes(answering({"output0": answer}, taken="images"))
    said = made("models", "import", file, "--as", "yolov8n", "--json")
    assert said.code == 0, said.err
    return made


@pytest.fixture(scope="module")
def photo(evident: Evident) -> Path:
    """A photograph of noise."""
    path = evident.folder / "photo.png"
    noise = np.random.default_rng(1).integers(0, 256, (240, 320, 3)).astype(np.uint8)
    Image.fromarray(noise).save(path)
    return path


def test_things_are_followed_reported_and_on_record(evident: Evident, photo: Path) -> None:
    """Boxes and names of things are in tracks.json and in the report, with the permission."""
    said = evident(
        "run", photo, "--track", "object", "--detector", "yolov8n", "--scale", 1,
        "--allow-licence", REASON, "--out", "o", "--json",
    )  # fmt: skip
    assert said.code == 0, said.err
    folder = Path(said.json["jobs"][0]["bundle"]).parent
    tracks = json.loads((folder / "tracks.json").read_bytes())["tracks"]
    boxes = {one["target"]: one["places"][0]["box"] for one in tracks}
    assert {name: [float(one) for one in box] for name, box in boxes.items()} == {
        "car": [10, 20, 100, 50],
        "person": [200, 40, 30, 90],
    }
    report = json.loads((folder / "report.json").read_bytes())["facts"]
    assert {one["target"] for one in report["tracking"]["tracks"]} == {"car", "person"}
    assert report["tracking"]["targets"] == ["object"]
    assert any("yolov8n is licensed" in one for one in report["warnings"])
    permitted = [one for one in entries_of(folder / "bundle.zip") if REASON in json.dumps(one)]
    assert permitted


def test_one_kind_alone_is_followed(evident: Evident, photo: Path) -> None:
    """Who names a kind of thing gets that kind and no other."""
    said = evident(
        "run", photo, "--track", "person", "--detector", "yolov8n", "--scale", 1,
        "--allow-licence", REASON, "--out", "p", "--json",
    )  # fmt: skip
    assert said.code == 0, said.err
    folder = Path(said.json["jobs"][0]["bundle"]).parent
    tracks = json.loads((folder / "tracks.json").read_bytes())["tracks"]
    assert [one["target"] for one in tracks] == ["person"]


def test_without_a_permission_nothing_looks(evident: Evident, photo: Path) -> None:
    """The licence alone is the reason of the refusal, and it says what to do."""
    said = evident(
        "run", photo, "--track", "object", "--detector", "yolov8n", "--out", "q", "--json"
    )
    assert said.code != 0
    assert "AGPL-3.0" in said.out + said.err
    assert "--allow-licence" in said.out + said.err
