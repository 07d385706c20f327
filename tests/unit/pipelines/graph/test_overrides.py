"""What an analyst decides is checked, has a reason, and stands in graph and plan alike."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from pipelines.errors import GraphError
from pipelines.graph.expand import Wish, expand
from pipelines.graph.overrides import Overrides, spelt_value
from pipelines.graph.spec import Graph, IngestParams, Preset, parse_graph, parse_strict

WHY = "the test chart shows it"
ARTIFACT = "sha256:" + "a" * 64


def overrides(**given: object) -> Overrides:
    """Overrides, each for the same reason."""
    document: dict[str, Any] = {
        name: {"value": value, "because": WHY} for name, value in given.items()
    }
    return parse_strict(Overrides, document, field="overrides")


GOOD: dict[str, object] = {
    "range": "full",
    "matrix": "bt709",
    "display_aspect": "4:3",
    "field_order": "top-first",
    "frame_rate": "30000/1001",
    "clock": {"frame": 3, "burned_in": "12:00:05", "true": "11:57:02"},
    "stream": 2,
    "trim": {"first": 10, "last": 10},
}
BAD: list[tuple[str, object]] = [
    ("range", "wide"),
    ("matrix", "bt470"),
    ("display_aspect", "4:0"),
    ("display_aspect", "4/3"),
    ("field_order", "both"),
    ("frame_rate", "0"),
    ("frame_rate", "25/0"),
    ("frame_rate", "-25"),
    ("frame_rate", "1001"),
    ("clock", {"frame": 3}),
    ("clock", {"frame": -1, "true": "now"}),
    ("stream", -1),
    ("trim", {"first": 10, "last": 9}),
    ("trim", {"first": 10}),
    ("brightness", "high"),
]


@pytest.mark.parametrize(("name", "value"), GOOD.items())
def test_each_override_comes_through_a_graph(name: str, value: object) -> None:
    """What was given stands in the graph with its reason, and comes out of it again."""
    given = overrides(**{name: value})
    graph = expand("video", Preset.FORENSIC_SAFE, ARTIFACT, Wish(scale=1, overrides=given))
    again: Graph = parse_graph(graph.canonical())
    params = parse_strict(IngestParams, again.stages[0].params, field="ingest")
    assert params.overrides == given
    assert [(one, why) for one, _, why in params.overrides.given()] == [(name, WHY)]


@pytest.mark.parametrize(("name", "value"), BAD)
def test_a_wrong_override_names_its_field(name: str, value: object) -> None:
    """Nothing is taken for something else: a wrong value or name is refused where it stands."""
    with pytest.raises(GraphError) as caught:
        overrides(**{name: value})
    assert caught.value.field.startswith(f"overrides.{name}")


@pytest.mark.parametrize("because", ["", "no", "x" * 501])
def test_an_override_has_a_reason(because: str) -> None:
    """Without a reason of 3 to 500 characters nothing is overridden."""
    with pytest.raises(GraphError, match="because"):
        parse_strict(Overrides, {"range": {"value": "full", "because": because}}, field="o")


def test_no_override_leaves_a_graph_as_it_was() -> None:
    """A wish without overrides is the same graph as ever, to the digest."""
    plain = expand("video", Preset.FORENSIC_SAFE, ARTIFACT, Wish(scale=1))
    with_none = Wish(scale=1, overrides=Overrides())
    assert expand("video", Preset.FORENSIC_SAFE, ARTIFACT, with_none).digest() == plain.digest()
    assert plain.stages[0].params == {}


def test_a_stream_is_chosen_once() -> None:
    """The option and the override do not both choose."""
    chosen = {"video_stream": 1, "overrides": {"stream": {"value": 2, "because": WHY}}}
    with pytest.raises(GraphError, match="twice"):
        parse_strict(IngestParams, chosen, field="ingest")


def test_regions_have_names_of_their_own() -> None:
    """Two regions of one name could not be told apart in a report."""
    region = {"name": "plate", "left": 0, "top": 0, "width": 5, "height": 5}
    two = [{"value": region, "because": WHY}] * 2
    with pytest.raises(GraphError, match="one name"):
        parse_strict(Overrides, {"regions": two}, field="overrides")


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("stream", "2", 2),
        ("trim", "10-20", {"first": 10, "last": 20}),
        ("clock", "7|12:00|", {"frame": 7, "burned_in": "12:00", "true": None}),
        (
            "regions",
            "plate:1,2,30,40:5-6",
            {"name": "plate", "left": 1, "top": 2, "width": 30, "height": 40}
            | {"frames": {"first": 5, "last": 6}},
        ),
        ("trim", "20", "20"),
        ("range", "full", "full"),
    ],
)
def test_values_are_read_as_the_command_line_spells_them(
    name: str, text: str, value: object
) -> None:
    """What does not fit its form stays text, for the check to refuse."""
    assert spelt_value(name, text) == value


def test_ratios_are_exact() -> None:
    """Rates and aspects are fractions, never floats."""
    given = overrides(frame_rate="30000/1001", display_aspect="16:9")
    assert given.frame_rate is not None
    assert given.display_aspect is not None
    assert given.frame_rate.rate == Fraction(30000, 1001)
    assert given.display_aspect.ratio == Fraction(16, 9)
