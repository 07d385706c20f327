"""What a job is about and for whom, as it was typed: case, item, exhibit, note, people.

None of it changes a sample. Case, item, exhibit and note stand in the graph, and so do those of
the settings where nothing was typed and the graph says nothing; people and language stand in the
log's entry of the submission and in the report. People are named as `Name; function;
organisation`, of which the last two may be left out; who they are is the operator's word.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from pipelines.errors import RequestError
from pipelines.graph import matter as graph_matter
from pipelines.graph.spec import Graph, parse_strict
from pipelines.stages.export.facts_custody import PersonFacts, PersonRole
from pipelines.stages.export.person_text import person
from pipelines.stages.export.words import Language
from services.settings.settings import Settings

_LONGEST = {"case": 200, "item": 200, "exhibit": 200, "note": 4000}
_MOST_REVIEWERS = 8


@dataclass(frozen=True, slots=True)
class Matter:
    """What was typed; None or empty where the settings speak."""

    case: str | None = None
    item: str | None = None
    exhibit: str | None = None
    note: str | None = None
    requested_by: str | None = None
    reviewers: tuple[str, ...] = ()
    language: str | None = None

    def over(self, settings: Settings) -> Settings:
        """Return the settings with what was typed in their place. Raises RequestError."""
        given = {
            name: value
            for name, longest in _LONGEST.items()
            if (value := _checked(name, getattr(self, name), longest)) is not None
        }
        if self.requested_by is not None:
            given["requested_by"] = self.requested_by
        if self.language is not None:
            given["language"] = self.language
        return settings.model_copy(update=given)

    def over_graph(self, graph: Graph, settings: Settings) -> Graph:
        """Return the graph with what was typed; the settings fill in what nobody said.

        Raises GraphError where the graph says something else than was typed.
        """
        typed = {name: getattr(self, name) for name in _LONGEST}
        graph = graph.about(_matter(typed), beside="--case, --item, --exhibit or --note")
        own = {} if graph.matter is None else graph.matter.said
        filled = {name: getattr(settings, name) or None for name in _LONGEST if name not in own}
        return graph.about(_matter(filled), beside="the settings")

    def people(self, settings: Settings) -> tuple[PersonFacts, ...]:
        """Return who asked for the work and who reviews it. Raises RequestError."""
        return tuple(_people(settings, self.reviewers))


def language_of(settings: Settings) -> Language:
    """Return the language of reports. Raises RequestError for one that is not known."""
    try:
        return Language(settings.language)
    except ValueError as error:
        known = ", ".join(one.value for one in Language)
        raise RequestError(
            f"Reports are not written in {settings.language}.", next_step=f"Name one of: {known}."
        ) from error


def _people(settings: Settings, typed: tuple[str, ...]) -> Iterator[PersonFacts]:
    if settings.requested_by:
        yield person(settings.requested_by, PersonRole.REQUESTER)
    reviewers = typed or ((settings.reviewer,) if settings.reviewer else ())
    if len(reviewers) > _MOST_REVIEWERS:
        raise RequestError(
            f"A report names at most {_MOST_REVIEWERS} reviewers.",
            next_step="Name those who sign it.",
        )
    for text in reviewers:
        yield person(text, PersonRole.REVIEWER)


def _matter(named: Mapping[str, str | None]) -> graph_matter.Matter | None:
    """Return what was said of these, None for nothing. Raises GraphError naming the word."""
    said = {name: value for name, value in named.items() if value is not None}
    return parse_strict(graph_matter.Matter, said, field="matter") if said else None


def _checked(name: str, text: str | None, longest: int) -> str | None:
    if text is not None and not 0 < len(text) <= longest:
        raise RequestError(
            f"--{name} does not have 1 to {longest} characters.", next_step="Make it shorter."
        )
    return text
