"""`evident replay` of clips: every preset, parts of a clip, and how far frames are apart."""

from __future__ import annotations

import json
import signal
import subprocess
import time
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from PIL import Image

from tests.e2e.bundle_kit import Parts, remade
from tests.e2e.command_kit import Evident, make_clip

FRAMES = 60
MIXING = {"op": "denoise_temporal", "radius": 1}


@pytest.fixture(scope="module")
def evident(tmp_path_factory: pytest.TempPathFactory) -> Evident:
    """The command line in a folder that the tests of this file share."""
    return Evident(tmp_path_factory.mktemp("replay"))


@pytest.fixture(scope="module")
def clip(evident: Evident) -> Path:
    """A clip of two segments with a single key frame."""
    return make_clip(evident.folder / "tram.mp4", frames=FRAMES, size=(64, 48))


@pytest.fixture(scope="module")
def lossless(evident: Evident, clip: Path) -> Path:
    """The bundle of a forensic-safe job whose frames depend on their neighbours."""
    return made(evident, clip, "lossless", "forensic-safe", MIXING)


def made(evident: Evident, clip: Path, out: str, preset: str, *operations: dict[str, Any]) -> Path:
    """Run a job by a graph; returns its bundle."""
    stages = [
        {"name": "ingest", "kind": "ingest", "needs": ["source"]},
        {"name": "enhance", "kind": "enhance", "needs": ["ingest"],
         "params": {"operations": list(operations)}},
        {"name": "export", "kind": "export", "needs": ["enhance"]},
    ]  # fmt: skip
    graph = evident.folder / f"{out}.json"
    graph.write_text(json.dumps({"version": 1, "preset": preset, "stages": stages}))
    said = evident("run", clip, "--graph", graph, "--out", out, "--json")
    assert said.code == 0, said.err
    return Path(said.json["jobs"][0]["bundle"])


