"""What a job is about, as typed: people are read strictly, and what is typed goes first."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.errors import GraphError, RequestError
from pipelines.graph.expand import Wish, expand
from pipelines.graph.spec import Preset, parse_graph
from pipelines.stages.export.facts_custody import PersonFacts, PersonRole
from pipelines.stages.export.person_text import person
from pipelines.stages.export.words import Language
from services.cli.matter import Matter, language_of
from services.settings.settings import Settings


def settings(**more: object) -> Settings:
    """Settings that depend on no environment."""
    stated = {"home": Path("/nowhere"), "operator": "anna", "host": "lab", "language": "en"}
    return Settings.model_construct(
        **{
            **dict.fromkeys(("case", "item", "exhibit", "note", "requested_by", "reviewer")),
            **stated,
            **more,
        }
    )


@pytest.mark.parametrize(
    ("text", "function", "organisation"),
    [
        ("R. Ortiz", None, None),
        ("R. Ortiz; examiner", "examiner", None),
        (" R. Ortiz ;; Lab 3", None, "Lab 3"),
        ("R. Ortiz; examiner; Lab 3", "examiner", "Lab 3"),
    ],
)
def test_a_person_is_a_name_and_what_else_is_known(
    text: str, function: str | None, organisation: str | None
) -> None:
    """A name alone is enough; function and organisation follow after semicolons."""
    assert person(text, PersonRole.REVIEWER) == PersonFacts(
        name="R. Ortiz",
        role=PersonRole.REVIEWER,
        function=function,
        organisation=organisation,
    )


@pytest.mark.parametrize("text", ["", ";examiner", "a;b;c;d", "n" * 201])
def test_what_names_nobody_is_refused(text: str) -> None:
    """A person without a name, with a fourth part or with a name too long is refused."""
    with pytest.raises(RequestError, match="not named like that"):
        person(text, PersonRole.REVIEWER)


def test_what_is_typed_goes_before_the_settings() -> None:
    """Options stand in the place of the environment; where none was typed, it speaks."""
    base = settings(case="old", item="7", reviewer="S. Old", requested_by="T. Old")
    typed = Matter(case="new", reviewers=("A. New; expert", "B. New"), requested_by="C. New")
    after = typed.over(base)
    assert (after.case, after.item) == ("new", "7")
    assert [(one.role.value, one.name) for one in typed.people(after)] == [
        ("requester", "C. New"),
        ("reviewer", "A. New"),
        ("reviewer", "B. New"),
    ]
    assert [one.name for one in Matter().people(Matter().over(base))] == ["T. Old", "S. Old"]


@pytest.mark.parametrize("given", [{"case": ""}, {"item": "x" * 201}, {"note": "n" * 4001}])
def test_fields_have_a_length(given: dict[str, str]) -> None:
    """An empty or endless field is refused before anything runs."""
    with pytest.raises(RequestError, match="characters"):
        Matter(**given).over(settings())


def test_the_matter_goes_into_the_graph() -> None:
    """What was typed stands in the graph, the settings fill in the rest, no word contradicts it."""
    made = expand("photo", Preset.FORENSIC_SAFE, "sha256:" + "a" * 64, Wish())
    typed, set_here = Matter(case="C-7", note="n"), settings(case="C-0", item="3")
    graph = typed.over_graph(made, typed.over(set_here))
    assert graph.document()["matter"] == {"case": "C-7", "item": "3", "note": "n"}
    assert Matter().over_graph(made, settings()) == made
    stated = parse_graph({**made.document(), "matter": {"case": "C-9"}})
    kept = Matter().over_graph(stated, set_here)
    assert kept.document()["matter"] == {"case": "C-9", "item": "3"}
    with pytest.raises(GraphError, match="another case than --case"):
        typed.over_graph(stated, typed.over(set_here))


def test_reports_have_the_languages_that_they_have() -> None:
    """A language is taken from the settings or the option; an unknown one is refused."""
    assert language_of(Matter(language="ru").over(settings())) is Language.RU
    assert language_of(settings()) is Language.EN
    with pytest.raises(RequestError, match="not written in fr"):
        language_of(settings(language="fr"))


def test_a_report_has_room_for_a_few_reviewers() -> None:
    """More than eight reviewers are refused."""
    with pytest.raises(RequestError, match="at most 8"):
        Matter(reviewers=("A",) * 9).people(settings())
