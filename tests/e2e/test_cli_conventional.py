"""Clips that are steadied, or copied for other displays, from file to repeated bundle."""

from __future__ import annotations

import hashlib
import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from PIL import Image

from tests.e2e.command_kit import Evident, Said, entries_of, textured
from tests.unit.pipelines.operations.test_motion_blur import moved, photograph

FRAMES = 54
"""Two segments at 25 frames a second."""


@pytest.fixture(scope="module")
def evident(tmp_path_factory: pytest.TempPathFactory) -> Evident:
    """The command line in a folder that the tests of this file share."""
    return Evident(tmp_path_factory.mktemp("conventional"))


def write(path: Path, pictures: list[Any], form: str, **tags: int) -> Path:
    """Encode gray pictures as luma with even chroma; `tags` are attributes of the encoder."""
    height, width = pictures[0].shape
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25, options={"crf": "12"})
        stream.width, stream.height, stream.pix_fmt = width, height, form
        stream.codec_context.time_base = Fraction(1, 25)
        for name, code in tags.items():
            setattr(stream.codec_context, name, code)
        for number, picture in enumerate(pictures):
            frame = av.VideoFrame.from_ndarray(picture, "gray").reformat(format=form)
            frame.pts = number
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def run(evident: Evident, clip: Path, out: str, preset: str, *operations: dict[str, Any]) -> Said:
    """Run a job by a graph."""
    stages = [
        {"name": "ingest", "kind": "ingest", "needs": ["source"]},
        {"name": "enhance", "kind": "enhance", "needs": ["ingest"],
         "params": {"operations": list(operations)}},
        {"name": "export", "kind": "export", "needs": ["enhance"],
         "params": {"formats": ["bundle"], "credentials": "none"}},
    ]  # fmt: skip
    graph = evident.folder / f"{out}.json"
    graph.write_text(json.dumps({"version": 1, "preset": preset, "stages": stages}))
    return evident("run", clip, "--graph", graph, "--out", out, "--json")


def test_segments_are_steadied_as_the_whole_is(evident: Evident) -> None:
    """What two segments delivered is, frame for frame, what one pass over the clip gives."""
    scene = textured(120, 160, seed=2)[..., 0]
    rng = np.random.default_rng(1)
    shifts = rng.integers(-4, 5, (FRAMES, 2)) + 8
    pictures = [np.ascontiguousarray(scene[y : y + 96, x : x + 128]) for y, x in shifts]
    clip = write(evident.folder / "shaken.mp4", pictures, "yuv420p")
    said = run(evident, clip, "steady", "balanced", {"op": "stabilise", "radius": 4})
    assert said.code == 0, said.err
    (job,) = said.json["jobs"]
    with av.open(job["outputs"][0]["path"]) as container:
        assert (container.streams.video[0].width, container.streams.video[0].height) == (108, 80)
    replayed = evident("replay", job["bundle"], "--json")
    assert replayed.code == 0, replayed.err
    assert replayed.json["verdict"] == "identical"


def test_estimated_motion_is_not_of_the_default_preset(evident: Evident) -> None:
    """The conventional profile takes given parameters only, and says who would take these."""
    clip = write(evident.folder / "short.mp4", [textured(64, 64)[..., 0]] * 3, "yuv420p")
    said = run(evident, clip, "refused", "forensic-safe", {"op": "stabilise"})
    assert said.code == 2
    assert "balanced" in said.json["jobs"][0]["error"]["next_step"]


