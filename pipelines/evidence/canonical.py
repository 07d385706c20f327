"""Canonical JSON: one value, one spelling, so that a digest of the spelling names the value.

The form is RFC 8785 (https://www.rfc-editor.org/rfc/rfc8785) without floating-point numbers:
UTF-8, no white space, object keys sorted by their UTF-16 code units, the shortest string
escapes. Promised: `parse_canonical(canonical_bytes(v)) == v` for every value admitted, and
`canonical_bytes(parse_canonical(b)) == b` for every text admitted. Refused: floats, integers
beyond +-(2^53 - 1) (RFC 7493, I-JSON), lone surrogates, duplicate keys, keys that are not
strings, nesting deeper than `MAX_DEPTH`, and any text that is not its own re-encoding.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import NoReturn

from pipelines.errors import EvidenceError
from pipelines.evidence.json_value import Json

MAX_INTEGER = 2**53 - 1
"""The largest magnitude of an integer: what every JSON reader holds exactly."""

MAX_DEPTH = 64
"""How deep arrays and objects may nest."""

_MAX_DIGITS = len(str(MAX_INTEGER)) + 1
_SEPARATORS = (",", ":")
_SORTING = json.JSONEncoder(
    ensure_ascii=False, allow_nan=False, separators=_SEPARATORS, sort_keys=True
)
_AS_GIVEN = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=_SEPARATORS)


def canonical_bytes(value: Json, *, depth: int = 0) -> bytes:
    """Return the only spelling of `value`, in UTF-8, which will stand `depth` deep in another.

    Raises `EvidenceError` for a value that the form refuses.
    """
    if _is_plain(value, depth):
        return _utf8(_SORTING.encode(value))
    return _utf8(_AS_GIVEN.encode(_ordered(value, depth)))


def parse_canonical(data: bytes) -> Json:
    """Return the value that `data` spells; raises `EvidenceError` unless it is canonical."""
    try:
        # Read without questions: whatever is not canonical has another spelling afterwards.
        quick = read_json(data)
        if canonical_bytes(quick) == data:
            return quick
    except (ValueError, RecursionError, EvidenceError):
        pass
    return _diagnosed(data)


def _diagnosed(data: bytes) -> Json:
    """Read `data` again, slowly, to say what is wrong with it."""
    try:
        value: Json = _READER.decode(data.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise EvidenceError("The text is not UTF-8.") from error
    except json.JSONDecodeError as error:
        raise EvidenceError(f"The text is not JSON: {error.msg} at {error.pos}.") from error
    except RecursionError as error:
        raise EvidenceError(f"The JSON nests deeper than {MAX_DEPTH}.") from error
    if canonical_bytes(value) != data:
        raise EvidenceError("The JSON is not in canonical form.")
    return value


def read_json(data: bytes) -> Json:
    """Return the value of JSON `data`, canonical or not; raises `ValueError` or `RecursionError`.

    For those who compare the re-encoding themselves.
    """
    value: Json = _PLAIN_READER.decode(data.decode("utf-8"))
    return value


def parse_object(data: bytes) -> dict[str, Json]:
    """Return the object that canonical `data` spells; `EvidenceError` for any other value."""
    value = parse_canonical(data)
    if not isinstance(value, dict):
        raise EvidenceError("The JSON is not an object.")
    return value


def _is_plain(value: object, depth: int) -> bool:
    """Whether `value` is all plain types, admitted numbers and ASCII keys.

    Then code points sort its keys as UTF-16 does, and the C encoder spells it as it stands. All
    else, right or wrong, is left to `_ordered`.
    """
    if value is None or type(value) is str or type(value) is bool:
        return True
    if type(value) is int:
        return -MAX_INTEGER <= value <= MAX_INTEGER
    if type(value) is dict and depth < MAX_DEPTH:
        for key in value:
            if type(key) is not str or not key.isascii():
                return False
        return _are_plain(value.values(), depth + 1)
    if (type(value) is list or type(value) is tuple) and depth < MAX_DEPTH:
        return _are_plain(value, depth + 1)
    return False


def _are_plain(values: Iterable[object], depth: int) -> bool:
    # Most values are strings: the cheapest question first. A loop, since this runs per entry.
    for one in values:  # noqa: SIM110
        if type(one) is not str and not _is_plain(one, depth):
            return False
    return True


def _ordered(value: object, depth: int) -> Json:
    """`value` with plain types and its keys in canonical order."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return str(value)
    if isinstance(value, int):
        if abs(value) > MAX_INTEGER:
            raise EvidenceError("An integer in evidence lies beyond 2^53 - 1.")
        return int(value)
    if depth >= MAX_DEPTH:
        raise EvidenceError(f"The value nests deeper than {MAX_DEPTH}.")
    if isinstance(value, Mapping):
        keys = [_key(key) for key in value]
        # RFC 8785, 3.2.3: keys are compared as arrays of UTF-16 code units.
        keys.sort(key=lambda key: key.encode("utf-16-be", "surrogatepass"))
        return {key: _ordered(value[key], depth + 1) for key in keys}
    if isinstance(value, Sequence) and not isinstance(value, bytes | bytearray | memoryview):
        return [_ordered(element, depth + 1) for element in value]
    raise EvidenceError(f"Evidence holds no {type(value).__name__}; write reals as strings.")


def _key(key: object) -> str:
    if not isinstance(key, str):
        raise EvidenceError(f"An object key in evidence is a {type(key).__name__}, not a string.")
    return str(key)


def _utf8(text: str) -> bytes:
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise EvidenceError("A string in evidence holds a lone surrogate.") from error


def _unique(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise EvidenceError("An object in the JSON names a key twice.")
    return members


def _refuse_number(text: str) -> NoReturn:
    raise EvidenceError(f"The JSON holds the number {text[:24]}, which is not an integer.")


def _bounded(text: str) -> int:
    if len(text) > _MAX_DIGITS:
        raise EvidenceError("An integer in the JSON lies beyond 2^53 - 1.")
    return int(text)


_PLAIN_READER = json.JSONDecoder()
_READER = json.JSONDecoder(
    object_pairs_hook=_unique,
    parse_float=_refuse_number,
    parse_constant=_refuse_number,
    parse_int=_bounded,
)
