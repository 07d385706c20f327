"""`evident replay` of photographs: what is the same, and what differs and by how much."""

from __future__ import annotations

import json
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pipelines.evidence.entry import parse_entry
from services.provenance.keys import FileSigner
from services.provenance.local_log import LocalLog
from tests.e2e.bundle_kit import SOMEBODY, Parts, remade
from tests.e2e.command_kit import Evident, textured


@pytest.fixture(scope="module")
def evident(tmp_path_factory: pytest.TempPathFactory) -> Evident:
    """The command line in a folder that the tests of this file share."""
    return Evident(tmp_path_factory.mktemp("replay"))


@pytest.fixture(scope="module")
def photo(evident: Evident) -> Path:
    """A photograph that is to be turned before it is shown."""
    path = evident.folder / "turned.jpg"
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(textured(48, 64)).save(path, quality=95, exif=exif)
    return path


@pytest.fixture(scope="module")
def denoised(evident: Evident, photo: Path) -> Path:
    """The bundle of a conventional job."""
    return made(evident, photo, "denoised", "--scale", "1")


@pytest.fixture(scope="module")
def enlarged(evident: Evident, photo: Path) -> Path:
    """The bundle of a job that ran a network."""
    return made(evident, photo, "enlarged", "--preset", "balanced")


def made(evident: Evident, photo: Path, out: str, *options: str) -> Path:
    """Run a job; returns its bundle."""
    said = evident("run", photo, "--out", out, *options, "--json")
    assert said.code == 0, said.err
    return Path(said.json["jobs"][0]["bundle"])


def samples(path: Path) -> np.ndarray:
    """What a viewer of a result sees, (H, W, 3)."""
    with Image.open(path) as picture:
        return np.asarray(picture).astype(int)


@pytest.mark.parametrize("bundle", ["denoised", "enlarged"])
def test_the_same_plan_gives_the_same_samples(
    evident: Evident, bundle: str, request: pytest.FixtureRequest
) -> None:
    """A replay under the logged conditions is identical, ends with code 0 and says its limits."""
    said = evident("replay", request.getfixturevalue(bundle))
    assert said.code == 0, said.err
    assert "identical: every sample" in said.out
    assert "Same plan, engine build, device class and threads" in said.out
    assert "Repeatability is not validity" in said.out


def test_the_verdict_is_an_entry_of_the_job(evident: Evident, denoised: Path) -> None:
    """The log holds who replayed which bundle, by digest, with what outcome."""
    found = evident("replay", denoised, "--json").json
    with LocalLog(
        evident.folder / "home" / "log",
        FileSigner(evident.folder / "home" / "keys"),
        actor=SOMEBODY,
    ) as log:
        entry = parse_entry(log.seal(found["job"]).entries[-1])
    assert entry.kind == "replay"
    assert entry.body["verdict"] == "identical"
    assert entry.body["inputs"] == [
        {
            "role": "bundle",
            "sha256": found["bundle_sha256"],
            "bytes": denoised.stat().st_size,
        }
    ]
    assert "Repeatability is not validity" in str(entry.body["sentence"])


def test_a_verdict_travels_in_a_supplement(evident: Evident, photo: Path) -> None:
    """What was replayed after the bundle was made is a later entry, and verifies beside it."""
    bundle = made(evident, photo, "later", "--scale", "1")
    assert evident("replay", bundle, "--out", "later-verdict").code == 0
    verdict = evident.folder / "later-verdict" / "verdict.json"
    later = evident("bundle", "supplement", bundle, "--attach", verdict, "--json")
    assert later.code == 0, later.err
    assert later.json["later_entries"] >= 1
    supplement = later.json["supplement"]
    assert evident("verify", bundle, "--supplement", supplement).code == 0
    with zipfile.ZipFile(supplement) as archive:
        content = b"".join(archive.read(name) for name in archive.namelist())
    assert b'"kind":"replay"' in content
    assert verdict.read_bytes() in content


