"""What a job is about, as its graph states it: case, item, exhibit and a note.

None of it changes a sample. It stands in the graph all the same, so that it is hashed and travels
with it into the log, the report and the bundle; a plan states the digest of everything that does
decide samples beside the digest of the graph (`Plan.samples_sha256`).

The words are kept as they were given, and made safe where they are shown. Only what no record can
hold is refused: a zero character, and half of a surrogate pair.
"""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints, model_validator

from pipelines.errors import GraphError

LONGEST_NAME = 200
LONGEST_NOTE = 4000


def _text(value: str) -> str:
    if any(one == "\0" or "\ud800" <= one <= "\udfff" for one in value):
        raise ValueError("this is no text: it holds a zero character or half a surrogate pair")
    return value


Named = Annotated[
    str, StringConstraints(min_length=1, max_length=LONGEST_NAME), AfterValidator(_text)
]
Note = Annotated[
    str, StringConstraints(min_length=1, max_length=LONGEST_NOTE), AfterValidator(_text)
]


class Matter(BaseModel):
    """What the work is about; None where nothing was said. One that says nothing is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    case: Named | None = None
    item: Named | None = None
    exhibit: Named | None = None
    note: Note | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.said:
            raise ValueError("a matter names a case, an item, an exhibit or a note")
        return self

    @property
    def said(self) -> dict[str, str]:
        """What was said, by name."""
        named = {name: getattr(self, name) for name in type(self).model_fields}
        return {name: value for name, value in named.items() if value is not None}


def agreed(stated: Matter | None, given: Matter | None, *, beside: str) -> Matter | None:
    """What a graph states and what was said `beside` it, as one.

    Raises GraphError where the two contradict each other.
    """
    if stated is None or given is None:
        return stated or given
    for name, value in given.said.items():
        own = stated.said.get(name, value)
        if own != value:
            raise GraphError(
                f"matter.{name}: the graph states another {name} than {beside}",
                field=f"matter.{name}",
                next_step="Say it in one place only.",
            )
    return Matter(**{**given.said, **stated.said})