def test_a_copy_for_other_displays_says_what_it_is(evident: Evident) -> None:
    """The copy states BT.709, the laws list that as declared, and the file stays in PQ."""
    tags = {"color_primaries": 9, "color_trc": 16, "colorspace": 9, "color_range": 1}
    pictures = [np.ascontiguousarray(textured(64, 96, seed=n)[..., 0]) for n in range(3)]
    clip = write(evident.folder / "pq.mp4", pictures, "yuv420p10le", **tags)
    before = clip.read_bytes()
    said = run(evident, clip, "copy", "forensic-safe", {"op": "hdr_to_sdr", "transfer": "pq"})
    assert said.code == 0, said.err
    with av.open(said.json["jobs"][0]["outputs"][0]["path"]) as container:
        context = container.streams.video[0].codec_context
        stated = context.color_primaries, context.color_trc, context.colorspace
        assert tuple(map(int, stated)) == (1, 1, 1)
    assert clip.read_bytes() == before
    wrong = run(evident, clip, "wrong", "forensic-safe", {"op": "hdr_to_sdr", "transfer": "hlg"})
    assert wrong.code != 0
    assert "transfer 16" in wrong.json["jobs"][0]["error"]["reason"]


def test_copies_to_look_at_are_on_record(evident: Evident, photo: Path) -> None:
    """A preview and a pyramid are delivered with the digests that the export entry names."""
    stages = [
        {"name": "ingest", "kind": "ingest", "needs": ["source"]},
        {"name": "enhance", "kind": "enhance", "needs": ["ingest"],
         "params": {"operations": [{"op": "gamma", "gamma": "1.2"}]}},
        {"name": "export", "kind": "export", "needs": ["enhance"],
         "params": {"previews": ["webp", "avif"], "pyramid": True, "credentials": "none"}},
    ]  # fmt: skip
    graph = evident.folder / "views.json"
    graph.write_text(json.dumps({"version": 1, "stages": stages}))
    said = evident("run", photo, "--graph", graph, "--out", "views", "--json")
    assert said.code == 0, said.err
    (job,) = said.json["jobs"]
    found = {Path(one["path"]).name: one for one in job["outputs"]}
    (export,) = [one for one in entries_of(Path(job["bundle"])) if one["kind"] == "export"]
    listed = {Path(one["path"]).name: one["sha256"] for one in export["body"]["files"]}
    for name in ("preview.webp", "preview.avif", "pyramid.zip"):
        digest = hashlib.sha256(Path(found[name]["path"]).read_bytes()).hexdigest()
        assert digest == found[name]["sha256"] == listed[name]


def test_a_clip_has_no_pyramid(evident: Evident) -> None:
    """A pyramid of a clip is refused before anything runs."""
    clip = write(evident.folder / "flat.mp4", [textured(64, 64)[..., 0]] * 2, "yuv420p")
    stages = [
        {"name": "ingest", "kind": "ingest", "needs": ["source"]},
        {"name": "export", "kind": "export", "needs": ["ingest"], "params": {"pyramid": True}},
    ]
    graph = evident.folder / "pyramid.json"
    graph.write_text(json.dumps({"version": 1, "stages": stages}))
    said = evident("run", clip, "--graph", graph, "--out", "none", "--json")
    assert said.code != 0
    assert "photographs" in said.json["jobs"][0]["error"]["reason"]


def test_an_estimated_blur_is_stated_with_its_confidence(evident: Evident) -> None:
    """Of a photograph and of a clip's shown frames: what was found, how sure, what was done."""
    scene = photograph("camera")
    pictures = [moved(scene, 12, 30).astype(np.uint8), scene.astype(np.uint8)]
    photo = evident.folder / "moved.png"
    Image.fromarray(pictures[0]).save(photo)
    clip = write(evident.folder / "moved.mp4", [pictures[0]] * 2 + [pictures[1]], "yuv420p")
    asked = {"op": "deblur_estimated", "psf": "motion"}
    assert run(evident, photo, "none", "forensic-safe", asked).code == 2
    for source, place in ((photo, "in the picture"), (clip, "in frame 1")):
        said = run(evident, source, f"motion{source.suffix}", "balanced", asked)
        assert said.code == 0, said.err
        warnings = said.json["jobs"][0]["warnings"]
        found = [one for one in warnings if f"found {place} a motion of 1" in one]
        assert len(found) == 1
        assert "confidence 0." in found[0]
    declined = [one for one in warnings if "no blur in frame 2" in one]
    assert len(declined) == 1