def test_other_parameters_differ_by_what_the_results_differ(
    evident: Evident, photo: Path, denoised: Path
) -> None:
    """The largest difference is that of the two results, with its plane, place and picture."""

    def stronger(parts: Parts) -> None:
        parts.change_step(0, strength="0.05", chroma_strength="0.05")

    altered = remade(denoised, evident.folder / "stronger", stronger)
    out = evident.folder / "verdict"
    said = evident("replay", altered.path, "--trust", altered.key, "--out", out, "--json")
    assert said.code == 1, said.err
    found = said.json
    assert found["verdict"] == "differs", found["missing"]
    assert json.loads((out / "verdict.json").read_bytes())["compared"] == found["compared"]

    graph = evident.folder / "stronger.json"
    graph.write_text(json.dumps(_graph({"op": "denoise", "strength": 0.05})))
    other = made(evident, photo, "other", "--graph", str(graph))
    apart = np.abs(
        samples(denoised.with_name("enhanced.png")) - samples(other.with_name("enhanced.png"))
    )
    largest = found["compared"]["largest"]
    plane = apart[:, :, "RGB".index(largest["plane"])]
    rows, columns = np.nonzero(plane)
    assert largest["code_values"] == apart.max() > 0
    assert plane[largest["y"], largest["x"]] == largest["code_values"]
    assert largest["samples"] == np.count_nonzero(plane)
    assert largest["region"] == {
        "left": columns.min(),
        "top": rows.min(),
        "width": np.ptp(columns) + 1,
        "height": np.ptp(rows) + 1,
    }
    factor = int(found["picture"]["factor"])
    assert factor == 255 // apart.max()
    with Image.open(out / found["picture"]["name"]) as drawn:
        assert (np.asarray(drawn) == apart.max(axis=2) * factor).all()


def test_a_lossy_result_is_measured_against_a_run_under_the_logged_conditions(
    evident: Evident, photo: Path, enlarged: Path
) -> None:
    """Under another engine the difference is the same whether the delivery was lossy or not."""
    lossy = made(evident, photo, "lossy", "--preset", "balanced", "--output", "source")
    nudged = replace(evident, program="tests.e2e.nudged_torch")
    found = [
        nudged("replay", bundle, "--engine", "torch", "--threads", "1", "--json").json["compared"]
        for bundle in (enlarged, lossy)
    ]
    assert "lossless" in found[0]["against"]
    assert "under the conditions on record" in found[1]["against"]
    assert found[0]["largest"] == found[1]["largest"]
    assert 1 <= found[0]["largest"]["code_values"] <= 2


def test_a_delivered_picture_that_is_not_what_was_made_is_found(
    evident: Evident, denoised: Path
) -> None:
    """One sample of the delivered file that is another makes the verdict another."""

    def retouched(parts: Parts) -> None:
        path = evident.folder / "retouched.png"
        pixels = samples(denoised.with_name("enhanced.png")).astype(np.uint8)
        pixels[3, 5, 1] ^= 1
        Image.fromarray(pixels).save(path)
        parts.put("data/result/enhanced.png", path.read_bytes())

    altered = remade(denoised, evident.folder / "retouched", retouched)
    said = evident("replay", altered.path)
    assert said.code == 1, said.err
    assert "The picture: no sample differs." in said.out
    assert "The delivered file does not decode here to what is on record." in said.out


def _graph(*operations: dict[str, object]) -> dict[str, object]:
    stages = [
        {"name": "ingest", "kind": "ingest", "needs": ["source"]},
        {"name": "enhance", "kind": "enhance", "needs": ["ingest"],
         "params": {"operations": list(operations)}},
        {"name": "export", "kind": "export", "needs": ["enhance"]},
    ]  # fmt: skip
    return {"version": 1, "preset": "forensic-safe", "stages": stages}
