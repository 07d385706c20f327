"""Licences as policy: who may use a network is asked before it runs."""

from __future__ import annotations

from dataclasses import replace

import pytest

from models import catalog
from models.spec import NetworkCard, Use
from pipelines.errors import PolicyError
from pipelines.graph.expand import Wish, expand
from pipelines.graph.licence import detector_card, permission_words, require_permission
from pipelines.graph.spec import Preset
from pipelines.graph.validate import CheckedGraph, check_graph
from pipelines.run.entries import override_bodies, override_words
from pipelines.stages.export.words import Language, words_in

ARTIFACT = f"sha256:{'0' * 64}"
NAME = "evident-sr-x2"
REASON = "a study without commercial aim, permitted by its owner"


@pytest.fixture(params=[Use.NON_COMMERCIAL, Use.NETWORK_COPYLEFT])
def bound(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> NetworkCard:
    """A network of the catalog whose licence is not open to every use."""
    card = replace(catalog.card(NAME), use=request.param, licence="Some-Terms")
    monkeypatch.setattr("pipelines.graph.validate.catalog.card", lambda _name: card)
    return card


def checked(reason: str | None) -> CheckedGraph:
    """The graph that asks for the network."""
    wish = Wish(model=NAME, scale=2, allow_licence=reason)
    return check_graph(expand("photo", Preset.BALANCED, ARTIFACT, wish))


def test_a_network_that_is_not_free_needs_a_reason(bound: NetworkCard) -> None:
    """Without a permission the graph is refused, with the licence and the way out."""
    with pytest.raises(PolicyError, match="Some-Terms") as refused:
        checked(None)
    assert "--allow-licence" in refused.value.next_step


def test_a_permission_is_an_override_on_record(bound: NetworkCard) -> None:
    """The reason is an entry of the log and a sentence of the report, in both languages."""
    graph = checked(REASON)
    bodies = list(override_bodies(graph))
    assert {"field": "enhance.allow_licence", "value": REASON} in bodies
    said = override_words(bodies[-1])
    assert REASON in said
    warning = permission_words(bound)
    assert bound.name in warning
    russian = words_in(Language.RU)
    for sentence in (said, warning):
        assert russian.say(sentence) != sentence


def test_a_free_network_needs_none() -> None:
    """Open licences ask nothing, and nothing is said about them."""
    card = catalog.card(NAME)
    require_permission(card, None, field="x")
    assert permission_words(card) == ""
    assert checked(None).allow_licence is None


def test_what_is_not_free_is_off_by_default() -> None:
    """Every network of the catalog with a closed licence is refused until somebody permits it."""
    closed = [c for c in map(catalog.card, catalog.listed()) if c.use is not Use.FREE]
    for card in closed:
        with pytest.raises(PolicyError):
            require_permission(card, None, field="x")
        require_permission(card, REASON, field="x")


def test_a_detector_that_is_not_free_needs_a_reason_as_well() -> None:
    """A graph that names one under the AGPL is refused until it says why; the reason is on record.

    The refusal is about the licence: nothing of the detector is installed or loaded.
    """
    wish = Wish(track=("object",), track_detector="yolov8n")
    with pytest.raises(PolicyError, match=r"AGPL-3\.0") as refused:
        check_graph(expand("photo", Preset.BALANCED, ARTIFACT, wish))
    assert "--allow-licence" in refused.value.next_step
    allowed = wish.model_copy(update={"allow_licence": REASON})
    graph = check_graph(expand("photo", Preset.BALANCED, ARTIFACT, allowed))
    bodies = list(override_bodies(graph))
    assert {"field": "detect_track.allow_licence", "value": REASON} in bodies
    said = override_words(bodies[-1])
    assert words_in(Language.RU).say(said) != said
    named = detector_card("yolov8n")
    assert named is not None
    assert "operator's permission" in permission_words(named)
    assert detector_card("lbp-cascade") is None
    assert detector_card(None) is None
