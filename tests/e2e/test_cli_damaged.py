"""Damaged clips as jobs: made the same every time, replayed, and said to be damaged."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

from tests.e2e.command_kit import Evident, entries_of, ledger_of
from tests.unit.pipelines.media.clip_kit import framehash

# An index with several threads is given a digest that no second reading finds.
SCRIPT = """
import sys
from dataclasses import replace
from pipelines.run import clip_index
from services.cli.main import app
real = clip_index.index_video
def unsteady(*arguments, threads, **more):
    index = real(*arguments, threads=threads, **more)
    if threads > 1:
        index.digest.setflags(write=True)
        index.digest[70] ^= 1
    return index
clip_index.index_video = unsteady
app(sys.argv[1:])
"""


def plan_of(bundle: Path) -> Any:
    """The plan in a bundle."""
    with zipfile.ZipFile(bundle) as archive:
        return json.loads(archive.read("bundle/data/plan.json"))


def defects_of(bundle: Path) -> list[str]:
    """The defects of the source that a bundle's report lists."""
    with zipfile.ZipFile(bundle) as archive:
        found: list[str] = json.loads(archive.read("bundle/data/report.json"))["facts"][
            "source_defects"
        ]
    return found


def test_a_clip_that_decodes_differently_is_made_with_one_thread(
    evident: Evident, clip: Path
) -> None:
    """Frames that differ from the index void it, on record; what one thread makes then holds."""
    subprocess.run(
        [sys.executable, "-c", SCRIPT, "run", clip, "--out", "out"],
        cwd=evident.folder,
        env={**evident.environment, "EVIDENT_THREADS": "3"},
        capture_output=True,
        check=True,
        timeout=300,
    )
    bundle = evident.folder / "out" / clip.name / "bundle.zip"
    assert evident("verify", bundle).code == 0
    entries = entries_of(bundle)
    retried = [one for one in entries if one["kind"] == "stage.retried"]
    assert [one["body"]["error"] for one in retried] == ["UnsteadyError"]
    assert sum(one["kind"] == "plan" for one in entries) == 2
    assert plan_of(bundle)["source"]["decoder_threads"] == 1
    assert any("Frame 70 does not decode" in one for one in defects_of(bundle))
    assert [line["source_sha256"] for line in ledger_of(bundle)] == framehash(clip, 0)


def test_a_damaged_clip_is_made_said_and_replayed(evident: Evident, clip: Path) -> None:
    """A clip with a hole in its picture data becomes a result that replays to the same samples."""
    data = bytearray(clip.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 200] = bytes(200)
    clip.write_bytes(data)
    job = evident("run", clip, "--out", "out", "--json").json["jobs"][0]
    assert job["state"] == "done", job["error"]
    bundle = Path(job["bundle"])
    assert plan_of(bundle)["source"]["decoder_threads"] == 1
    assert any("The decoder complained" in one for one in defects_of(bundle))
    replayed = evident("replay", bundle, "--json")
    assert replayed.json["verdict"] == "identical"
