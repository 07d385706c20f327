"""The part of the picture that one operation is applied to: a region that a person drew.

Beside its parameters, an operation of a graph takes `region`: the name of a region of the
overrides of `ingest`, the same with a feather (`{"name": …, "feather": 4}`), or a drawing of its
own, a rectangle or a polygon in displayed pixels, with its reason. Outside of it every sample
leaves the operation as it came. Operations for which "the same place" means nothing (they change
the size, the number of frames or where things lie, or what codes mean) refuse a region.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated, Any, Self

from pydantic import Field, model_validator

from pipelines.errors import GraphError
from pipelines.graph.descriptors import Descriptor, FieldUse, Parameters
from pipelines.graph.overrides import Because, Overrides, TrimValue
from pipelines.graph.spec import Strict, parse_strict

MEMBER = "region"
MOST_POINTS = 64
MOST_FEATHER = 256
_LARGEST = 131_070

Coordinate = Annotated[float, Field(ge=0, le=_LARGEST)]
Corner = tuple[Coordinate, Coordinate]

_FORMS = (
    "Write the name of a region of the overrides, or "
    '{"left": 100, "top": 80, "width": 60, "height": 40, "because": "the plate"}, or '
    '{"polygon": [[100, 80], [160, 84], [158, 120]], "because": "the plate"}.'
)
_MOVES = frozenset({"stabilise", "perspective", "undistort", "wrap", "unwrap"})
"""Operations after which things lie elsewhere, by no scale and crop that are known."""


class Space(StrEnum):
    """What the corners of a region count in."""

    DISPLAYED = "displayed pixels"
    """Of the picture as a viewer shows it: upright, with square pixels."""
    STORED = "stored samples"
    """Of the picture as it is stored, before any rotation."""


class DrawnRegion(Strict):
    """A region with everything resolved: what a graph's `region` comes to.

    `points` are the corners in `space`, a sample with index i reaching from i to i + 1. `feather`
    is how many samples the result fades in over, counted from the border inward. `frames` are the
    first and the last frame that it is meant for, counted in the file; None means all.
    """

    name: str | None = None
    space: Space
    points: tuple[Corner, ...] = Field(min_length=3, max_length=MOST_POINTS)
    feather: int = Field(default=0, ge=0, le=MOST_FEATHER)
    frames: tuple[int, int] | None = None
    because: Because


class _Feathered(Strict):
    feather: int = Field(default=0, ge=0, le=MOST_FEATHER)


class _Named(_Feathered):
    """A region of the overrides, by its name."""

    name: str = Field(min_length=1, max_length=64)


class _Drawing(_Feathered):
    """A rectangle or a polygon in displayed pixels."""

    left: Coordinate | None = None
    top: Coordinate | None = None
    width: Annotated[float, Field(gt=0, le=_LARGEST)] | None = None
    height: Annotated[float, Field(gt=0, le=_LARGEST)] | None = None
    polygon: tuple[Corner, ...] | None = Field(default=None, min_length=3, max_length=MOST_POINTS)
    frames: TrimValue | None = None
    because: Because

    @model_validator(mode="after")
    def _is_one_form(self) -> Self:
        sides = (self.left, self.top, self.width, self.height)
        given = sum(side is not None for side in sides)
        if (self.polygon is None) != (given == len(sides)) or (self.polygon and given):
            raise ValueError("give left, top, width and height, or a polygon")
        return self

    @property
    def corners(self) -> tuple[Corner, ...]:
        """The corners, in order."""
        if self.polygon is not None:
            return self.polygon
        return rectangle(self.left or 0, self.top or 0, self.width or 0, self.height or 0)


def rectangle(left: float, top: float, width: float, height: float) -> tuple[Corner, ...]:
    """The four corners of a rectangle."""
    right, bottom = left + width, top + height
    return (left, top), (right, top), (right, bottom), (left, bottom)


def read_region(
    document: object,
    descriptor: Descriptor[Parameters],
    overrides: Overrides,
    *,
    before: Sequence[str],
    field: str,
) -> DrawnRegion:
    """Resolve what a graph says for `region`; `before` are the operations in front of this one.

    Raises GraphError that names the field and what to write instead.
    """
    name = descriptor.name
    why = _objection(descriptor)
    if why:
        raise GraphError(
            f"{field}: {name} takes no region: {why}",
            field=field,
            next_step="Leave the region out, or crop to it.",
        )
    moved = next((one for one in before if one in _MOVES), None)
    if moved is not None:
        raise GraphError(
            f"{field}: {name} comes after {moved}, which moves things away from where the region "
            "was drawn",
            field=field,
            next_step=f"Put {name} before {moved}.",
        )
    if isinstance(document, str):
        document = {"name": document}
    if not isinstance(document, dict):
        raise GraphError(f"{field}: this is no region", field=field, next_step=_FORMS)
    try:
        if "name" in document:
            return _named(parse_strict(_Named, document, field=field), overrides, field=field)
        drawn = parse_strict(_Drawing, document, field=field)
    except GraphError as error:
        raise GraphError(
            str(error), field=error.field, next_step=error.next_step or _FORMS
        ) from error
    return DrawnRegion(
        space=Space.DISPLAYED,
        points=drawn.corners,
        feather=drawn.feather,
        frames=_frames(drawn.frames),
        because=drawn.because,
    )


def _named(use: _Named, overrides: Overrides, *, field: str) -> DrawnRegion:
    known = {one.value.name: one for one in overrides.regions}
    if use.name not in known:
        listed = ", ".join(known) or "none"
        raise GraphError(
            f"{field}: there is no region {use.name!r}; regions that were drawn: {listed}",
            field=field,
            next_step="Draw it with `overrides.regions` of the ingest stage, or "
            "--override region=NAME:LEFT,TOP,WIDTH,HEIGHT.",
        )
    override = known[use.name]
    value = override.value
    return DrawnRegion(
        name=use.name,
        space=Space.STORED,
        points=rectangle(value.left, value.top, value.width, value.height),
        feather=use.feather,
        frames=_frames(value.frames),
        because=override.because,
    )


def _objection(descriptor: Descriptor[Parameters]) -> str:
    """Why an operation takes no region; empty where it does."""
    if descriptor.follows is not None:
        return "it goes where tracks go"
    if descriptor.timing is not None or descriptor.fields is FieldUse.UNWEAVES:
        return "it makes other frames of those that come"
    if descriptor.changes_size:
        return "it changes the size of the picture"
    if descriptor.retags is not None:
        return "it changes what the codes of the whole picture mean"
    if descriptor.name in _MOVES:
        return "it moves things within the picture"
    return ""


def takes_region(descriptor: Descriptor[Any]) -> bool:
    """Whether an operation can be held to a region."""
    return not _objection(descriptor)


def _frames(given: TrimValue | None) -> tuple[int, int] | None:
    return None if given is None else (given.first, given.last)
