"""`evident run --track face`: tracks of a clip and a photograph, corrected, bundled, replayed."""

from __future__ import annotations

import base64
import hashlib
import json
import zipfile
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
import skimage.data
from PIL import Image

from tests.e2e.command_kit import Evident, entries_of

FRAMES = 14
HIDDEN = range(6, 8)


@pytest.fixture(scope="module")
def evident(tmp_path_factory: pytest.TempPathFactory) -> Evident:
    """The command line in a folder that the tests of this file share."""
    return Evident(tmp_path_factory.mktemp("tracks"))


@pytest.fixture(scope="module")
def walk(evident: Evident) -> Path:
    """A clip in which a face moves to the right, hidden for two frames on the way."""
    path = evident.folder / "walk.mp4"
    face = skimage.data.astronaut()[0:220:1, 110:310]
    with av.open(str(path), "w") as out:
        stream: Any = out.add_stream("libx264", rate=12, options={"crf": "16"})
        stream.width, stream.height, stream.pix_fmt = 320, 240, "yuv420p"
        for number in range(FRAMES):
            picture = np.full((240, 320, 3), 90, np.uint8)
            if number not in HIDDEN:
                left = 4 + 6 * number
                picture[10:230, left : left + 200] = face
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, 12)
            for packet in stream.encode(frame):
                out.mux(packet)
        for packet in stream.encode(None):
            out.mux(packet)
    return path


@pytest.fixture(scope="module")
def followed(evident: Evident, walk: Path) -> Path:
    """The results of the clip, with tracks."""
    said = evident(
        "run", walk, "--track", "face", "--detector", "lbp-cascade", "--scale", 1, "--out", "o",
        "--json",
    )  # fmt: skip
    assert said.code == 0, said.err
    return Path(said.json["jobs"][0]["bundle"]).parent


def attached(folder: Path, name: str) -> bytes:
    """An attachment of a bundle."""
    with zipfile.ZipFile(folder / "bundle.zip") as archive:
        return archive.read(f"bundle/data/attachments/{name}")


def face_track(folder: Path) -> dict[str, Any]:
    """The track that is found most often."""
    tracks = json.loads((folder / "tracks.json").read_bytes())["tracks"]
    return max(tracks, key=lambda one: len(one["places"]))


def test_a_face_that_moves_is_one_track(followed: Path) -> None:
    """It is followed from left to right through the frames in which it is hidden."""
    places = face_track(followed)["places"]
    frames = [one["frame"] for one in places]
    assert len(frames) >= FRAMES - len(HIDDEN) - 2
    assert not set(frames) & set(HIDDEN)
    assert frames[0] < HIDDEN.start
    assert frames[-1] >= HIDDEN.stop
    middles = [float(one["box"][0]) + float(one["box"][2]) / 2 for one in places]
    speed = np.polyfit(frames, middles, 1)[0]
    assert speed == pytest.approx(6, abs=1)


def test_bundle_report_plan_and_log_name_the_tracks(evident: Evident, followed: Path) -> None:
    """One digest stands in all of them, the bundle verifies, and the report shows the picture."""
    data = attached(followed, "tracks.json")
    digest = hashlib.sha256(data).hexdigest()
    assert data == (followed / "tracks.json").read_bytes()
    report = json.loads((followed / "report.json").read_bytes())
    tracking = report["facts"]["tracking"]
    assert tracking["sha256"] == digest
    assert tracking["detector"]["name"] == "lbp-cascade"
    with zipfile.ZipFile(followed / "bundle.zip") as archive:
        plan = json.loads(archive.read("bundle/data/plan.json"))
    assert plan["tracking"]["tracks_sha256"] == digest
    finished = [
        one["body"]
        for one in entries_of(followed / "bundle.zip")
        if one["kind"] == "stage.finished" and one["body"]["stage"] == "track"
    ]
    assert finished[0]["outputs"][0]["sha256"] == digest
    assert len(attached(followed, "tracks.ppm")) > 1000
    assert evident("verify", followed / "bundle.zip").code == 0
    again = evident("report", followed / "bundle.zip", "--out", "again.pdf", "--json")
    assert again.json["same_as_delivered"], again.err


def test_a_replay_finds_the_same_tracks(evident: Evident, followed: Path) -> None:
    """Looking again gives the same file, and the verdict says so."""
    said = evident("replay", followed / "bundle.zip", "--json")
    assert said.code == 0, said.err
    conditions = {one["name"]: one for one in said.json["conditions"]}
    digest = hashlib.sha256((followed / "tracks.json").read_bytes()).hexdigest()
    assert conditions["tracks"]["here"] == conditions["tracks"]["logged"] == digest


