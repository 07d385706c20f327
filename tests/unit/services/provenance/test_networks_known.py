"""Networks on a host without a log: their life is asked for, and their weights must be the same."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from models import catalog
from pipelines.errors import RequestError
from pipelines.gates.life import LifeState
from pipelines.ports import GateState
from services.provenance.networks_known import FRESH_SECONDS, BookElsewhere, NetworksKnown
from services.provenance.service_line import Answer, SealerAwayError

NAME = "evident-denoise"


class Line:
    """The line to a service that knows these networks."""

    def __init__(self, told: Mapping[str, Any], status: int = 200) -> None:
        self.told = told
        self.status = status
        self.asked: list[str] = []

    def ask(self, method: str, path: str) -> Answer:
        """Answer as the service does."""
        assert method == "GET"
        self.asked.append(path)
        return Answer(self.status, {}, json.dumps({"result": self.told}).encode())


def facts() -> dict[str, str | int]:
    """How the network would run here."""
    card = catalog.card(NAME)
    return {
        "model": NAME,
        "version": card.version,
        "weights_sha256": next(iter(card.files.values())).sha256,
        "engine": "onnxruntime",
        "engine_version": "0.0.0",
        "precision": "fp32",
        "device_class": "cpu-x86_64",
    }


def known(**there: Any) -> tuple[Line, NetworksKnown]:
    """What is known of the network over there."""
    line = Line({"keys": ["00" * 32], "networks": {NAME: there}})
    return line, NetworksKnown(line)  # type: ignore[arg-type]


def book(found: NetworksKnown, folder: Path) -> BookElsewhere:
    """The book of this host."""
    return BookElsewhere(found, folder, frozenset({NAME}))


def test_a_network_that_was_withdrawn_there_does_not_run_here(tmp_path: Path) -> None:
    """The state is that of the log on the other host, whatever is installed here."""
    weights = [facts()["weights_sha256"]]
    _, withdrawn = known(state="withdrawn", weights=weights)
    standing = book(withdrawn, tmp_path).standing(facts(), lambda _plane: None)
    assert standing.state is GateState.WITHDRAWN
    _, released = known(state="released", weights=weights)
    assert book(released, tmp_path).standing(facts(), lambda _plane: None).state is not (
        GateState.WITHDRAWN
    )
    assert book(withdrawn, tmp_path).book([NAME]).state(NAME) is LifeState.WITHDRAWN


@pytest.mark.parametrize("weights", [[], ["0" * 64]])
def test_a_network_that_differs_is_an_error(tmp_path: Path, weights: list[str]) -> None:
    """Weights that the host of the log has not are named, and never run in silence."""
    _, found = known(state="released", weights=weights)
    with pytest.raises(RequestError, match=NAME) as refused:
        book(found, tmp_path).standing(facts(), lambda _plane: None)
    assert "same networks on every host" in refused.value.next_step


def test_a_network_that_nobody_knows_there_is_an_error(tmp_path: Path) -> None:
    """A network that is installed here alone does not run under that log."""
    line = Line({"keys": [], "networks": {}})
    found = NetworksKnown(line)  # type: ignore[arg-type]
    with pytest.raises(RequestError, match="not installed"):
        book(found, tmp_path).standing(facts(), lambda _plane: None)


def test_an_answer_counts_for_a_while() -> None:
    """The service is asked again once its answer is half a minute old."""
    now = [100.0]
    line = Line({"keys": [], "networks": {}})
    found = NetworksKnown(line, lambda: now[0])  # type: ignore[arg-type]
    found.of([NAME])
    found.of([NAME])
    assert len(line.asked) == 1
    now[0] += FRESH_SECONDS + 1
    found.of([NAME])
    assert len(line.asked) == 2


@pytest.mark.parametrize("told", [{}, {"keys": 1, "networks": {}}, {"keys": [], "networks": []}])
def test_what_is_no_answer_is_an_absence(told: Mapping[str, Any]) -> None:
    """A service of another version decides nothing: the job waits."""
    with pytest.raises(SealerAwayError):
        NetworksKnown(Line(told)).of([NAME])  # type: ignore[arg-type]
