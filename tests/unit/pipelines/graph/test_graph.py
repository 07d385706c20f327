"""Graphs: their form, their order, what presets admit, and what a short wish expands to."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.errors import GraphError, PolicyError
from pipelines.evidence.canonical import canonical_bytes, parse_canonical
from pipelines.graph.expand import Wish, bind, expand
from pipelines.graph.operation_table import OPERATIONS
from pipelines.graph.spec import Preset, parse_graph
from pipelines.graph.validate import check_graph

ARTIFACT = "sha256:" + "ab" * 32


def document(*operations: dict[str, Any], preset: str = "balanced") -> dict[str, Any]:
    """Write a graph with these operations."""
    return {
        "version": 1,
        "preset": preset,
        "inputs": {"source": {"artifact": ARTIFACT}},
        "stages": [
            {"name": "ingest", "kind": "ingest", "needs": ["source"]},
            {
                "name": "enhance",
                "kind": "enhance",
                "needs": ["ingest"],
                "params": {"operations": list(operations)},
            },
            {"name": "qa", "kind": "qa", "needs": ["enhance"]},
            {"name": "export", "kind": "export", "needs": ["enhance", "qa"]},
        ],
    }


def changed(path: list[Any], value: object) -> dict[str, Any]:
    """Write the plain graph with one value put at a path."""
    found = copy.deepcopy(document({"op": "denoise"}))
    at: Any = found
    for key in path[:-1]:
        at = at[key]
    at[path[-1]] = value
    return found


@pytest.mark.parametrize(
    ("path", "value", "field"),
    [
        (["version"], 2, "version"),
        (["preset"], "creative", "preset"),
        (["colour"], "red", "colour"),
        (["inputs", "source", "artifact"], "sha256:xyz", "inputs.source.artifact"),
        (["stages", 0, "kind"], "magic", "stages.0.kind"),
        (["stages", 0, "needs"], [], "stages.0.needs"),
        (["stages", 1, "name"], "Bad Name", "stages.1.name"),
    ],
)
def test_a_malformed_graph_is_refused_by_field(path: list[Any], value: object, field: str) -> None:
    """A graph that is not of version 1's form is refused, and the field is named."""
    with pytest.raises(GraphError) as caught:
        parse_graph(changed(path, value))
    assert caught.value.field == field
    assert field in str(caught.value)


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        (["stages", 1, "needs"], ["nothing"], "no input and no earlier stage"),
        (["stages", 2, "name"], "enhance", "already taken"),
        (["stages", 0, "kind"], "enhance", "no ingest stage"),
        (["stages", 2, "kind"], "ingest", "cannot come after"),
        (["stages", 1, "kind"], "detect_track", "operations: Extra inputs"),
        (["stages", 1, "params"], {"operation": []}, "stages.1.params.operation"),
        (["stages", 1, "params", "operations", 0, "op"], "magic", "no operation 'magic'"),
        (["stages", 1, "params", "operations", 0, "stength"], 3, "operations.0.stength"),
    ],
)
def test_a_graph_that_cannot_run_is_refused(path: list[Any], value: object, words: str) -> None:
    """A well-formed graph whose stages or operations make no sense is refused in words."""
    with pytest.raises(GraphError, match=words.replace(".", r"\.")):
        check_graph(parse_graph(changed(path, value)))


def test_forensic_safe_refuses_a_trained_operation_and_says_who_admits_it() -> None:
    """A refusal names the operation, its class and the preset that would admit it."""
    graph = parse_graph(document({"op": "super_resolve"}, preset="forensic-safe"))
    with pytest.raises(PolicyError) as caught:
        check_graph(graph)
    assert "super_resolve" in str(caught.value)
    assert "trained" in str(caught.value)
    assert "balanced" in caught.value.next_step


def test_forensic_safe_is_the_default() -> None:
    """A graph that names no preset is held to the strictest one."""
    plain = document({"op": "denoise"})
    del plain["preset"]
    assert parse_graph(plain).preset is Preset.FORENSIC_SAFE


@pytest.mark.parametrize(
    ("name", "parameter", "value"),
    [
        (name, parameter, ceiling.most * 1.25)
        for name, descriptor in OPERATIONS.items()
        for parameter, ceiling in descriptor.ceilings.items()
        if parameter not in ("output_white", "white", "radius")
    ],
)
def test_every_ceiling_is_enforced(name: str, parameter: str, value: float) -> None:
    """Above a ceiling forensic-safe refuses what balanced admits, or nobody takes the value."""
    operation = {"op": name, parameter: value}
    with pytest.raises(GraphError):
        check_graph(parse_graph(document(operation, preset="forensic-safe")))


def test_an_unknown_network_is_refused_with_the_known_ones() -> None:
    """A network that the catalog lacks is refused, and the ones that there are are named."""
    graph = parse_graph(document({"op": "super_resolve", "model": "no-such-network"}))
    with pytest.raises(GraphError) as caught:
        check_graph(graph)
    assert "no-such-network" in str(caught.value)
    assert "evident-sr-x2" in caught.value.next_step


def test_one_graph_has_one_digest_however_it_was_written() -> None:
    """A real number as a number or as a decimal string gives the same canonical graph."""
    number = parse_graph(document({"op": "gamma", "gamma": 1.5}))
    again = parse_graph(json.loads(json.dumps(document({"op": "gamma", "gamma": 1.5}))))
    assert number.digest() == again.digest()
    assert parse_canonical(canonical_bytes(number.canonical())) == number.canonical()


@pytest.mark.parametrize("preset", list(Preset))
@pytest.mark.parametrize("scale", [1, 2, 3, 4])
@pytest.mark.parametrize("pipeline", ["photo", "video"])
def test_every_plain_wish_expands_to_a_graph_that_may_run(
    preset: Preset, scale: int, pipeline: Any
) -> None:
    """The short form never leads to a graph that its own preset refuses."""
    checked = check_graph(expand(pipeline, preset, ARTIFACT, Wish(scale=scale)))
    assert checked.steps
    if preset is Preset.FORENSIC_SAFE:
        assert all(step.card is None for step in checked.steps)


@given(st.sampled_from(["evident-sr-x2", "evident-sr-x4", "evident-sr-x2-real"]))
def test_a_named_network_decides_the_scale(model: str) -> None:
    """A network that enlarges is used at its own scale unless another one was asked for."""
    checked = check_graph(expand("photo", Preset.BALANCED, ARTIFACT, Wish(model=model)))
    assert checked.steps[0].card is not None
    assert checked.steps[0].card.name == model


def test_a_scale_that_the_network_does_not_have_is_refused() -> None:
    """Asking a network for another scale is an error, never a silent change."""
    with pytest.raises(GraphError, match="enlarges 2 times"):
        expand("photo", Preset.BALANCED, ARTIFACT, Wish(model="evident-sr-x2", scale=4))


def test_a_template_is_bound_to_the_file_at_hand() -> None:
    """A graph without inputs runs on any file, under the name that its stages use."""
    template = document({"op": "denoise"})
    del template["inputs"]
    assert bind(template, ARTIFACT).inputs["source"].artifact == ARTIFACT


def test_a_graph_for_another_file_is_refused() -> None:
    """A graph that names its input by digest runs on that file only."""
    with pytest.raises(GraphError, match="this file is"):
        bind(document({"op": "denoise"}), "sha256:" + "cd" * 32)
