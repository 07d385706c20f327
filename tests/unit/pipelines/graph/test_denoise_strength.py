"""The denoise strength of a network with a twin, in graphs and in the short form."""

from __future__ import annotations

import pytest

from models import catalog
from pipelines.errors import GraphError, PolicyError
from pipelines.graph.expand import Wish, expand
from pipelines.graph.operation_size import SuperResolveParameters
from pipelines.graph.spec import Preset, parse_strict
from pipelines.graph.validate import check_graph

ARTIFACT = f"sha256:{'0' * 64}"
BASE = "realesr-general-x4v3"


def test_a_strength_names_the_blend() -> None:
    """The network that runs is the blend, under the name that says its share."""
    made = SuperResolveParameters(scale=4, model=BASE, denoise=0.3)
    assert made.model == f"{BASE}-denoise-0.30"
    again = SuperResolveParameters.model_validate(made.model_dump())
    assert again == made


def test_a_strength_may_be_a_decimal_string() -> None:
    """As every real number of a graph, so that the canonical form reads back."""
    made = SuperResolveParameters.model_validate({"scale": 4, "model": BASE, "denoise": "0.3"})
    assert made.model == f"{BASE}-denoise-0.30"


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"model": "evident-sr-x4", "denoise": 0.5}, "has no twin"),
        ({"denoise": 0.5}, "needs a network with a twin"),
        ({"model": BASE, "denoise": 1.5}, "from 0 to 1"),
        ({"model": BASE, "denoise": "much"}, "from 0 to 1"),
        ({"model": f"{BASE}-denoise-0.30", "denoise": 0.5}, "strength of its own"),
    ],
)
def test_a_strength_without_a_twin_is_refused(values: dict[str, object], reason: str) -> None:
    """What cannot be mixed is refused with its reason, never left out in silence."""
    with pytest.raises(GraphError, match=reason):
        parse_strict(SuperResolveParameters, {"scale": 4, **values}, field="")


def test_the_short_form_takes_a_strength() -> None:
    """`--model NAME --denoise S` makes a graph that says both and checks as generative."""
    wish = Wish(model=BASE, denoise=0.5)
    graph = expand("photo", Preset.PRESENTATION, ARTIFACT, wish)
    checked = check_graph(graph)
    assert [step.card.name for step in checked.steps if step.card] == [f"{BASE}-denoise-0.50"]
    assert checked.is_generative
    assert checked.result_stem == "enhanced-GENERATIVE"


@pytest.mark.parametrize("preset", [Preset.FORENSIC_SAFE, Preset.BALANCED])
def test_generative_networks_need_the_preset_for_them(preset: Preset) -> None:
    """A preset that does not admit generative operations refuses the network by its class."""
    graph = expand("photo", preset, ARTIFACT, Wish(model=BASE))
    with pytest.raises(PolicyError, match="generative") as refused:
        check_graph(graph)
    assert "presentation" in refused.value.next_step


def test_the_short_form_refuses_a_strength_for_nothing() -> None:
    """Without a network, or for one that takes noise out, a strength means nothing here."""
    for wish in (Wish(denoise=0.5), Wish(model="evident-denoise", denoise=0.5)):
        with pytest.raises(GraphError, match="denoise"):
            expand("photo", Preset.PRESENTATION, ARTIFACT, wish)


def test_what_no_generative_network_touched_keeps_its_plain_name() -> None:
    """A trained network's result is `enhanced`, and nothing else."""
    graph = expand("photo", Preset.PRESENTATION, ARTIFACT, Wish(model="evident-sr-x2"))
    checked = check_graph(graph)
    assert not checked.is_generative
    assert checked.result_stem == "enhanced"
    assert catalog.card("evident-sr-x2").is_installed
