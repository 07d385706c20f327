"""Which digests an entry speaks of, and which of them were made from which.

The convention of entry bodies (docs/evidence-format.md): a digest stands under the key `sha256`
or under one that ends in `_sha256`, at any depth. What something was made from is listed in the
body's own `inputs`, what was made in its `outputs`, as objects with a `sha256`. An export lists
`files` instead; there what was received, asked, planned and used is an input and every other
file an output. Nothing else makes a derivation: a digest named elsewhere is only mentioned.
Pure: a body in, mentions out. Refused by leaving it out: a value that is not 64 lower-case
hexadecimal digits, with or without `sha256:` before them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import IntEnum

from pipelines.evidence.bundle_layout import Role
from pipelines.evidence.json_value import Json

_DIGEST = re.compile(r"(?:sha256:)?([0-9a-f]{64})")
_USED_ROLES = {Role.RECEIVED.value, Role.GRAPH.value, Role.PLAN.value, Role.NETWORK.value}


class Part(IntEnum):
    """What a digest is to the entry that names it."""

    MENTIONED = 0
    INPUT = 1
    OUTPUT = 2

    @property
    def caption(self) -> str:
        """One word for a person."""
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class Mention:
    """One digest in an entry: lower-case hexadecimal, its part, and its name where it has one."""

    sha256: str
    part: Part
    name: str = ""


def digest_in(value: object) -> str | None:
    """Return the digest that `value` spells, without any prefix; None where it spells none."""
    found = _DIGEST.fullmatch(value) if isinstance(value, str) else None
    return found.group(1) if found else None


def mentions(body: Mapping[str, Json]) -> tuple[Mention, ...]:
    """List the digests in an entry's body, each once per part, in the order of the body.

    The body is as JSON is parsed: what is not a `dict` or a `list` holds nothing.
    """
    found: dict[tuple[str, Part], Mention] = {}
    name = _name(body)
    for key, value in body.items():
        if not key.endswith("sha256") and not isinstance(value, dict | list):
            continue
        for one in _in_member(key, value, name):
            known = found.get((one.sha256, one.part))
            if known is None or (one.name and not known.name):
                found[one.sha256, one.part] = one
    return tuple(found.values())


def _in_member(key: str, value: Json, name: str) -> Iterator[Mention]:
    if key in {"inputs", "outputs", "files"} and isinstance(value, list):
        for element in value:
            yield from _in_line(key, element)
    else:
        yield from _anywhere(key, value, name if key == "sha256" else "")


def _in_line(key: str, element: Json) -> Iterator[Mention]:
    """Yield the digests of one line of `inputs`, `outputs` or `files`: its own `sha256` first."""
    if not isinstance(element, dict):
        return
    own = digest_in(element.get("sha256"))
    if own is not None:
        yield Mention(own, _part(key, element), _name(element))
    for inner, value in element.items():
        if inner != "sha256" and (inner.endswith("sha256") or isinstance(value, dict | list)):
            yield from _anywhere(inner, value, "")


def _part(key: str, element: Mapping[str, Json]) -> Part:
    if key == "files":
        return Part.INPUT if element.get("role") in _USED_ROLES else Part.OUTPUT
    return Part.INPUT if key == "inputs" else Part.OUTPUT


def _anywhere(key: str, value: Json, name: str) -> Iterator[Mention]:
    """Yield what is mentioned at any depth; bodies nest no deeper than canonical JSON admits."""
    if isinstance(value, dict):
        own = _name(value)
        for inner, one in value.items():
            if inner.endswith("sha256") or isinstance(one, dict | list):
                yield from _anywhere(inner, one, own)
    elif isinstance(value, list):
        for one in value:
            yield from _anywhere(key, one, name)
    elif key == "sha256" or key.endswith("_sha256"):
        digest = digest_in(value)
        if digest is not None:
            yield Mention(digest, Part.MENTIONED, name if key == "sha256" else "")


def _name(element: Mapping[str, Json]) -> str:
    """The name that goes with a digest: its own, or the last part of its path in a bundle."""
    name = element.get("name")
    if isinstance(name, str):
        return name
    path = element.get("path")
    return path.rpartition("/")[2] if isinstance(path, str) else ""
