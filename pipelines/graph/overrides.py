"""What an analyst decides otherwise than the file or the product would: each with a reason.

Overrides stand in the graph beside the parameters of `ingest`, so they are hashed with it, end in
the plan and are done again by a replay; who decided is the operator of the submission. A clock
offset and a region are kept and printed, and change no sample and no time.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from fractions import Fraction
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

MOST_REGIONS = 64
_MOST_FRAME = 20_000_000
_MOST_RATE = 1000
_NAME = r"^[A-Za-z0-9][A-Za-z0-9 _-]{0,63}$"

Because = Annotated[str, StringConstraints(min_length=3, max_length=500)]
Clock = Annotated[str, StringConstraints(min_length=1, max_length=100)]
RateText = Annotated[str, StringConstraints(pattern=r"^\d{1,6}(\.\d{1,6}|/\d{1,6})?$")]
AspectText = Annotated[str, StringConstraints(pattern=r"^[1-9]\d{0,4}:[1-9]\d{0,4}$")]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class RangeOverride(_Part):
    """The range of values of the samples."""

    value: Literal["full", "studio"]
    because: Because


class MatrixOverride(_Part):
    """The matrix by which the samples were made of R, G, B."""

    value: Literal["bt601", "bt709", "bt2020", "smpte240m", "fcc"]
    because: Because


class AspectOverride(_Part):
    """Width over height of the picture as it is to be shown, before any rotation."""

    value: AspectText
    because: Because

    @property
    def ratio(self) -> Fraction:
        """The ratio as a number."""
        width, _, height = self.value.partition(":")
        return Fraction(int(width), int(height))


class FieldOrderOverride(_Part):
    """Which field of a frame was taken first, or that frames are pictures."""

    value: Literal["progressive", "top-first", "bottom-first"]
    because: Because


class RateOverride(_Part):
    """Frames per second of a stream without times."""

    value: RateText
    because: Because

    @model_validator(mode="after")
    def _is_a_rate(self) -> Self:
        top, _, bottom = self.value.partition("/")
        if bottom and not int(bottom):
            raise ValueError("a rate is not divided by zero")
        if not 0 < Fraction(top) / Fraction(bottom or "1") <= _MOST_RATE:
            raise ValueError(f"a rate is above 0 and at most {_MOST_RATE}")
        return self

    @property
    def rate(self) -> Fraction:
        """The rate as a number."""
        return Fraction(self.value)


class StreamOverride(_Part):
    """The video stream that is worked on, by the container's index."""

    value: Annotated[int, Field(ge=0, le=1023)]
    because: Because


class TrimValue(_Part):
    """Frames `first` to `last`, both included, counted from 0 in the order of display."""

    first: Annotated[int, Field(ge=0, le=_MOST_FRAME)]
    last: Annotated[int, Field(ge=0, le=_MOST_FRAME)]

    @model_validator(mode="after")
    def _is_a_range(self) -> Self:
        if self.last < self.first:
            raise ValueError("the last frame is not before the first")
        return self


class TrimOverride(_Part):
    """The frames that are worked on."""

    value: TrimValue
    because: Because


class ClockValue(_Part):
    """Two readings of one moment beside the container's own time.

    At frame `frame` the clock in the picture shows `burned_in`, and the true time was `true`;
    either may be left out. Where both are written as ISO 8601 the difference is told.
    """

    frame: Annotated[int, Field(ge=0, le=_MOST_FRAME)]
    burned_in: Clock | None = None
    true: Clock | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.burned_in is None and self.true is None:
            raise ValueError("a clock offset names the burned-in time, the true time, or both")
        return self


class ClockOverride(_Part):
    """How the clocks of a recording relate."""

    value: ClockValue
    because: Because


class RegionValue(_Part):
    """A rectangle in samples of the first plane, and the frames it is meant for (None: all)."""

    name: Annotated[str, StringConstraints(pattern=_NAME)]
    left: Annotated[int, Field(ge=0, le=65_535)]
    top: Annotated[int, Field(ge=0, le=65_535)]
    width: Annotated[int, Field(ge=1, le=65_535)]
    height: Annotated[int, Field(ge=1, le=65_535)]
    frames: TrimValue | None = None


class RegionOverride(_Part):
    """A region that a person drew."""

    value: RegionValue
    because: Because


class Overrides(_Part):
    """All that was overridden; None or empty where nothing was."""

    range: RangeOverride | None = None
    matrix: MatrixOverride | None = None
    display_aspect: AspectOverride | None = None
    field_order: FieldOrderOverride | None = None
    frame_rate: RateOverride | None = None
    clock: ClockOverride | None = None
    stream: StreamOverride | None = None
    trim: TrimOverride | None = None
    regions: tuple[RegionOverride, ...] = Field(default=(), max_length=MOST_REGIONS)

    @model_validator(mode="after")
    def _regions_have_their_own_names(self) -> Self:
        names = [one.value.name for one in self.regions]
        if len(set(names)) != len(names):
            raise ValueError("two regions have one name")
        return self

    def given(self) -> Iterator[tuple[str, Any, str]]:
        """(name, value, because) of every override, values as JSON."""
        for name in type(self).model_fields:
            value = getattr(self, name)
            for one in value if isinstance(value, tuple) else filter(None, (value,)):
                plain = one.model_dump(mode="json", exclude_none=True)
                yield name, plain["value"], plain["because"]

    @property
    def names(self) -> tuple[str, ...]:
        """What is overridden."""
        return tuple(dict.fromkeys(name for name, _, _ in self.given()))


_TRIM = re.compile(r"(\d{1,8})-(\d{1,8})")
_REGION = re.compile(r"([^:]+):(\d+),(\d+),(\d+),(\d+)(?::(\d{1,8})-(\d{1,8}))?")


def spelt_value(name: str, text: str) -> object:
    """A value as the command line spells it, as JSON; checked by `Overrides` later.

    `trim=FIRST-LAST`, `region=NAME:LEFT,TOP,WIDTH,HEIGHT[:FIRST-LAST]`,
    `clock=FRAME|BURNED-IN|TRUE` with either clock left empty; anything else is the text itself.
    """
    if name == "stream" and text.isdecimal():
        return int(text)
    if name == "trim" and (found := _TRIM.fullmatch(text)):
        return {"first": int(found[1]), "last": int(found[2])}
    if name == "regions" and (found := _REGION.fullmatch(text)):
        left, top, width, height = (int(found[place]) for place in range(2, 6))
        region: dict[str, Any] = {"name": found[1], "left": left, "top": top}
        region |= {"width": width, "height": height}
        if found[6] is not None:
            region["frames"] = {"first": int(found[6]), "last": int(found[7])}
        return region
    if name == "clock" and text.count("|") == 2:
        frame, burned_in, true = (part.strip() for part in text.split("|"))
        clocks = {"burned_in": burned_in or None, "true": true or None}
        return {"frame": int(frame) if frame.isdecimal() else frame, **clocks}
    return text
