"""The facts about custody: each line says where it comes from, and none passes for another."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from pipelines.stages.export.facts import ReportFacts
from pipelines.stages.export.facts_custody import (
    CustodyLine,
    DigestLine,
    DigestStage,
    PersonFacts,
    PersonRole,
)

SEALED = {
    "kind": "received",
    "who": "m.keller",
    "source": "sealed",
    "at": "2026-03-04T05:06:07.000001Z",
    "clock": "system",
    "entry": "submission",
    "leaf": 7,
}
STATED = {
    "kind": "transfer",
    "who": "A. Smith",
    "source": "stated",
    "stated_time": "yesterday at noon",
    "what": "Handed over on a memory card.",
}


@pytest.mark.parametrize("line", [SEALED, {**SEALED, "source": "unsealed", "leaf": None}, STATED])
def test_a_line_that_says_where_it_comes_from_is_taken(line: dict[str, object]) -> None:
    """A sealed, an unsealed and a stated line are each taken in their own form."""
    assert CustodyLine.model_validate(line).source.value == line["source"]


@pytest.mark.parametrize(
    "line",
    [
        {**SEALED, "leaf": None},
        {**SEALED, "source": "unsealed"},
        {**SEALED, "at": None},
        {**SEALED, "clock": None},
        {**SEALED, "stated_time": "noon"},
        {**STATED, "at": SEALED["at"]},
        {**STATED, "entry": "transfer"},
        {**STATED, "leaf": 3},
    ],
)
def test_a_line_that_passes_for_another_kind_is_refused(line: dict[str, object]) -> None:
    """A line with a leaf, a clock or an entry that its source cannot have is refused."""
    with pytest.raises(ValidationError):
        CustodyLine.model_validate(line)


def test_the_operator_is_named_once(photo_facts: ReportFacts) -> None:
    """The operator is the origin's; the list of people can neither repeat nor replace them."""
    reviewer = PersonFacts(name="R. Ortiz", role=PersonRole.REVIEWER, function="examiner")
    facts = photo_facts.model_copy(update={"people": (reviewer,)})
    assert [person.name for person in facts.everybody] == ["m.keller", "R. Ortiz"]
    second = PersonFacts(name="somebody else", role=PersonRole.OPERATOR)
    with pytest.raises(ValidationError, match="named by the origin"):
        ReportFacts.model_validate({**photo_facts.model_dump(), "people": [second.model_dump()]})


def test_digests_stand_in_the_order_of_the_work(clip_facts: ReportFacts) -> None:
    """Every digest of the job is listed once, first what was received, last the result."""
    index = DigestLine(stage=DigestStage.INDEX, sha256="a" * 64)
    facts = clip_facts.model_copy(update={"stage_digests": (index, index)})
    assert [line.stage.value for line in facts.digests] == [
        "received",
        "graph",
        "plan",
        "weights",
        "index",
        "result",
    ]
    assert facts.digests[0].sha256 == facts.received.sha256
    assert facts.digests[-1].sha256 == facts.delivered.sha256
