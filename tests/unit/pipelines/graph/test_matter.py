"""What a job is about stands in its graph, is hashed with it, and decides no sample."""

from __future__ import annotations

from typing import Any

import pytest

from pipelines.errors import GraphError
from pipelines.graph.expand import Wish, expand
from pipelines.graph.matter import Matter
from pipelines.graph.spec import Graph, Preset, parse_graph
from tests.unit.pipelines.graph.test_plan import plan

ARTIFACT = "sha256:" + "a" * 64


def graph(**matter: Any) -> Graph:
    """A graph with this matter."""
    made = expand("photo", Preset.FORENSIC_SAFE, ARTIFACT, Wish())
    return parse_graph({**made.document(), **({"matter": matter} if matter else {})})


def test_a_matter_is_hashed_with_its_graph() -> None:
    """Another case is another graph; none is the graph that it always was."""
    assert graph(case="1").digest() != graph(case="2").digest() != graph().digest()
    assert "matter" not in graph().canonical()
    assert graph(case="1", note="n").canonical()["matter"] == {"case": "1", "note": "n"}
    assert parse_graph(graph(case="1").document()) == graph(case="1")


def test_the_same_work_is_the_same_work_under_another_case() -> None:
    """The digest over what decides samples has no part in the graph's, and none in a ceiling."""
    one = plan()
    other = one.model_copy(update={"graph_sha256": "c" * 64})
    roomier = one.model_copy(
        update={"ceilings": one.ceilings.model_copy(update={"memory_bytes": 9})}
    )
    assert one.digest() != other.digest() != roomier.digest()
    assert one.samples_sha256 == other.samples_sha256 == roomier.samples_sha256
    assert one.samples_sha256 != plan(threads=3).samples_sha256


@pytest.mark.parametrize(
    "matter",
    [{"case": ""}, {"item": "x" * 201}, {"note": "x" * 4001}, {"case": "a\0b"},
     {"exhibit": "K\udc80"}, {"suspect": "N"}, {"case": 7}, {"case": None}],
)  # fmt: skip
def test_what_no_record_can_hold_is_refused(matter: dict[str, Any]) -> None:
    """Lengths, names and characters are checked, and the answer names the field."""
    with pytest.raises(GraphError) as refused:
        parse_graph({**graph().document(), "matter": matter})
    assert refused.value.field is not None
    assert refused.value.field.startswith("matter")


def test_what_is_said_beside_a_graph_fills_it_and_never_contradicts_it() -> None:
    """What the graph leaves open is taken from beside it; another word for the same is refused."""
    stated = graph(case="C-7")
    filled = stated.about(Matter(case="C-7", item="3"), beside="the request")
    assert filled.matter == Matter(case="C-7", item="3")
    assert stated.about(None, beside="the request") == stated
    with pytest.raises(GraphError, match="another case than the request"):
        stated.about(Matter(case="C-8"), beside="the request")