def planes_of(path: Path) -> list[list[np.ndarray]]:
    """The planes Y, Cb, Cr of every frame of a clip."""
    frames = []
    with av.open(str(path)) as container:
        for frame in container.decode(video=0):
            assert frame.format.name == "yuv420p"
            whole = frame.to_ndarray().astype(int)
            height, width = frame.height, frame.width
            chroma = whole[height:].reshape(2, height // 2, width // 2)
            frames.append([whole[:height], chroma[0], chroma[1]])
    return frames


def test_a_lossless_clip_is_identical_as_a_whole_and_in_part(
    evident: Evident, lossless: Path
) -> None:
    """All frames, and a part across a segment's border, give the same samples again."""
    whole = evident("replay", lossless, "--json")
    assert whole.code == 0, whole.err
    assert whole.json["compared"]["stop"] == FRAMES
    assert whole.json["same_conditions"] is True
    part = evident("replay", lossless, "--frames", "47:53")
    assert part.code == 0, part.err
    assert "Frames 47 to 52 of 60: no sample differs." in part.out


@pytest.mark.parametrize("preset", ["balanced", "presentation"])
def test_networks_and_mixed_frames_are_identical(evident: Evident, clip: Path, preset: str) -> None:
    """A plan with a network and one that mixes frames as well is repeated under any preset."""
    operations = [{"op": "super_resolve"}]
    if preset == "presentation":
        operations.insert(0, MIXING)
    said = evident("replay", made(evident, clip, preset, preset, *operations))
    assert said.code == 0, said.err + said.out
    assert "60 frames: no sample differs." in said.out


def test_frames_differ_by_what_the_delivered_frames_differ(
    evident: Evident, clip: Path, lossless: Path
) -> None:
    """Numbers, place and picture are those of the two results, decoded by somebody else."""

    def stronger(parts: Parts) -> None:
        parts.change_step(0, strength="0.5")

    altered = remade(lossless, evident.folder / "stronger", stronger)
    out = evident.folder / "verdict"
    said = evident("replay", altered.path, "--out", out, "--json")
    assert said.code == 1, said.err
    found = said.json
    assert found["verdict"] == "differs", found["missing"]

    other = made(evident, clip, "other", "forensic-safe", {**MIXING, "strength": 0.5})
    old = planes_of(lossless.with_name("enhanced.mp4"))
    new = planes_of(other.with_name("enhanced.mp4"))
    apart = [
        [np.abs(a - b) for a, b in zip(one, two, strict=True)]
        for one, two in zip(old, new, strict=True)
    ]
    differing = [frame for frame, planes in enumerate(apart) if any(p.any() for p in planes)]
    compared = found["compared"]
    assert compared["differ"] == len(differing) > 0
    assert compared["differing"] == differing[:20]
    largest = compared["largest"]
    assert largest["code_values"] == max(p.max() for planes in apart for p in planes)
    plane = apart[largest["frame"]][["Y", "Cb", "Cr"].index(largest["plane"])]
    assert plane[largest["y"], largest["x"]] == largest["code_values"]
    assert largest["samples"] == np.count_nonzero(plane)
    rows, columns = np.nonzero(plane)
    assert (largest["region"]["left"], largest["region"]["top"]) == (columns.min(), rows.min())

    luma, *chroma = apart[largest["frame"]]
    wide = [plane.repeat(2, axis=0).repeat(2, axis=1) for plane in chroma]
    drawn = np.maximum.reduce([luma, *wide]) * int(found["picture"]["factor"])
    with Image.open(out / found["picture"]["name"]) as picture:
        assert (np.asarray(picture) == drawn).all()


def test_a_result_with_loss_tells_which_frames_differ_and_no_size(
    evident: Evident, clip: Path
) -> None:
    """What was handed to the encoder is not in a lossy file, and nothing is made up for it."""
    bundle = made(evident, clip, "lossy", "balanced", {"op": "gamma", "gamma": 1.1})

    def brighter(parts: Parts) -> None:
        parts.change_step(0, gamma="1.2")

    altered = remade(bundle, evident.folder / "brighter", brighter)
    found = evident("replay", altered.path, "--json").json
    assert found["verdict"] == "differs"
    assert found["compared"]["differ"] == FRAMES
    assert found["compared"]["largest"] is None
    assert "stays unknown" in found["compared"]["unknown"]


def test_a_result_with_loss_is_measured_where_the_logged_run_can_be_repeated(
    evident: Evident, clip: Path
) -> None:
    """Under another engine sizes come from a second run, whose digests are those on record."""
    bundle = made(evident, clip, "engines", "balanced", {"op": "super_resolve"})
    nudged = replace(evident, program="tests.e2e.nudged_torch")
    found = nudged(
        "replay", bundle, "--engine", "torch", "--threads", "1", "--frames", "48:52", "--json"
    ).json
    assert found["verdict"] == "differs", found["missing"]
    compared = found["compared"]
    assert "under the conditions on record" in compared["against"]
    assert compared["largest"]["frame"] in compared["differing"]
    assert 1 <= compared["largest"]["code_values"] <= 2
    assert compared["unknown"] == ""


def test_a_delivered_file_that_is_not_what_was_made_is_found(
    evident: Evident, lossless: Path
) -> None:
    """A bundle whose ledger is true and whose result is another file is not identical."""
    other = evident.folder / "forged.mp4"
    make_clip(other, frames=FRAMES, size=(64, 48))

    def forged(parts: Parts) -> None:
        parts.put("data/result/enhanced.mp4", other.read_bytes())

    altered = remade(lossless, evident.folder / "forged", forged)
    said = evident("replay", altered.path, "--frames", "10:20", "--json")
    assert said.code == 1
    found = said.json
    assert found["verdict"] == "differs", found["missing"]
    assert found["compared"]["differ"] == 0
    assert found["compared"]["delivered_differ"] == 10


def test_segments_must_hold_every_frame(evident: Evident, lossless: Path) -> None:
    """A plan that runs fewer frames than the clip has never counts as identical."""
    altered = remade(
        lossless, evident.folder / "unsegmented", lambda parts: parts.change_plan(segments=None)
    )
    found = evident("replay", altered.path, "--json").json
    assert found["verdict"] == "not-replayable"


def test_other_threads_are_said_and_promise_nothing(evident: Evident, lossless: Path) -> None:
    """Under other threads the verdict lists them and does not speak of the same conditions."""
    logged = parts_plan(lossless)["threads"]
    found = evident("replay", lossless, "--threads", str(logged + 1), "--json").json
    threads = next(one for one in found["conditions"] if one["name"] == "threads")
    assert (threads["logged"], threads["here"]) == (str(logged), str(logged + 1))
    assert found["same_conditions"] is False
    assert found["verdict"] in ("identical", "differs")


def test_a_resumed_job_is_identical(evident: Evident, lossless: Path) -> None:
    """What was killed and gone on with is repeated in one piece."""
    clip = make_clip(evident.folder / "long.mp4", frames=200, size=(96, 64))
    graph = evident.folder / "lossless.json"
    call = ("run", clip, "--graph", graph, "--out", "resumed", "--resume")
    running = evident.start(*call)
    work = evident.folder / "resumed" / "long.mp4" / ".evident-work"
    deadline = time.monotonic() + 120
    while len(list(work.glob("segment-*.json"))) < 2 and time.monotonic() < deadline:
        time.sleep(0.02)
    running.send_signal(signal.SIGKILL)
    running.communicate()
    job = evident(*call, "--json").json["jobs"][0]
    said = evident("replay", job["bundle"])
    assert said.code == 0, said.err + said.out


def test_ctrl_c_leaves_nothing(evident: Evident, lossless: Path) -> None:
    """A replay that is stopped ends with code 1, without a verdict and without a scratch file."""
    scratch = evident.folder / "tmp"
    scratch.mkdir()
    out = evident.folder / "stopped"
    running = subprocess.Popen(
        evident.command("replay", lossless, "--out", out),
        cwd=evident.folder,
        env={**evident.environment, "TMPDIR": str(scratch)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    deadline = time.monotonic() + 60
    while not list(scratch.glob("*/*/tram.mp4")) and time.monotonic() < deadline:
        time.sleep(0.005)
    running.send_signal(signal.SIGINT)
    said, complained = running.communicate(timeout=30)
    assert running.returncode == 1
    assert said == ""
    assert "Traceback" not in complained
    assert list(scratch.iterdir()) == []
    assert not out.exists()


def parts_plan(bundle: Path) -> dict[str, Any]:
    """The plan of a bundle."""
    with zipfile.ZipFile(bundle) as archive:
        plan: dict[str, Any] = json.loads(archive.read("bundle/data/plan.json"))
    return plan
