"""A job's entries of which some are withheld: leaf and audit path for each, bodies for some.

JSON Lines of canonical JSON, one line per entry of the job in its order, each with `leaf` and
`path`, and either `entry` and `salt`, or `commitment` alone: what the log itself publishes.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from pipelines.errors import EvidenceError
from pipelines.evidence.bundle_layout import ENTRIES
from pipelines.evidence.canonical import canonical_bytes, parse_object
from pipelines.evidence.checkpoint import Checkpoint
from pipelines.evidence.entry import SALT_BYTES, Entry, commitment, parse_entry
from pipelines.evidence.json_value import Json
from pipelines.evidence.log_files import proof_rows
from pipelines.evidence.merkle import HASH_BYTES, MAX_LEVEL, leaf_hash, root_from_inclusion


@dataclass(frozen=True, slots=True)
class Disclosed:
    """The entries that are shown, and how many are withheld."""

    entries: tuple[Entry, ...]
    withheld: int


def encode_disclosed(files: Mapping[str, bytes], withheld: Collection[int]) -> bytes:
    """Return the lines for a bundle's log `files`, without the bodies of `withheld` sequences."""
    lines = files[ENTRIES].split(b"\n")[:-1]
    out = []
    for number, (entry, (leaf, path, salt)) in enumerate(
        zip(lines, proof_rows(files), strict=True)
    ):
        line: dict[str, Json] = {"leaf": leaf, "path": [one.hex() for one in path]}
        if number in withheld:
            line["commitment"] = commitment(salt, entry).hex()
        else:
            line["entry"] = parse_object(entry)
            line["salt"] = salt.hex()
        out.append(canonical_bytes(line) + b"\n")
    return b"".join(out)


def read_disclosed(data: bytes, head: Checkpoint) -> Disclosed:
    """Check every line against the log's head; return the entries that are shown.

    Raises `EvidenceError` for a line that is not a leaf of that head, out of the job's order,
    or out of form.
    """
    if not data.endswith(b"\n"):
        raise EvidenceError("The last line is not complete.")
    entries: list[Entry] = []
    lines = data[:-1].split(b"\n")
    before = -1
    for number, text in enumerate(lines):
        leaf, path, promised, entry = _parse_line(text)
        if isinstance(leaf, bool) or leaf <= before:
            raise EvidenceError("The log holds the job's entries in another order.")
        before = leaf
        if root_from_inclusion(leaf_hash(promised), leaf, head.size, path) != head.root:
            raise EvidenceError(f"Entry {number} is not one that the log holds.")
        if entry is None:
            continue
        if entry.sequence != number or entry.job != (entries or [entry])[0].job:
            raise EvidenceError(f"Entry {number} of the job is missing or out of order.")
        entries.append(entry)
    return Disclosed(tuple(entries), len(lines) - len(entries))


def _parse_line(text: bytes) -> tuple[int, tuple[bytes, ...], bytes, Entry | None]:
    """Return leaf, audit path, commitment, and the entry where it is shown."""
    match parse_object(text):
        case {"leaf": int(leaf), "path": list(path), "commitment": promised, **rest} if not rest:
            return leaf, _path(path), _hex(promised, HASH_BYTES), None
        case {
            "leaf": int(leaf),
            "path": list(path),
            "entry": dict(members),
            "salt": salt,
            **rest,
        } if not rest:
            canonical = canonical_bytes(members)
            promised = commitment(_hex(salt, SALT_BYTES), canonical)
            return leaf, _path(path), promised, parse_entry(canonical)
        case _:
            raise EvidenceError("A line has neither an entry nor its commitment.")


def _path(path: list[Json]) -> tuple[bytes, ...]:
    if len(path) > MAX_LEVEL:
        raise EvidenceError("An audit path is too long.")
    return tuple(_hex(one, HASH_BYTES) for one in path)


def _hex(text: Json, size: int) -> bytes:
    try:
        data = bytes.fromhex(text) if isinstance(text, str) else b""
    except ValueError:
        data = b""
    if len(data) != size or data.hex() != text:
        raise EvidenceError(f"A value is not {size} bytes in hexadecimal.")
    return data
