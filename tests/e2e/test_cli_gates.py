"""Networks in a job: gated ones run, withdrawn ones do not, and an override is on record."""

from __future__ import annotations

import json
import re
import shutil
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from pipelines.gates.golden_set import read_set
from tests.e2e.command_kit import ROOT, Evident, entries_of

REASON = "asked for by the court, order 12"


def test_a_gated_network_runs_and_the_report_says_what_it_was_judged_on(
    evident: Evident, photo: Path
) -> None:
    """A network that ships runs without a word, and plan and report name its gate."""
    said = evident("run", photo, "--preset", "balanced", "--out", "out", "--json")
    (job,) = said.json["jobs"]
    assert not any("gate" in warning for warning in job["warnings"])
    report = json.loads(Path(job["report"]).read_text())
    (network,) = report["facts"]["networks"]
    assert (network["gate"], network["gate_set"]) == ("passed", "small")
    (plan,) = [one for one in entries_of(Path(job["bundle"])) if one["kind"] == "plan"]
    (facts,) = plan["body"]["networks"]
    assert facts["gate_admitted_by"] == "record"
    assert len(facts["gate_sha256"]) == 64


def test_a_withdrawn_network_runs_only_with_a_reason_on_record(
    evident: Evident, photo: Path
) -> None:
    """Withdrawing refuses the next job with the way out; the way out is in the evidence."""
    moved = evident("models", "move", "evident-sr-x2", "withdrawn", "--reason", "plates misread")
    assert moved.code == 0, moved.err
    call = ("run", photo, "--preset", "balanced", "--out", "out")
    refused = evident(*call)
    assert refused.code == 2
    assert "withdrawn" in refused.err
    assert "--allow-ungated REASON" in refused.err
    said = evident(*call, "--allow-ungated", REASON, "--json")
    assert said.code == 0, said.err
    (job,) = said.json["jobs"]
    assert any("ungated" in warning for warning in job["warnings"])
    overrides = [one for one in entries_of(Path(job["bundle"])) if one["kind"] == "override"]
    assert [one["body"] for one in overrides] == [
        {"field": "enhance.allow_ungated", "value": REASON}
    ]


def test_the_history_says_who_moved_it_and_why(evident: Evident) -> None:
    """Moves are kept with operator, time and reason; moves that are not allowed are refused."""
    assert evident("models", "move", "evident-sr-x2", "gated", "--reason", "x y z").code == 2
    assert evident("models", "move", "evident-sr-x2", "withdrawn", "--reason", " ").code == 2
    evident("models", "move", "evident-sr-x2", "withdrawn", "--reason", "plates misread")
    again = evident("models", "move", "evident-sr-x2", "released", "--reason", "it was fine")
    assert again.code == 2
    assert "candidate" in again.err
    history = evident("models", "history", "evident-sr-x2", "--json").json
    assert history["state"] == "withdrawn"
    assert [one["body"]["reason"] for one in history["entries"]] == ["plates misread"]
    assert {(one["engine"], one["precision"]) for one in history["records"]} == {
        *((engine, "fp32") for engine in ("onnxruntime", "torch", "openvino")),
        *((engine, "bf16") for engine in ("torch", "openvino")),
    }
    listed = {
        one["name"]: one["state"] for one in evident("models", "list", "--json").json["models"]
    }
    assert listed["evident-sr-x2"] == "withdrawn"
    assert listed["evident-sr-x4"] == "released"


def test_a_gate_writes_page_facts_and_record(evident: Evident, tmp_path: Path) -> None:
    """The verb judges a network on a set, exits by the verdict, and keeps the signed record."""
    folder = small_set(tmp_path / "set")
    said = evident("gate", "evident-sr-x2", "--set", folder, "--out", "gates", "--json")
    assert said.code == 0, said.err
    (gate,) = said.json["gates"]
    for part in ("report", "facts", "record"):
        assert Path(gate[part]).stat().st_size > 500
    assert list((evident.folder / "home" / "gates").glob("evident-sr-x2.*.dsse.json"))
    spoilt = (folder / "thresholds.toml").read_text().replace("least = 34.2", "least = 99")
    (folder / "thresholds.toml").write_text(spoilt)
    failed = evident("gate", "evident-sr-x2", "--set", folder, "--out", "gates")
    assert failed.code == 1
    assert "FAILED  psnr (clean)" in failed.out


def test_a_pack_lets_a_laboratory_repeat_the_gate(evident: Evident, tmp_path: Path) -> None:
    """The pack holds set, weights, records and commands, and is the same each time."""
    for name in ("one.zip", "two.zip"):
        said = evident("gate", "evident-sr-x2", "--pack", name, "--json")
        assert said.code == 0, said.err
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()
    with zipfile.ZipFile(tmp_path / "one.zip") as archive:
        archive.extractall(tmp_path)
        page = archive.read("pack/README.txt").decode()
    gate = "evident gate evident-sr-x2 --set pack/golden_set --out gates"
    assert f"{gate} --engine onnxruntime --precision fp32" in page
    assert read_set(tmp_path / "pack" / "golden_set") == replace(
        read_set(tmp_path / "pack" / "golden_set"), sha256=read_set(ROOT / "golden_set").sha256
    )
    names = {path.name for path in (tmp_path / "pack").rglob("*")}
    assert {"evident-sr-x2.onnx", "evident-sr-x2.toml", "release.pub.pem"} <= names
    assert evident("gate", "evident-sr-x2", "--pack", "no/where.zip").code == 2


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("gate", "nobody"), "no network"),
        (("gate", "evident-sr-x2", "--set", "/nowhere"), "not the manifest"),
        (("gate", "evident-sr-x2", "--engine", "abacus"), "no engine"),
        (("models", "history", "nobody"), "no network"),
    ],
)
def test_wrong_use_is_said_in_words(
    evident: Evident, arguments: tuple[str, ...], words: str
) -> None:
    """Unknown networks, sets and engines end with 2 and a sentence."""
    said = evident(*arguments)
    assert said.code == 2
    assert words in said.err


def small_set(folder: Path) -> Path:
    """The golden set with one photograph and one sheet."""
    whole = ROOT / "golden_set"
    shutil.copytree(whole / "small", folder / "small")
    shutil.copy(whole / "thresholds.toml", folder)
    head, *cases = re.split(r"(?m)^(?=\[\[)", (whole / "manifest.toml").read_text("utf-8"))
    wanted = ("coffee-clean-x2", "5px-x2-clean")
    kept = [one for one in cases if any(name in one for name in wanted)]
    (folder / "manifest.toml").write_text(head + "".join(kept), "utf-8")
    return folder
