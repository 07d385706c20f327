"""Engines as a person meets them: named, refused, admitted, on record, and told by the doctor."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.e2e.command_kit import Evident, entries_of

REASON = "compared with another engine"
RUN = ("--preset", "balanced", "--out", "out")


def plan_of(bundle: str) -> dict[str, Any]:
    """What the log says of the plan."""
    (plan,) = [one for one in entries_of(Path(bundle)) if one["kind"] == "plan"]
    body: dict[str, Any] = plan["body"]
    return body


def test_a_network_that_is_not_released_runs_with_a_reason_only(
    evident: Evident, photo: Path
) -> None:
    """It is refused with the command that would release it; with a reason it is in the plan."""
    moved = evident("models", "move", "evident-sr-x2", "candidate", "--reason", "judged anew")
    assert moved.code == 0, moved.err
    refused = evident("run", photo, *RUN, "--engine", "openvino")
    assert refused.code == 2
    assert "evident models move evident-sr-x2 STATE --reason TEXT`: gated, then" in refused.err
    call = ("run", photo, *RUN, "--engine", "openvino", "--tile", "96", "--json")
    said = evident(*call, "--allow-ungated", REASON)
    assert said.code == 0, said.err
    (job,) = said.json["jobs"]
    body = plan_of(job["bundle"])
    (facts,) = body["networks"]
    assert (facts["engine"], facts["precision"], facts["gate"]) == ("openvino", "fp32", "ungated")
    assert (facts["tile_pixels"], facts["batch"]) == (96, 1)
    assert body["networks_chosen"] == {"evident-sr-x2": "It was asked for."}
    replayed = evident("replay", job["bundle"])
    assert replayed.code == 0, replayed.err
    assert "identical: every sample" in replayed.out
    assert "Same plan, engine build, device class and threads" in replayed.out


def test_without_a_wish_gates_decide(evident: Evident, photo: Path) -> None:
    """A fresh home runs the first engine that shipped gates admit, and the log says why."""
    said = evident("run", photo, *RUN, "--json")
    assert said.code == 0, said.err
    body = plan_of(said.json["jobs"][0]["bundle"])
    (facts,) = body["networks"]
    assert (facts["engine"], facts["precision"], facts["gate"]) == ("onnxruntime", "fp32", "passed")
    assert body["networks_chosen"]["evident-sr-x2"]


def test_a_precision_that_is_not_proven_is_refused(evident: Evident, photo: Path) -> None:
    """What the card does not list runs with no reason whatever."""
    refused = evident("run", photo, *RUN, "--precision", "fp16", "--allow-ungated", REASON)
    assert refused.code == 1
    assert "not proven in fp16" in refused.err


def test_bf16_is_admitted_on_record_and_replayed(evident: Evident, photo: Path) -> None:
    """Asked for, it runs without an override; plan and report say so, and a replay repeats it."""
    said = evident("run", photo, *RUN, "--engine", "torch", "--precision", "bf16", "--json")
    assert said.code == 0, said.err
    (job,) = said.json["jobs"]
    (facts,) = plan_of(job["bundle"])["networks"]
    assert (facts["engine"], facts["precision"]) == ("torch", "bf16")
    assert (facts["gate"], facts["fallback_gate"]) == ("passed", "passed")
    assert "bf16" in Path(job["report"]).read_text()
    replayed = evident("replay", job["bundle"])
    assert replayed.code == 0, replayed.err
    assert "identical: every sample" in replayed.out
    elsewhere = evident("replay", job["bundle"], "--engine", "onnxruntime")
    assert elsewhere.code == 1
    assert "differs" in elsewhere.out


def test_the_doctor_lists_engines_and_choices(evident: Evident) -> None:
    """What is here, what it does without, and how each network would run and why."""
    findings = {one["name"]: one for one in evident("doctor", "--json").json["findings"]}
    assert findings["engine openvino"]["detail"].startswith("version ")
    assert "engine torch-cuda" in findings
    for name, one in findings.items():
        if name.startswith("engine ") and " of " not in name:
            assert one["ok"]
            assert one["available"] is one["detail"].startswith("version ")
    assert findings["engine of evident-sr-x2"]["detail"].startswith("onnxruntime in fp32. ")
