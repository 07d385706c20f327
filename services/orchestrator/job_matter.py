"""What a claimed job is about and for whom, as its submitter told: printed in its report."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Self

from pipelines.errors import RequestError
from pipelines.evidence.json_value import Json
from pipelines.run.job import Operator
from pipelines.stages.export.facts_custody import PersonFacts, PersonRole
from pipelines.stages.export.person_text import person
from pipelines.stages.export.words import Language
from services.jobs.values import Claim


@dataclass(frozen=True, slots=True)
class Matter:
    """Who submitted the job, about what, for whom, and in which language its report is."""

    principal: str
    case: str | None
    item: str | None
    exhibit: str | None
    note: str | None
    people: tuple[PersonFacts, ...]
    language: Language

    @classmethod
    def of(cls, claim: Claim) -> Self:
        """Read a claim's details. Raises RequestError where they are not what they should be."""
        details = claim.details
        return cls(
            principal=claim.principal,
            case=claim.case,
            item=claim.item,
            exhibit=_text(details, "exhibit"),
            note=_text(details, "note"),
            people=tuple(_people(details)),
            language=_language(_text(details, "language") or Language.EN.value),
        )

    def over(self, operator: Operator) -> Operator:
        """Return the operator of this machine with the matter in the place of its own."""
        return replace(
            operator,
            name=self.principal,
            case=self.case,
            item=self.item,
            exhibit=self.exhibit,
            note=self.note,
            people=self.people,
        )


def _people(details: Mapping[str, Json]) -> Iterator[PersonFacts]:
    requester = _text(details, "requested_by")
    if requester is not None:
        yield person(requester, PersonRole.REQUESTER)
    reviewers = details.get("reviewers")
    for one in reviewers if isinstance(reviewers, list) else ():
        yield person(str(one), PersonRole.REVIEWER)


def _language(word: str) -> Language:
    try:
        return Language(word)
    except ValueError as error:
        raise RequestError(f"Reports are not written in {word}.") from error


def _text(details: Mapping[str, Json], name: str) -> str | None:
    value = details.get(name)
    return value if isinstance(value, str) and value else None
