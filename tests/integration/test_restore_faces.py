"""A whole job that restores faces: tracked, redrawn by an imported network, bundled, replayed."""

from __future__ import annotations

import hashlib
import json
import zipfile
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import skimage.data
from onnx import TensorProto, helper
from PIL import Image
from typer.testing import CliRunner

from models import catalog
from models.card_file import parse
from models.card_text import render
from models.installed import Installed, Standing, render_installed
from models.spec import ModelId, Sha256, WeightsFile, WeightsFormat
from pipelines.analysis.detectors import GROUP
from pipelines.analysis.found import Box, Detection, DetectorFacts, Rgb8
from services.cli.main import app

NAME = "test-faces"
FACE = Box(178, 65, 92, 111)
LANDMARKS = ((203.0, 104.0), (246.0, 104.0), (224.0, 128.0), (208.0, 149.0), (242.0, 149.0))


class Known:
    """A detector that knows where the astronaut's face is."""

    facts = DetectorFacts("known", "1", "0" * 64, "numpy", "Apache-2.0", "It knows one picture.")
    targets = ("face",)
    usual_side = 512

    def detect(self, rgb: Rgb8) -> tuple[Detection, ...]:
        """The face, with its landmarks."""
        return (Detection("face", FACE, 0.95, LANDMARKS),)


class Point:
    """The entry point of that detector."""

    name = "known"

    def load(self) -> type[Known]:
        """Give the detector."""
        return Known


