"""From a file as it came to a verified bundle: digests, overrides, working copies, items."""

from __future__ import annotations

import hashlib
import json
import zipfile
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import pytest
from PIL import Image

from tests.e2e.command_kit import Evident, textured
from tests.unit.pipelines.media.clip_kit import write_clip
from tests.unit.ugly import clips

WHY = "read off the test chart"


@pytest.fixture(scope="module")
def evident(tmp_path_factory: pytest.TempPathFactory) -> Evident:
    """The command line in a folder that the tests of this file share."""
    return Evident(tmp_path_factory.mktemp("intake"))


def inside(bundle: str, ending: str) -> Any:
    """A JSON document of a bundle."""
    with zipfile.ZipFile(bundle) as archive:
        name = next(one for one in archive.namelist() if one.endswith(ending))
        return json.loads(archive.read(name))


def entries(bundle: str) -> list[dict[str, Any]]:
    """The log's entries in a bundle."""
    with zipfile.ZipFile(bundle) as archive:
        name = next(one for one in archive.namelist() if one.endswith("entries.jsonl"))
        return [json.loads(line) for line in archive.read(name).splitlines()]


def test_overrides_travel_from_the_command_line_to_the_replay(evident: Evident) -> None:
    """Who and why are in log and report, the effect in plan, laws and result; a replay repeats."""
    clip = write_clip(evident.folder / "gate.mp4")
    digest = hashlib.md5(clip.read_bytes()).hexdigest()  # noqa: S324 - what suppliers send
    listed = evident.folder / "list.md5"
    listed.write_text(f"{digest} *export\\gate.mp4\r\n")
    options = ["range=full", "display_aspect=16:9", "trim=3-9",
               "clock=4|2026-03-01T12:00:05|2026-03-01T11:57:02"]  # fmt: skip
    said = evident(
        "run", clip, "--scale", "1", "--out", "r", "--json", "--hashes", listed,
        "--case", "C-7", "--item", "3\u202e", "--because", WHY,
        *(word for one in options for word in ("--override", one)),
    )  # fmt: skip
    assert said.code == 0, said.err
    job = said.json["jobs"][0]
    facts = inside(job["bundle"], "report.json")["facts"]
    assert any(WHY in one for one in facts["overrides"])
    assert any("183 s ahead" in one for one in facts["overrides"])
    assert any(digest in one for one in facts["received"]["remarks"])
    assert facts["delivered"]["clip"]["frames"] == 7
    laws = {law["name"]: law for law in facts["conservation"]}
    assert laws["frames"]["source"] == "12"
    assert "operator" in laws["range"]["declared"]
    stated = inside(job["bundle"], "graph.json")["matter"]
    assert stated == {"case": "C-7", "item": "3\u202e"}
    assert facts["origin"]["item"] == stated["item"]
    assert "\u202e" not in said.err
    plan = inside(job["bundle"], "plan.json")
    assert plan["source"]["overrides"]["trim"]["value"] == {"first": 3, "last": 9}
    logged = [one for one in entries(job["bundle"]) if one["kind"] == "override"]
    assert {one["body"]["because"] for one in logged} == {WHY}
    with av.open(job["outputs"][0]["path"]) as container:
        video = container.streams.video[0]
        assert video.display_aspect_ratio == Fraction(16, 9)
        assert len(list(container.decode(video))) == 7
    again = evident("replay", job["bundle"], "--json")
    assert again.code == 0, again.err
    assert again.json["verdict"] == "identical"


def test_another_file_than_the_list_names_is_not_worked_on(evident: Evident) -> None:
    """One byte more than the supplier sent, and nothing is made."""
    clip = write_clip(evident.folder / "other.mp4")
    listed = evident.folder / "other.sha1"
    listed.write_text(hashlib.sha1(clip.read_bytes()).hexdigest())  # noqa: S324 - as above
    clip.write_bytes(clip.read_bytes() + b"!")
    said = evident("run", clip, "--scale", "1", "--out", "o", "--hashes", listed)
    assert said.code == 1
    assert "is not the file of" in said.err
    assert not (evident.folder / "o").exists()


def test_a_photograph_is_held_to_its_suppliers_list_too(evident: Evident) -> None:
    """The digest that was checked is in the report; with another one nothing is made."""
    photo = evident.folder / "gate.png"
    Image.fromarray(textured(48, 64)).save(photo)
    digest = hashlib.sha256(photo.read_bytes()).hexdigest()
    listed = evident.folder / "photo.sha256"
    listed.write_text(f"{digest}  gate.png\n")
    said = evident(
        "run", photo, "--scale", "1", "--out", "p", "--json", "--hashes", listed
    )  # fmt: skip
    assert said.code == 0, said.err
    facts = inside(said.json["jobs"][0]["bundle"], "report.json")["facts"]
    assert any(digest in one and "photo.sha256" in one for one in facts["received"]["remarks"])
    listed.write_text(f"{'0' * 64}  gate.png\n")
    refused = evident("run", photo, "--scale", "1", "--out", "q", "--hashes", listed)
    assert refused.code == 1
    assert "is not the file of" in refused.err
    assert not (evident.folder / "q").exists()


def test_a_recorders_clip_is_rewrapped_and_on_record(evident: Evident) -> None:
    """The copy plays, holds the same coded pictures, and a trace of it leads to the recording."""
    frames = clips.h264_frames()
    recording = evident.folder / "camera.dav"
    recording.write_bytes(clips.dahua(frames=frames, times=[40 * n for n in range(12)]))
    said = evident("rewrap", recording, "--out", "copies", "--case", "C-7", "--json")
    assert said.code == 0, said.err
    copy = Path(said.json["path"])
    with av.open(str(copy)) as container:
        assert sum(1 for _ in container.decode(video=0)) == 12
    body = said.json["body"]
    assert body["timing"] == "proprietary"
    assert body["case"] == "C-7"
    assert body["outputs"][0]["sha256"] == hashlib.sha256(copy.read_bytes()).hexdigest()
    traced = evident("trace", copy)
    assert traced.code == 0
    assert body["inputs"][0]["sha256"] in traced.out
    assert evident("rewrap", recording, "--out", "copies").code == 2


def test_an_override_without_a_reason_is_wrong_use(evident: Evident) -> None:
    """Nothing is overridden for no reason."""
    clip = write_clip(evident.folder / "why.mp4")
    said = evident("run", clip, "--out", "w", "--override", "range=full")
    assert said.code == 2
    assert "needs a reason" in said.err
