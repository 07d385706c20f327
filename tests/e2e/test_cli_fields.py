"""Interlaced clips from file to verified bundle: refused, taken apart, put together, repeated."""

from __future__ import annotations

import json
import zipfile
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import pytest

from tests.e2e.command_kit import Evident, Said
from tests.unit.pipelines.media.field_kit import interlaced, telecined, write_luma

ADVICE = "separate_fields with first_field top"


@pytest.fixture(scope="module")
def evident(tmp_path_factory: pytest.TempPathFactory) -> Evident:
    """The command line in a folder that the tests of this file share."""
    return Evident(tmp_path_factory.mktemp("fields"))


@pytest.fixture(scope="module")
def clip(evident: Evident) -> Path:
    """An interlaced clip with sound that is flagged as progressive; two segments."""
    pictures = interlaced(52, top_first=True, size=(64, 48))
    return write_luma(evident.folder / "gate.mp4", pictures, audio=True)


def run(evident: Evident, clip: Path, out: str, *operations: dict[str, Any], **more: Any) -> Said:
    """Run a job by a graph under the default preset."""
    stages = [
        {"name": "ingest", "kind": "ingest", "needs": ["source"]},
        {"name": "enhance", "kind": "enhance", "needs": ["ingest"],
         "params": {"operations": list(operations), **more}},
        {"name": "qa", "kind": "qa", "needs": ["enhance"]},
        {"name": "export", "kind": "export", "needs": ["enhance", "qa"]},
    ]  # fmt: skip
    graph = evident.folder / f"{out}.json"
    graph.write_text(json.dumps({"version": 1, "stages": stages}))
    return evident("run", clip, "--graph", graph, "--out", out, "--json")


def times(path: Path) -> list[Fraction]:
    """When each frame is shown."""
    with av.open(str(path)) as container:
        return [frame.pts * frame.time_base for frame in container.decode(video=0)]


def report_of(bundle: str) -> Any:
    """The facts of the report in a bundle."""
    with zipfile.ZipFile(bundle) as archive:
        name = next(one for one in archive.namelist() if one.endswith("report.json"))
        return json.loads(archive.read(name))["facts"]


def test_denoising_woven_frames_is_refused_with_advice(evident: Evident, clip: Path) -> None:
    """Nothing is made; the reason carries the measurement and the way out."""
    said = run(evident, clip, "refused", {"op": "denoise"})
    assert said.code == 2
    error = said.json["jobs"][0]["error"]
    assert "interlaced-top-first" in error["reason"]
    assert ADVICE in error["next_step"]


def test_a_person_may_say_why_it_is_right_all_the_same(evident: Evident, clip: Path) -> None:
    """With a reason it runs, and the reason is in the report."""
    reason = "only the still caption is looked at"
    said = run(evident, clip, "despite", {"op": "denoise"}, despite_fields=reason)
    assert said.code == 0, said.err
    facts = report_of(said.json["jobs"][0]["bundle"])
    assert reason in json.dumps(facts)
    assert facts["received"]["clip"]["fields"]["measured"] == "interlaced-top-first"
    assert any("its samples show interlaced frames" in one for one in facts["source_defects"])


@pytest.mark.parametrize(
    "operations",
    [
        [{"op": "separate_fields", "first_field": "top"}, {"op": "denoise_temporal"}],
        [{"op": "deinterlace", "first_field": "top", "rate": "field"}],
        [{"op": "line_double", "first_field": "top", "rate": "field"}, {"op": "denoise"}],
    ],
    ids=["separate", "deinterlace", "double"],
)
def test_a_frame_of_every_field_is_delivered_and_repeated(operations, evident, clip):
    """Twice the frames at exact moments; laws declare it, the bundle verifies, a replay agrees."""
    said = run(evident, clip, operations[0]["op"], *operations)
    assert said.code == 0, said.err
    job = said.json["jobs"][0]
    made, source = times(Path(job["outputs"][0]["path"])), times(clip)
    assert made[0::2] == source
    assert made[1::2] == [one + Fraction(1, 50) for one in source]
    facts = report_of(job["bundle"])
    laws = {one["name"]: one for one in facts["conservation"]}
    assert laws["frames"]["holds"]
    assert laws["frames"]["declared"] == f"declared by {operations[0]['op']}"
    assert (laws["frames"]["source"], laws["frames"]["result"]) == ("52", "104")
    assert evident("verify", job["bundle"]).code == 0
    part = evident("replay", job["bundle"], "--frames", "88:92", "--json")
    assert (part.code, part.json["verdict"]) == (0, "identical")


def test_half_as_many_rows_are_shown_twice_as_tall(evident: Evident, clip: Path) -> None:
    """Separated fields keep their shape on a screen: the sample aspect is halved, and declared."""
    path = next((evident.folder / "separate_fields").rglob("enhanced.mp4"))
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        assert (stream.width, stream.height) == (64, 24)
        assert stream.sample_aspect_ratio == Fraction(1, 2)


def test_one_picture_per_frame_keeps_all_times(evident: Evident, clip: Path) -> None:
    """Deinterlacing to frames changes no time and no number of frames."""
    said = run(evident, clip, "frames", {"op": "deinterlace", "first_field": "top"})
    assert said.code == 0, said.err
    job = said.json["jobs"][0]
    assert times(Path(job["outputs"][0]["path"])) == times(clip)


def test_the_wrong_order_of_fields_is_refused(evident: Evident, clip: Path) -> None:
    """What was given is held against what was measured."""
    said = run(evident, clip, "wrong", {"op": "deinterlace", "first_field": "bottom"})
    assert said.code == 2
    assert "the opposite" in said.json["jobs"][0]["error"]["reason"]


def test_film_is_put_together_again(evident: Evident) -> None:
    """Four frames of five at film's rate; another phase than the measured one is refused."""
    path = write_luma(
        evident.folder / "film.mp4", telecined(50, start=2, size=(64, 48)), rate=Fraction(30)
    )
    wish = {"op": "inverse_telecine", "first_field": "top"}
    wrong = run(evident, path, "phase", {**wish, "first_frame": 1})
    assert wrong.code == 2
    assert "measured was frame 2" in wrong.json["jobs"][0]["error"]["reason"]
    said = run(evident, path, "film", {**wish, "first_frame": 2})
    assert said.code == 0, said.err
    job = said.json["jobs"][0]
    made = times(Path(job["outputs"][0]["path"]))
    assert Fraction(1, 24) in {b - a for a, b in pairwise(made)}
    assert len(made) in (39, 40, 41)
    assert evident("verify", job["bundle"]).code == 0
    assert evident("replay", job["bundle"], "--json").json["verdict"] == "identical"


def test_fields_are_taken_apart_first_or_not_at_all(evident: Evident, clip: Path) -> None:
    """An operation before it is wrong use."""
    said = run(evident, clip, "late", {"op": "gamma", "gamma": 1.1},
               {"op": "separate_fields", "first_field": "top"})  # fmt: skip
    assert said.code == 2
    assert "the first operation" in said.out + said.err
