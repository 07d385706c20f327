"""The JSON values that evidence is made of: no floats, so that every value has one spelling.

Real numbers travel as decimal strings (see `decimal_string`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

Json = None | bool | int | str | Sequence["Json"] | Mapping[str, "Json"]


def decimal_string(value: float) -> str:
    """The shortest decimal that reads back as the same double, as a string."""
    return repr(float(value))
