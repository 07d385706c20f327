"""`evident run` from file to bundle: what is made, what is said, what is refused."""

from __future__ import annotations

import json
import shutil
import zipfile
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from tests.e2e.command_kit import Evident, ledger_of

FILES = {"report.json", "report.pdf", "bundle.zip"}
MAPS = {"contradiction.png", "supplied.png"}


def test_a_photograph_becomes_four_files_and_two_maps(evident: Evident, photo: Path) -> None:
    """Per input the folder holds the result, reports, maps and bundle, and nothing else."""
    said = evident("run", photo, "--preset", "balanced", "--out", "out")
    assert said.code == 0, said.err
    folder = photo.parent / "out" / "gate.png"
    assert {path.name for path in folder.iterdir()} == FILES | MAPS | {"enhanced.png"}
    with Image.open(folder / "enhanced.png") as result:
        assert result.size == (128, 96)
    assert "gate: passed" in said.out
    assert "Not for reading characters" in said.out


def test_json_is_the_contract(evident: Evident, photo: Path) -> None:
    """`--json` prints one object with absolute paths, the enhanced medium first."""
    job = evident("run", photo, "--out", "out", "--json").json["jobs"][0]
    assert set(job) == {
        "job_id", "input", "state", "outputs", "bundle", "report", "metrics", "warnings", "error",
    }  # fmt: skip
    assert job["state"] == "done"
    assert job["error"] is None
    assert job["input"] == str(photo)
    first = job["outputs"][0]
    assert set(first) == {"path", "sha256", "bytes", "media_type"}
    assert first["media_type"] == "image/png"
    assert Path(first["path"]).is_absolute()
    assert Path(first["path"]).stat().st_size == first["bytes"]
    assert Path(job["bundle"]).name == "bundle.zip"
    assert Path(job["report"]).name == "report.json"


def test_a_clip_keeps_its_times(evident: Evident, clip: Path) -> None:
    """The enhanced clip has the frames, times and ledger of the one that came in."""
    job = evident("run", clip, "--out", "out", "--scale", "1", "--json").json["jobs"][0]
    with av.open(str(clip)) as before, av.open(job["outputs"][0]["path"]) as after:
        old = [frame.pts * frame.time_base for frame in before.decode(video=0)]
        new = [frame.pts * frame.time_base for frame in after.decode(video=0)]
    assert old == new
    with zipfile.ZipFile(job["bundle"]) as bundle:
        lines = bundle.read("bundle/data/ledger.jsonl").splitlines()
    assert len(lines) == 1 + len(old)


def test_the_bundle_verifies_and_a_flipped_byte_does_not(evident: Evident, photo: Path) -> None:
    """`evident verify` accepts the bundle, and names the file of a single flipped byte."""
    evident("run", photo, "--out", "out")
    bundle = photo.parent / "out" / "gate.png" / "bundle.zip"
    good = evident("verify", bundle)
    assert good.code == 0
    assert "self-asserted" in good.out
    with zipfile.ZipFile(bundle) as archive:
        place = archive.getinfo("bundle/data/result/enhanced.png").header_offset + 200
    data = bytearray(bundle.read_bytes())
    data[place] ^= 1
    bundle.write_bytes(data)
    bad = evident("verify", bundle, "--json")
    assert bad.code == 1
    assert bad.json["first_failure"]["file"] == "data/result/enhanced.png"


def test_an_empty_graph_hands_back_identical_samples(evident: Evident, clip: Path) -> None:
    """Without operations every frame is delivered with the digest that it came in with."""
    graph = clip.parent / "empty.json"
    stages = [
        {"name": "ingest", "kind": "ingest", "needs": ["source"]},
        {"name": "export", "kind": "export", "needs": ["ingest"]},
    ]
    graph.write_text(json.dumps({"version": 1, "stages": stages}))
    job = evident("run", clip, "--graph", graph, "--out", "out", "--json").json["jobs"][0]
    for line in ledger_of(Path(job["bundle"])):
        assert line["source_sha256"] == line["encoder_sha256"] == line["delivered_sha256"]


