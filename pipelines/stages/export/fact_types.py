"""The kinds of value that a report's facts are made of.

Facts are frozen, refuse unknown names, and hold no floats: a real number may be given as a
number and is kept as the shortest decimal string that reads back as the same double, so that
the facts have one canonical spelling and one digest. A value that does not fit is a
`pydantic.ValidationError`, raised where the facts are put together.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from enum import StrEnum
from fractions import Fraction
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from pipelines.evidence.canonical import MAX_INTEGER
from pipelines.evidence.json_value import decimal_string
from pipelines.stages.export.sanitise import recordable


class Facts(BaseModel):
    """Base of every group of facts."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        allow_inf_nan=False,
        json_schema_serialization_defaults_required=True,
    )


class MediaKind(StrEnum):
    """What a file shows."""

    PHOTO = "photo"
    VIDEO = "video"


class Chosen(StrEnum):
    """Where the value of a parameter comes from."""

    GIVEN = "given"
    DEFAULT = "default"
    ESTIMATED = "estimated"


def _text(value: object) -> object:
    return recordable(value) if isinstance(value, str) else value


def _decimal(value: object) -> object:
    if isinstance(value, bool):
        raise ValueError("true and false are no numbers")  # noqa: TRY004 - pydantic wants ValueError
    if isinstance(value, Fraction):
        return decimal_string(value.numerator / value.denominator)
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError("a fact is a finite number")
        return decimal_string(value)
    return value


def plain_value(value: object) -> object:
    """Return a parameter's value as facts keep it: scalars and lists, reals as decimal strings.

    An object becomes a list of `name=value` texts. Raises ValueError for anything else.
    """
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, str):
        return recordable(value)
    if isinstance(value, float | Fraction):
        return _decimal(value)
    if isinstance(value, Mapping):
        return [f"{key}={plain_value(item)}" for key, item in value.items()]
    if isinstance(value, list | tuple):
        return [plain_value(item) for item in value]
    raise ValueError(f"{type(value).__name__} is no value of a parameter")


Text = Annotated[str, BeforeValidator(_text)]
"""Text as received; shown only through `sanitise`."""

Digest = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
"""SHA-256 (FIPS 180-4) in lower-case hexadecimal."""

Count = Annotated[int, Field(ge=0, le=MAX_INTEGER)]
"""A whole number of things."""

Whole = Annotated[int, Field(ge=-MAX_INTEGER, le=MAX_INTEGER)]
"""A whole number of either sign."""

Decimal = Annotated[
    str,
    BeforeValidator(_decimal),
    StringConstraints(pattern=r"^-?[0-9]+(\.[0-9]+)?(e[+-]?[0-9]+)?$"),
]
"""A real number as a decimal string."""

UtcTime = Annotated[
    str,
    StringConstraints(
        pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?Z$"
    ),
]
"""A time of this machine's clock in UTC, RFC 3339 with the suffix Z."""

Scalar = None | bool | int | str
Value = Annotated[Scalar | tuple[Scalar, ...], BeforeValidator(plain_value)]
"""The value of a parameter."""

Texts = tuple[Text, ...]