def test_corrections_are_applied_recorded_and_printed(evident: Evident, walk: Path) -> None:
    """Each is an entry with who and why, and a line of the report; the file holds what is left."""
    signed = {"who": "A. Keller", "why": "it passes to another person"}
    edits = [{"do": "split", "track": 1, "frame": HIDDEN.stop, **signed}]
    (evident.folder / "edits.json").write_text(json.dumps(edits))
    call = ("run", walk, "--track", "face", "--detector", "lbp-cascade", "--scale", 1)
    said = evident(*call, "--tracks-edit", "edits.json", "--out", "edited", "--json")
    assert said.code == 0, said.err
    folder = Path(said.json["jobs"][0]["bundle"]).parent
    overrides = [
        one["body"] for one in entries_of(folder / "bundle.zip") if one["kind"] == "override"
    ]
    assert overrides == [
        {
            "field": "detect_track.edits",
            "value": f"track 1 was split at frame {HIDDEN.stop}",
            **signed,
        }
    ]
    facts = json.loads((folder / "report.json").read_bytes())["facts"]
    assert facts["tracking"]["edits"] == [{"what": overrides[0]["value"], **signed}]
    assert len(facts["tracking"]["tracks"]) >= 2
    (evident.folder / "wrong.json").write_text(json.dumps([{**edits[0], "track": 99}]))
    refused = evident(*call, "--tracks-edit", "wrong.json", "--out", "wrong", "--json")
    assert refused.code == 2
    assert "no track 99" in refused.json["jobs"][0]["error"]["reason"]


def test_a_photograph_is_looked_at_upright(evident: Evident) -> None:
    """A picture that is stored turned is looked at as it is seen, and its boxes with it."""
    turned = Image.fromarray(np.rot90(skimage.data.astronaut()))
    exif = Image.Exif()
    exif[0x0112] = 6
    turned.save(evident.folder / "turned.jpg", quality=95, exif=exif)
    said = evident(
        "run", "turned.jpg", "--track", "face", "--detector", "lbp-cascade", "--scale", 1, "--out",
        "photo", "--json",
    )  # fmt: skip
    assert said.code == 0, said.err
    folder = Path(said.json["jobs"][0]["bundle"]).parent
    box = [float(one) for one in face_track(folder)["places"][0]["box"]]
    assert box[0] + box[2] / 2 == pytest.approx(222, abs=25)
    assert box[1] + box[3] / 2 == pytest.approx(115, abs=25)


@pytest.mark.shared_data
def test_an_imported_network_looks_from_then_on(evident: Evident, shared: Path) -> None:
    """With YuNet's weights imported it is taken unless another is named; it finds landmarks."""
    weights = shared / "weights" / "yunet_n_dynamic.onnx"
    assert evident("models", "import", weights).code == 0
    Image.fromarray(skimage.data.astronaut()).save(evident.folder / "upright.png")
    said = evident("run", "upright.png", "--track", "face", "--scale", 1, "--out", "net", "--json")
    assert said.code == 0, said.err
    folder = Path(said.json["jobs"][0]["bundle"]).parent
    found = json.loads((folder / "tracks.json").read_bytes())
    assert found["detector"]["name"] == "yunet"
    assert found["detector"]["sha256"] == hashlib.sha256(weights.read_bytes()).hexdigest()
    ((place,),) = [one["places"] for one in found["tracks"]]
    right, left, nose = (float(one[0]) for one in place["landmarks"][:3])
    assert right < nose < left


def test_who_hides_along_tracks_is_told_to_look_first(
    evident: Evident, walk: Path, followed: Path
) -> None:
    """The command, its JSON and the signed statement say what looked and what it gets wrong."""
    tracks = followed / "tracks.json"
    call = ("copy", "redact", walk, "--tracks", tracks)
    said = evident(*call, "--out", "hidden.mp4")
    assert said.code == 0, said.err
    text = " ".join(said.out.split())
    assert "The tracks are what lbp-cascade found." in text
    assert "marks things that are none" in text
    assert "Look at the copy before it leaves" in text
    made = evident(*call, "--out", "again.mp4", "--json").json
    assert len(made["warnings"]) == 1
    checked = json.loads(Path(made["statement"]).read_bytes())
    stated = json.loads(base64.b64decode(checked["payload"]))["predicate"]
    assert stated["detector"]["name"] == "lbp-cascade"
    digest = hashlib.sha256(tracks.read_bytes()).hexdigest()
    assert digest in json.dumps(stated)
    boxed = evident("copy", "redact", walk, "--box", "4,10,40,40", "--out", "box.mp4", "--json")
    assert boxed.json["warnings"] == []


def test_the_summary_of_a_run_says_what_looked(evident: Evident, walk: Path) -> None:
    """Whoever reads the last lines of a run knows that tracks are to be looked at."""
    said = evident(
        "run", walk, "--track", "face", "--detector", "lbp-cascade", "--scale", 1, "--out", "s",
    )  # fmt: skip
    assert said.code == 0, said.err
    text = " ".join(said.out.split())
    assert "found by lbp-cascade. Look at" in text
    assert "marks things that are none" in text
