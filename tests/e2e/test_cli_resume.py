"""Stopping and going on: nothing is lost, nothing is done twice, nothing comes out differently."""

from __future__ import annotations

import json
import signal
import time
from pathlib import Path

import pytest

from tests.e2e.command_kit import Evident, ledger_of, make_clip

FRAMES = 400


@pytest.fixture
def long_clip(tmp_path: Path) -> Path:
    """A clip of eight segments with a single key frame."""
    return make_clip(tmp_path / "long.mp4", frames=FRAMES, size=(160, 96))


@pytest.fixture
def mixing(tmp_path: Path) -> Path:
    """A graph whose frames depend on their neighbours across every segment's border.

    Without content credentials, which hold random numbers, a result is the same to the byte.
    """
    path = tmp_path / "mixing.json"
    operations = [{"op": "denoise_temporal", "radius": 2}, {"op": "super_resolve"}]
    stages = [
        {"name": "ingest", "kind": "ingest", "needs": ["source"]},
        {"name": "enhance", "kind": "enhance", "needs": ["ingest"],
         "params": {"operations": operations}},
        {"name": "qa", "kind": "qa", "needs": ["enhance"]},
        {"name": "export", "kind": "export", "needs": ["qa", "enhance"],
         "params": {"credentials": "none"}},
    ]  # fmt: skip
    path.write_text(json.dumps({"version": 1, "preset": "balanced", "stages": stages}))
    return path


def wait_for_segments(work: Path, count: int) -> dict[str, int]:
    """Wait until so many segments are marked; return the inode of each coded file."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        marks = sorted(work.glob("segment-*.json"))
        if len(marks) >= count:
            files = [mark.with_suffix(".mkv") for mark in marks]
            return {path.name: path.stat().st_ino for path in files}
        time.sleep(0.02)
    raise AssertionError("no segments were made")


def test_a_killed_run_goes_on_where_it_was(evident: Evident, long_clip: Path, mixing: Path) -> None:
    """After a kill at any moment marked segments stay, and the result is the same to the byte."""
    call = ("run", long_clip, "--graph", mixing, "--resume", "--out")
    whole = evident(*call, "whole", "--json").json["jobs"][0]
    work = long_clip.parent / "out" / "long.mp4" / ".evident-work"
    marked: dict[str, int] = {}
    for count in (1, 3, 6):
        running = evident.start(*call, "out")
        seen = wait_for_segments(work, count)
        assert {name: seen[name] for name in marked} == marked
        marked = seen
        running.send_signal(signal.SIGKILL)
        running.communicate()
        assert {path.name for path in work.parent.iterdir()} == {".evident-work"}
    resumed = evident(*call, "out", "--json").json["jobs"][0]
    assert resumed["state"] == "done"
    assert resumed["outputs"][0]["sha256"] == whole["outputs"][0]["sha256"]
    assert ledger_of(Path(resumed["bundle"])) == ledger_of(Path(whole["bundle"]))
    assert not work.exists()


def test_ctrl_c_stops_within_two_seconds_and_says_how_to_go_on(
    evident: Evident, long_clip: Path, mixing: Path
) -> None:
    """An interrupted run ends quickly with code 1, delivers nothing and names `--resume`."""
    running = evident.start("run", long_clip, "--graph", mixing, "--out", "out")
    home = long_clip.parent / "out" / "long.mp4"
    wait_for_segments(home / ".evident-work", 1)
    begun = time.monotonic()
    running.send_signal(signal.SIGINT)
    _, said = running.communicate(timeout=30)
    assert time.monotonic() - begun < 2
    assert running.returncode == 1
    assert "--resume" in said
    assert "Traceback" not in said
    assert {path.name for path in home.iterdir()} == {".evident-work"}


def test_resume_of_a_finished_job_does_nothing_again(evident: Evident, photo: Path) -> None:
    """With `--resume` a job that is done is reported from what lies there."""
    first = evident("run", photo, "--out", "out", "--json").json["jobs"][0]
    again = evident("run", photo, "--out", "out", "--resume", "--json").json["jobs"][0]
    assert again["job_id"] == first["job_id"]
    assert again["outputs"] == first["outputs"]


def test_resume_does_not_trust_an_altered_result(evident: Evident, photo: Path) -> None:
    """A result that is not what its report names any more is made anew, beside it."""
    evident("run", photo, "--out", "out")
    result = photo.parent / "out" / "gate.png" / "enhanced.png"
    result.write_bytes(result.read_bytes() + b"x")
    job = evident("run", photo, "--out", "out", "--resume", "--json").json["jobs"][0]
    assert Path(job["outputs"][0]["path"]).parent.name == "gate.png-2"


def test_other_settings_begin_a_new_job(evident: Evident, long_clip: Path, mixing: Path) -> None:
    """An unfinished job is taken up only by the same graph over the same bytes."""
    running = evident.start("run", long_clip, "--graph", mixing, "--out", "out")
    wait_for_segments(long_clip.parent / "out" / "long.mp4" / ".evident-work", 1)
    running.send_signal(signal.SIGKILL)
    running.communicate()
    job = evident("run", long_clip, "--scale", "1", "--resume", "--out", "out", "--json").json[
        "jobs"
    ][0]
    assert Path(job["outputs"][0]["path"]).parent.name == "long.mp4-2"


def test_a_changed_segment_is_rendered_again(
    evident: Evident, long_clip: Path, mixing: Path
) -> None:
    """A mark counts only while its file has the digest that it names."""
    call = ("run", long_clip, "--graph", mixing, "--resume", "--out", "out")
    running = evident.start(*call)
    work = long_clip.parent / "out" / "long.mp4" / ".evident-work"
    wait_for_segments(work, 2)
    running.send_signal(signal.SIGKILL)
    running.communicate()
    broken = work / "segment-000000.mkv"
    broken.write_bytes(broken.read_bytes()[:-1])
    job = evident(*call, "--json").json["jobs"][0]
    assert job["state"] == "done"
    assert len(ledger_of(Path(job["bundle"]))) == FRAMES
