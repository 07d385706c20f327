"""People as they are typed: `Name; function; organisation`; the last two may be left out."""

from __future__ import annotations

from pipelines.errors import RequestError
from pipelines.stages.export.facts_custody import PersonFacts, PersonRole

_LONGEST_PERSON = 200


def person(text: str, role: PersonRole) -> PersonFacts:
    """Read `Name; function; organisation`. Raises RequestError for anything else."""
    parts = [part.strip() for part in text.split(";")]
    fits = len(parts) <= 3 and parts[0] and all(len(part) <= _LONGEST_PERSON for part in parts)
    if not fits:
        raise RequestError(
            f"A {role.value} is not named like that: {text[:80]}",
            next_step='Write "Name; function; organisation"; the last two may be left out.',
        )
    name, function, organisation = (*parts, "", "")[:3]
    return PersonFacts(
        name=name, role=role, function=function or None, organisation=organisation or None
    )
