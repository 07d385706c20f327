"""What a plan says about networks: gated ways, their fallback, and why they were taken."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest

from models.engines.measured import MeasuredFile
from models.engines.residency import WarmNetworks
from models.engines.selection import Selector, Workload
from models.spec import Precision
from pipelines.errors import GraphError, PolicyError
from pipelines.graph.expand import Wish, expand
from pipelines.graph.spec import Preset, parse_graph
from pipelines.graph.validate import CheckedGraph, check_graph
from pipelines.ports import Admission, GateStanding, GateState
from pipelines.run.planning import networks_for, planned_networks, why_chosen

NAME = "evident-sr-x2"


def checked(*, precision: str | None = None, then: str | None = None) -> CheckedGraph:
    """A graph that enlarges with one network; `then` is named by a second, empty stage."""
    operation = {"op": "super_resolve", "scale": 2, "model": NAME}
    named = {} if precision is None else {"precision": precision}
    second = {"name": "again", "kind": "enhance", "needs": ["enhance"]}
    more = [] if then is None else [{**second, "params": {"precision": then}}]
    last = "enhance" if then is None else "again"
    return check_graph(
        parse_graph(
            {
                "version": 1,
                "preset": "balanced",
                "inputs": {"source": {"artifact": "sha256:" + "0" * 64}},
                "stages": [
                    {"name": "ingest", "kind": "ingest", "needs": ["source"]},
                    {
                        "name": "enhance",
                        "kind": "enhance",
                        "needs": ["ingest"],
                        "params": {"operations": [operation], **named},
                    },
                    *more,
                    {"name": "qa", "kind": "qa", "needs": [last]},
                    {"name": "export", "kind": "export", "needs": [last, "qa"]},
                ],
            }
        )
    )


@dataclass
class Gates:
    """A book in which a test writes what passed, as `engine precision`."""

    passed: frozenset[str]
    asked: list[str] = field(default_factory=list)

    def standing(self, facts: Mapping[str, str | int], run: Any) -> GateStanding:
        """Passed, or not."""
        way = f"{facts['engine']} {facts['precision']}"
        self.asked.append(way)
        if way in self.passed:
            return GateStanding(GateState.PASSED, Admission.RECORD)
        return GateStanding(GateState.UNGATED, detail="nobody judged it.")


class Half:
    """Networks that run in bf16."""

    threads = 1

    def facts(self, model: str) -> dict[str, str | int]:
        """How it runs."""
        facts = WarmNetworks("torch", threads=1).facts(model)
        return {**facts, "precision": "bf16"}

    def network(self, model: str) -> Any:
        """Never asked for here."""
        raise AssertionError(model)

    def fallback(self, model: str) -> Any:
        """The same in fp32, which tells what it is."""
        return SimpleNamespace(run=lambda plane: f"{model} in fp32 on {plane}")

    def replans(self) -> tuple[str, ...]:
        """Nothing ran."""
        return ()

    def reasons(self) -> Mapping[str, str]:
        """Nothing was decided."""
        return {}

    def for_work(self, models: Iterable[str], work: Workload) -> Half:
        """Decide nothing."""
        return self


def test_a_reduced_precision_needs_a_gated_fallback() -> None:
    """bf16 runs tiles again in fp32 when they fail, so fp32 has to have passed as well."""
    with pytest.raises(PolicyError, match="fp32: nobody judged") as refused:
        planned_networks(checked(), Half(), Gates(frozenset({"torch bf16"})))
    assert "--engine torch" in refused.value.next_step
    (facts,) = planned_networks(checked(), Half(), Gates(frozenset({"torch bf16", "torch fp32"})))
    assert (facts["gate"], facts["fallback_gate"]) == ("passed", "passed")


def test_the_fallback_answers_for_itself() -> None:
    """Where a book asks for a run of the fallback, fp32 is run and not the reduced precision."""

    class Asking(Gates):
        def standing(self, facts: Mapping[str, str | int], run: Any) -> GateStanding:
            if facts["precision"] == "fp32":
                self.asked.append(run("a plane"))
            return GateStanding(GateState.PASSED, Admission.KNOWN_ANSWERS)

    gates = Asking(frozenset())
    planned_networks(checked(), Half(), gates)
    assert gates.asked == [f"{NAME} in fp32 on a plane"]


def test_a_graph_may_name_its_precision() -> None:
    """What the enhance stage names reaches the decision; two stages may not name two."""
    asked: list[Workload] = []

    class Listening(Half):
        def for_work(self, models: Iterable[str], work: Workload) -> Half:
            asked.append(work)
            return self

    shape: Any = SimpleNamespace(height=90, width=120)
    networks_for(checked(precision="fp32"), Listening(), shape, frames=2)
    networks_for(checked(), Listening(), shape, frames=2)
    assert asked == [Workload(90, 120, 2, Precision.FP32), Workload(90, 120, 2)]
    with pytest.raises(GraphError, match="One stage names fp32, another bf16"):
        checked(precision="fp32", then="bf16")
    with pytest.raises(GraphError, match="precision"):
        checked(precision="fp31")
    wish = Wish(precision=Precision.FP32)
    graph = expand("photo", Preset.BALANCED, "sha256:" + "0" * 64, wish)
    assert check_graph(graph).precision is Precision.FP32


def test_an_ungated_precision_is_refused_with_the_way_to_gate_it() -> None:
    """What no gate passed is refused, and the next step gates exactly this way of running."""
    with pytest.raises(PolicyError, match="bf16: nobody judged") as refused:
        planned_networks(checked(), Half(), Gates(frozenset({"torch fp32"})))
    assert "--engine torch --precision bf16" in refused.value.next_step


def test_fp32_has_no_fallback() -> None:
    """A network in fp32 is asked about once, and its plan names no fallback."""
    gates = Gates(frozenset({"onnxruntime fp32"}))
    networks = WarmNetworks("onnxruntime", threads=1)
    (facts,) = planned_networks(checked(), networks, gates)
    assert "fallback_gate" not in facts
    assert gates.asked == ["onnxruntime fp32"]
    assert facts["batch"] == 1


def test_a_job_says_why_its_networks_run_as_they_do() -> None:
    """The reason is told of the same decision as the plan's, though no plan holds it."""
    gates = Gates(frozenset({"torch fp32"}))
    selector = Selector(
        admits=lambda facts, run: gates.standing(facts, run).state is GateState.PASSED,
        runs=lambda card, way: lambda plane: plane,
        measure=lambda card, ways, side, threads: {},
        kept=MeasuredFile(None),
    )
    warm = WarmNetworks(threads=1, selector=selector)
    shape: Any = SimpleNamespace(height=90, width=120)
    chosen = networks_for(checked(), warm, shape, frames=1)
    (facts,) = planned_networks(checked(), chosen, gates)
    assert facts["engine"] == "torch"
    source = SimpleNamespace(picture=shape, frames=1)
    plan: Any = SimpleNamespace(source=source)
    assert why_chosen(checked(), warm, plan) == {
        NAME: "It is the only way here that a gate has passed."
    }
