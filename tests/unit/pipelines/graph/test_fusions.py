"""Fusions of an enhance stage: form, policy, and what a plan says of them."""

from __future__ import annotations

from typing import Any

import pytest

from pipelines.errors import GraphError, PolicyError
from pipelines.graph.fusion_facts import FUSE
from pipelines.graph.spec import MAX_FUSIONS, FusionParams, parse_graph
from pipelines.graph.validate import CheckedGraph, check_graph
from pipelines.run.fusing import with_fusions
from tests.unit.pipelines.run.test_replay_bounds import plan

WISH = {"frame": 120, "box": [320, 180, 96, 48]}


def checked(*fusions: dict[str, Any], preset: str = "balanced", stages: int = 1) -> CheckedGraph:
    """A graph whose enhance stages ask for these."""
    names = [f"enhance{number}" for number in range(stages)]
    document = {
        "version": 1,
        "preset": preset,
        "inputs": {"source": {"artifact": f"sha256:{'a' * 64}"}},
        "stages": [
            {"name": "ingest", "kind": "ingest", "needs": ["source"]},
            *(
                {"name": name, "kind": "enhance", "needs": ["ingest"],
                 "params": {"fusions": list(fusions)}}
                for name in names
            ),
            {"name": "export", "kind": "export", "needs": names},
        ],
    }  # fmt: skip
    return check_graph(parse_graph(document))


def test_a_graph_asks_for_stills_beside_its_result() -> None:
    """Radius and scale have the same defaults as `evident fuse`; no operation is added."""
    found = checked(WISH)
    assert found.fusions == (FusionParams(frame=120, box=(320, 180, 96, 48), radius=7, scale=2),)
    assert found.steps == ()


def test_forensic_safe_refuses_it_by_its_place_in_the_graph() -> None:
    """Estimated parameters are not admitted there, in a graph as in the verb."""
    with pytest.raises(PolicyError, match="estimated") as error:
        checked(WISH, preset="forensic-safe")
    assert error.value.field == "stages.1.params.fusions.0"


@pytest.mark.parametrize(
    "wrong",
    [{"box": [1, 2, 3]}, {"box": [-1, 0, 32, 32]}, {"radius": 16}, {"scale": 4}, {"frame": -1},
     {"sigma": 2}],
)  # fmt: skip
def test_what_no_fusion_can_be_is_refused(wrong: dict[str, Any]) -> None:
    """Unknown fields and numbers out of bounds are errors of the graph."""
    with pytest.raises(GraphError, match=r"params\.fusions\.0"):
        checked({**WISH, **wrong})


def test_there_is_an_end_to_them() -> None:
    """So many per graph, whether in one stage or in several."""
    checked(*[WISH] * MAX_FUSIONS)
    with pytest.raises(GraphError):
        checked(*[WISH] * (MAX_FUSIONS + 1))
    with pytest.raises(GraphError, match="more than"):
        checked(*[WISH] * (MAX_FUSIONS // 2 + 1), stages=2)


def test_a_plan_says_what_is_fused_and_renders_the_same() -> None:
    """Fusions change the plan's digest and not that of what decides the result's samples."""
    bare = plan()
    fused = with_fusions(bare, checked(WISH))
    assert fused.digest() != bare.digest()
    assert fused.samples_sha256 == bare.samples_sha256
    assert fused.fusions[0].parameter_source is FUSE.parameter_source
    assert with_fusions(bare, checked()).canonical() == bare.canonical()