def darkening() -> bytes:
    """A network of the form that restores faces take, whose faces are half as bright."""
    shape = [1, 3, "h", "w"]
    half = helper.make_tensor("half", TensorProto.FLOAT, [1], [0.5])
    graph = helper.make_graph(
        [helper.make_node("Mul", ["input", "half"], ["output"])],
        "faces",
        [helper.make_tensor_value_info("input", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("output", TensorProto.FLOAT, shape)],
        [half],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString())


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home in which a network for faces is installed, and a catalog that has its card."""
    field = tmp_path / "field"
    field.mkdir()
    text = render(catalog.Catalog(catalog.FIELD_FOLDER).card("realesr-animevideov3"))
    text = text.replace('"realesr-animevideov3"', f'"{NAME}"').split("[[copies]]")[0]
    text = text.replace('"super-resolve"', '"restore-faces"').replace("scale = 4", "scale = 1")
    text = text.replace('rule = "exact"\nreach = 18', 'rule = "whole-frame"')
    (field / f"{NAME}.toml").write_text(render(parse(text, source=field / "x.toml")))
    folder = tmp_path / "home" / "models" / NAME
    folder.mkdir(parents=True)
    content = darkening()
    file = WeightsFile(f"{NAME}.onnx", Sha256(hashlib.sha256(content).hexdigest()), len(content))
    (folder / file.name).write_bytes(content)
    record = Installed(
        ModelId(NAME), file, Standing.UNKNOWN, "made by a test", {WeightsFormat.ONNX: file}
    )
    (folder / "installed.json").write_bytes(render_installed(record))
    monkeypatch.setattr(catalog, "FIELD_FOLDER", field)
    # The command sets the catalog of this process; afterwards it is what it was.
    monkeypatch.setattr(catalog._House, "catalog", catalog.current())
    others = metadata.entry_points

    def entry_points(**chosen: str) -> Any:
        return [Point()] if chosen.get("group") == GROUP else others(**chosen)

    monkeypatch.setattr(metadata, "entry_points", entry_points)
    monkeypatch.setenv("EVIDENT_HOME", str(tmp_path / "home"))
    return tmp_path


def called(*arguments: object) -> tuple[int, dict[str, Any]]:
    """Run the command line in this process."""
    said = CliRunner().invoke(app, [str(one) for one in arguments], catch_exceptions=False)
    return said.exit_code, json.loads(said.stdout)


def graph(home: Path, preset: str, *, track: bool = True, **more: object) -> Path:
    """A graph that restores faces."""
    look = {"detector": "plugin:known"}
    operation = {"op": "restore_faces", "model": NAME, "fidelity": 0.0, **more}
    stages: list[dict[str, Any]] = [{"name": "ingest", "kind": "ingest", "needs": ["source"]}]
    if track:
        stages.append(
            {"name": "track", "kind": "detect_track", "needs": ["ingest"], "params": look}
        )
    stages += [
        {
            "name": "enhance",
            "kind": "enhance",
            "needs": ["ingest"],
            "params": {"operations": [operation], "allow_ungated": "a test of the machinery"},
        },
        {"name": "qa", "kind": "qa", "needs": ["enhance"]},
        {"name": "export", "kind": "export", "needs": ["enhance", "qa"]},
    ]
    path = home / f"{preset}-{track}.json"
    path.write_text(json.dumps({"version": 1, "preset": preset, "stages": stages}))
    return path


def test_a_job_restores_faces_and_a_replay_repeats_it(home: Path) -> None:
    """The face is redrawn, nothing else is touched, the name says GENERATIVE, the replay agrees."""
    photo = home / "astronaut.png"
    Image.fromarray(skimage.data.astronaut()).save(photo)
    code, said = called(
        "run", photo, "--graph", graph(home, "presentation"), "--out", home / "o", "--json"
    )
    assert code == 0, said
    (job,) = said["jobs"]
    result = Path(job["outputs"][0]["path"])
    assert result.name == "enhanced-GENERATIVE.png"
    before, after = (np.asarray(Image.open(one).convert("RGB"), int) for one in (photo, result))
    nose = after[126:130, 222:226] - before[126:130, 222:226] // 2
    assert np.abs(nose).max() <= 12
    changed = np.argwhere((before != after).any(axis=2))
    assert changed.min() > 10
    assert (changed.max(axis=0) < (330, 400)).all()
    with zipfile.ZipFile(job["bundle"]) as archive:
        plan = json.loads(archive.read("bundle/data/plan.json"))
        tracks = archive.read("bundle/data/attachments/tracks.json")
    assert plan["tracking"]["tracks_sha256"] == hashlib.sha256(tracks).hexdigest()
    assert plan["networks"][0]["gate"] == "ungated"
    code, verdict = called("replay", job["bundle"], "--json")
    assert code == 0, verdict
    assert verdict["verdict"] == "identical"


@pytest.mark.parametrize(
    ("preset", "track", "words"),
    [
        ("forensic-safe", True, "not admitted by forensic-safe"),
        ("balanced", True, "not admitted by balanced"),
        ("presentation", False, "follows tracks of a face, and the graph looks for none"),
    ],
)
def test_what_is_not_admitted_does_not_begin(
    home: Path, preset: str, *, track: bool, words: str
) -> None:
    """Faces are redrawn under presentation alone, and by tracks alone."""
    photo = home / "astronaut.png"
    Image.fromarray(skimage.data.astronaut()).save(photo)
    path = graph(home, preset, track=track)
    code, said = called("run", photo, "--graph", path, "--out", home / "o", "--json")
    assert code == 2
    assert words in said["jobs"][0]["error"]["reason"]


def embedding() -> bytes:
    """A random network of the form that embeddings have."""
    random = np.random.default_rng(3)
    weights = random.normal(0, 0.1, (8, 3, 8, 8)).astype(np.float32)
    made = helper.make_tensor("w", TensorProto.FLOAT, weights.shape, weights.ravel())
    graph = helper.make_graph(
        [
            helper.make_node("Conv", ["input", "w"], ["c"], strides=[8, 8]),
            helper.make_node("Flatten", ["c"], ["embedding"]),
        ],
        "embedding",
        [helper.make_tensor_value_info("input", TensorProto.FLOAT, [1, 3, 32, 32])],
        [helper.make_tensor_value_info("embedding", TensorProto.FLOAT, [1, 128])],
        [made],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    return bytes(model.SerializeToString())


def drift_of(home: Path, out: str, **more: object) -> dict[str, Any]:
    """Run a job; returns what its report says of drift."""
    photo = home / "astronaut.png"
    Image.fromarray(skimage.data.astronaut()).save(photo)
    path = graph(home, "presentation", **more)
    code, said = called("run", photo, "--graph", path, "--out", home / out, "--json")
    assert code == 0, said
    report = json.loads(Path(said["jobs"][0]["report"]).read_bytes())
    return dict(report["facts"]["quality"]["drift"])


def test_the_drift_of_a_face_is_measured_by_an_installed_embedding(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Unavailable without one; with one, named and 0 for a face that was left as it was."""
    assert drift_of(home, "none")["standing"] == "unavailable"
    file = home / "looks.onnx"
    file.write_bytes(embedding())
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    monkeypatch.setenv("EVIDENT_FACE_EMBEDDING", str(file))
    monkeypatch.setenv("EVIDENT_FACE_EMBEDDING_SIDE", "32")
    changed = drift_of(home, "changed")
    assert (changed["standing"], changed["embedding"]) == ("measured", f"looks, SHA-256 {digest}")
    (track,) = changed["tracks"]
    assert track["side"] == 92
    assert 0 < float(track["mean"]) <= 2
    (left,) = drift_of(home, "left", fidelity=1.0)["tracks"]
    assert float(left["mean"]) == pytest.approx(0, abs=1e-6)
    monkeypatch.setenv("EVIDENT_FACE_EMBEDDING_LEAST_SIDE", "200")
    small = drift_of(home, "small")
    assert small["standing"] == "not applicable"
    assert "smaller than 200" in small["reason"]


def test_a_track_that_is_not_there_is_refused(home: Path) -> None:
    """A graph that names another track than was found fails, and says which are there."""
    photo = home / "astronaut.png"
    Image.fromarray(skimage.data.astronaut()).save(photo)
    path = graph(home, "presentation", tracks=[4])
    code, said = called("run", photo, "--graph", path, "--out", home / "o", "--json")
    assert code == 2
    assert "no track 4" in said["jobs"][0]["error"]["reason"]
