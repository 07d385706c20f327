"""`evident stills`, `evident copy` and `evident fuse` as their users call them."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.command_kit import Evident
from tests.unit.pipelines.analysis.fusion_kit import SHIFTS, fine_scene, footage


@pytest.fixture(scope="module")
def evident(tmp_path_factory: pytest.TempPathFactory) -> Evident:
    """The command line in a folder that the tests of this file share."""
    return Evident(tmp_path_factory.mktemp("copies"))


@pytest.fixture(scope="module")
def clip(evident: Evident) -> Path:
    """Lettering that moves by fractions of a sample."""
    return footage(evident.folder / "plate.mp4", fine_scene(), SHIFTS, crf=18, noise=2)


@pytest.fixture(scope="module")
def bundle(evident: Evident, clip: Path) -> Path:
    """The bundle of a finished job over it."""
    said = evident("run", clip, "--scale", "1", "--out", "results", "--json")
    assert said.code == 0, said.err
    return Path(said.json["jobs"][0]["bundle"])


def traced(evident: Evident, sha256: str) -> str:
    """What the log says of some bytes."""
    said = evident("trace", sha256, "--json")
    assert said.code == 0, said.err
    return said.out


def test_a_court_copy_of_a_bundle_is_on_record_under_its_job(evident, bundle):
    """The statement holds, the log leads back to the result, a changed copy is found out."""
    said = evident("copy", "court", bundle, "--out", "court.mp4", "--json")
    assert said.code == 0, said.err
    made: Any = said.json
    assert all(law["holds"] for law in made["laws"])
    checked = evident("copy", "check", "court.statement.json", "--json")
    assert (checked.code, checked.json["present"]) == (0, ["court.mp4"])
    assert "court copy" in traced(evident, made["copy"]["sha256"])
    supplement = evident("bundle", "supplement", bundle, "--attach", "court.mp4", "--json")
    assert supplement.json["later_entries"] >= 1
    path = evident.folder / "court.mp4"
    whole = path.read_bytes()
    path.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    assert evident("copy", "check", "court.statement.json").code == 1
    again = evident("copy", "court", bundle, "--out", "court.mp4")
    assert again.code == 2


def test_before_and_after_come_out_of_a_bundle(evident, bundle):
    """A comparison needs nothing but the bundle."""
    said = evident("copy", "side-by-side", bundle, "--out", "both.mp4", "--json")
    assert said.code == 0, said.err
    assert said.json["copy"]["bytes"] > 0


def test_stills_of_a_clip_are_listed_and_signed(evident, clip):
    """Files, list and statement lie in a new folder; wrong use leaves none."""
    said = evident("stills", clip, "--frames", "2", "--best", "2", "--sheet", "--out", "stills",
                   "--json")  # fmt: skip
    assert said.code == 0, said.err
    assert evident("copy", "check", "stills/stills.statement.json").code == 0
    listed = json.loads((evident.folder / "stills" / "stills.json").read_text())
    assert listed["stills"] == said.json["stills"]
    wrong = evident("stills", clip, "--frames", "999", "--out", "none", "--json")
    assert wrong.code == 2
    assert not (evident.folder / "none").exists()


def test_fusion_is_refused_by_forensic_safe_and_made_by_balanced(evident, clip):
    """The preset decides; what was made has its list, its sentence and its statement."""
    asked = ("fuse", clip, "--frame", "7", "--box", "40,24,80,48", "--out")
    refused = evident(*asked, "f1", "--preset", "forensic-safe", "--json")
    assert refused.code == 2
    assert "estimated" in refused.json["error"]["reason"]
    said = evident(*asked, "f2", "--json")
    assert said.code == 0, said.err
    assert said.json["sentence"].startswith("Combines frames 0, 1, 2")
    assert {"fused-f0000007.png", "plain-f0000007.png"} <= set(said.json["files"])
    assert said.json["supplement"] is None
    assert evident("copy", "check", "f2/fusion.statement.json").code == 0


def test_a_fusion_of_a_bundle_belongs_to_it(evident, bundle):
    """A supplement carries pictures, list, document and entry, and verifies beside the bundle."""
    said = evident("fuse", bundle, "--frame", "7", "--box", "40,24,80,48", "--out", "plate",
                   "--json")  # fmt: skip
    assert said.json["error"] is None, said.err
    attached = said.json["supplement"]
    checked = evident("verify", bundle, "--supplement", attached, "--json")
    assert checked.code == 0, checked.err
    with zipfile.ZipFile(attached) as archive:
        held = {name.rsplit("/", 1)[-1] for name in archive.namelist()}
    assert {"fusion.json", "fusion.pdf", "fusion.statement.json"} <= held


def test_redaction_needs_something_to_hide(evident, clip):
    """Without a region nothing is made; with one the copy is."""
    assert evident("copy", "redact", clip, "--out", "r0.mp4").code == 2
    said = evident("copy", "redact", clip, "--box", "40,24,32,32", "--cover", "mosaic", "--out",
                   "r1.mp4", "--json")  # fmt: skip
    assert said.code == 0, said.err
    assert said.json["copy"]["name"] == "r1.mp4"