def test_an_empty_graph_keeps_a_photograph(evident: Evident, photo: Path) -> None:
    """Without operations a photograph keeps every sample."""
    graph = photo.parent / "empty.json"
    stages = [
        {"name": "ingest", "kind": "ingest", "needs": ["source"]},
        {"name": "export", "kind": "export", "needs": ["ingest"]},
    ]
    graph.write_text(json.dumps({"version": 1, "stages": stages}))
    assert evident("run", photo, "--graph", graph, "--out", "out").code == 0
    result = photo.parent / "out" / "gate.png" / "enhanced.png"
    with Image.open(photo) as before, Image.open(result) as after:
        assert (np.asarray(before) == np.asarray(after)).all()


def test_a_second_run_does_not_touch_the_first(evident: Evident, photo: Path) -> None:
    """A folder that is taken is left alone; the next one gets a number."""
    evident("run", photo, "--out", "out")
    evident("run", photo, "--out", "out")
    assert sorted(path.name for path in (photo.parent / "out").iterdir()) == [
        "gate.png",
        "gate.png-2",
    ]


def test_a_policy_refusal_is_wrong_use(evident: Evident, photo: Path) -> None:
    """What the preset does not admit exits with 2 and says which preset would admit it."""
    said = evident("run", photo, "--model", "evident-sr-x2", "--out", "out")
    assert said.code == 2
    assert "super_resolve (trained)" in said.err
    assert "balanced" in said.err
    assert not (photo.parent / "out").exists() or not list((photo.parent / "out").iterdir())


def test_explain_says_everything_and_does_nothing(evident: Evident, clip: Path) -> None:
    """`--explain` prints operations, facts and every parameter, and writes nothing."""
    said = evident("run", clip, "--preset", "balanced", "--out", "out", "--explain")
    assert said.code == 0
    for words in ("super_resolve: trained, single-frame", "model = evident-sr-x2 (default)",
                  "3 segments of 2 s", "libx264", "plan  sha256"):  # fmt: skip
        assert words in said.out
    assert not (clip.parent / "out").exists()


def test_bad_inputs_do_not_stop_good_ones(evident: Evident, photo: Path) -> None:
    """Every bad input gets one line and a next step; the good one is still done; the code is 1."""
    folder = photo.parent
    (folder / "empty.png").touch()
    (folder / "text.mp4").write_text("this is no video\n" * 50)
    (folder / "cut.png").write_bytes(photo.read_bytes()[:300])
    (folder / "a folder").mkdir()
    names = ["empty.png", "missing.jpg", "text.mp4", "cut.png", "a folder", "gate.png"]
    said = evident("run", *names, "--out", "out", "--json")
    assert said.code == 1
    jobs = {Path(job["input"]).name: job for job in said.json["jobs"]}
    assert jobs["gate.png"]["state"] == "done"
    for name in names[:-1]:
        assert jobs[name]["state"] == "failed"
        assert jobs[name]["error"]["reason"]
        assert jobs[name]["error"]["next_step"]
        assert "\n" not in jobs[name]["error"]["reason"]
    assert "Traceback" not in said.err
    assert [path.name for path in (folder / "out").iterdir()] == ["gate.png"]


def test_a_mislabelled_file_is_known_by_its_content(evident: Evident, photo: Path) -> None:
    """A picture that calls itself a video is treated as the picture that it is."""
    disguised = photo.parent / "clip.mp4"
    shutil.copy(photo, disguised)
    job = evident("run", disguised, "--out", "out", "--json").json["jobs"][0]
    assert job["outputs"][0]["media_type"] == "image/png"


@pytest.mark.parametrize(
    "name", ["-dash.png", "with space.png", "new\nline.png", "colon:http.png", "ünïcode.png"]
)
def test_odd_names_are_only_names(evident: Evident, photo: Path, name: str) -> None:
    """A file name means nothing to anybody but the file system."""
    shutil.copy(photo, photo.parent / name)
    said = evident("run", "--out", "out", "--json", "--", name)
    assert said.code == 0, said.err
    assert (photo.parent / "out" / name / "bundle.zip").exists()


def test_the_file_as_received_is_never_altered(evident: Evident, clip: Path) -> None:
    """The input has the same bytes and the same time of change after a run."""
    before = (clip.read_bytes(), clip.stat().st_mtime_ns)
    evident("run", clip, "--out", "out", "--scale", "1")
    assert (clip.read_bytes(), clip.stat().st_mtime_ns) == before
