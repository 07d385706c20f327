"""A job's proof as the files under `data/log/`, and back.

`entries.jsonl`: one canonical entry per line. `proofs.json`: canonical JSON with `version`,
`tree_size` and, per entry in the same order, `leaf`, `salt` and `path` (hexadecimal, lowest
hash first). `checkpoint`: the signed note. `vkey`: the verifier keys of its lines in their order,
one per line: the log's own first; one that is taking over, handovers and witnesses may follow.
`key.pem`: that first key for openssl. Each has one spelling.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from pipelines.errors import EvidenceError
from pipelines.evidence.bundle_layout import (
    CHECKPOINT,
    ENTRIES,
    LOG_FILES,
    LOG_KEYS,
    LOG_PEM,
    PROOFS,
)
from pipelines.evidence.canonical import canonical_bytes, parse_object
from pipelines.evidence.checkpoint import Checkpoint, open_note
from pipelines.evidence.entry import SALT_BYTES, Entry, JobProof, commitment, parse_entry
from pipelines.evidence.finding import BundleError
from pipelines.evidence.json_value import Json
from pipelines.evidence.merkle import HASH_BYTES, MAX_LEVEL, leaf_hash, root_from_inclusion
from pipelines.evidence.note_key import VerifierKey, parse_note_key
from pipelines.evidence.signature import public_pem

PROOFS_VERSION = 1
MAX_KEYS = 16

_Row = tuple[int, tuple[bytes, ...], bytes]
_T = TypeVar("_T")
_V = TypeVar("_V")
_HEX = re.compile(r"(?:[0-9a-f]{2})*")


def encode_proof(proof: JobProof) -> dict[str, bytes]:
    """Return the files of `proof`, by their paths in the bundle."""
    keys = [parse_note_key(key) for key in proof.keys]
    rows = zip(proof.leaf_indexes, proof.inclusion, proof.salts, strict=True)
    return {
        ENTRIES: b"".join(entry + b"\n" for entry in proof.entries),
        PROOFS: _encode_proofs(proof.tree_size, list(rows)),
        CHECKPOINT: proof.checkpoint,
        LOG_KEYS: "".join(f"{key}\n" for key in keys).encode("ascii"),
        LOG_PEM: public_pem(keys[0].public_key),
    }


def decode_proof(job: str, files: Mapping[str, bytes]) -> JobProof:
    """Return the proof of `job` that `files` spell, checked whole; raises `BundleError`."""
    missing = [name for name in LOG_FILES if name not in files]
    if missing:
        raise BundleError(missing[0], "The proof lacks this file.")
    keys = log_keys(files)
    head = log_head(files, keys)
    check_inclusion(files, head)
    if any(entry.job != job for entry in log_entries(files)):
        raise BundleError(ENTRIES, "The entries are those of another job.")
    rows = proof_rows(files)
    return JobProof(
        job=job,
        entries=tuple(_lines(files, ENTRIES)),
        salts=tuple(salt for _, _, salt in rows),
        leaf_indexes=tuple(leaf for leaf, _, _ in rows),
        inclusion=tuple(path for _, path, _ in rows),
        tree_size=head.size,
        checkpoint=files[CHECKPOINT],
        keys=tuple(str(key) for key in keys),
    )


def log_keys(files: Mapping[str, bytes]) -> tuple[VerifierKey, ...]:
    """Return the keys beside the checkpoint; raises `BundleError` naming the file at fault."""
    lines = _lines(files, LOG_KEYS)
    if len(lines) > MAX_KEYS:
        raise BundleError(LOG_KEYS, "There are too many keys.")
    keys = tuple(
        _blamed(LOG_KEYS, parse_note_key, line.decode("utf-8", "replace")) for line in lines
    )
    if files[LOG_PEM] != public_pem(keys[0].public_key):
        raise BundleError(LOG_PEM, "The log's key for openssl is not the one in vkey.")
    return keys


def log_head(files: Mapping[str, bytes], keys: tuple[VerifierKey, ...]) -> Checkpoint:
    """Return the head in `checkpoint`, its signatures checked; raises `BundleError`."""
    return _blamed(CHECKPOINT, lambda note: open_note(note, keys), files[CHECKPOINT])


def log_entries(files: Mapping[str, bytes], *, first: int = 0, job: str = "") -> tuple[Entry, ...]:
    """Return the entries: of one job, numbered from `first` without a gap; raises `BundleError`.

    Where `job` is given, they are its own and may be none.
    """
    lines = [] if job and not files[ENTRIES] else _lines(files, ENTRIES)
    entries = tuple(_blamed(ENTRIES, parse_entry, line) for line in lines)
    for number, entry in enumerate(entries, start=first):
        if entry.job != (job or entries[0].job):
            raise BundleError(ENTRIES, "The entries belong to more than one job.")
        if entry.sequence != number:
            raise BundleError(ENTRIES, f"Entry {number} of the job is missing or out of order.")
    return entries


def check_inclusion(files: Mapping[str, bytes], head: Checkpoint, *, since: int = 0) -> None:
    """Raise `BundleError` unless every entry is a leaf under `head`, in the job's order.

    No leaf may be lower than `since`; the entries may be none where that is above 0.
    """
    lines = [] if since and not files[ENTRIES] else _lines(files, ENTRIES)
    size, proofs = _parse_proofs(files[PROOFS])
    if size != head.size:
        raise BundleError(PROOFS, "The proofs are about another tree than the checkpoint.")
    if len(proofs) != len(lines):
        raise BundleError(PROOFS, "There is not one proof for each entry.")
    before = since - 1
    for number, (line, (leaf, path, salt)) in enumerate(zip(lines, proofs, strict=True)):
        if leaf <= before:
            raise BundleError(PROOFS, "The log holds the job's entries in another order.")
        before = leaf
        data = leaf_hash(commitment(salt, line))
        try:
            root = root_from_inclusion(data, leaf, size, path)
        except EvidenceError as error:
            raise BundleError(PROOFS, str(error)) from error
        if root != head.root:
            raise BundleError(ENTRIES, f"Entry {number} is not the one that the log holds.")


def proof_rows(files: Mapping[str, bytes]) -> list[_Row]:
    """Return leaf, audit path and salt of every entry in the job's order."""
    return _parse_proofs(files[PROOFS])[1]


def _encode_proofs(tree_size: int, rows: Sequence[_Row]) -> bytes:
    entries: list[Json] = [
        {"leaf": leaf, "path": [step.hex() for step in path], "salt": salt.hex()}
        for leaf, path, salt in rows
    ]
    document: dict[str, Json] = {
        "version": PROOFS_VERSION,
        "tree_size": tree_size,
        "entries": entries,
    }
    return canonical_bytes(document) + b"\n"


def _parse_proofs(data: bytes) -> tuple[int, list[_Row]]:
    """Return tree size and rows; only the bytes that they encode to are accepted."""
    match _blamed(PROOFS, parse_object, data.removesuffix(b"\n")):
        case {"tree_size": int(size), "entries": list(entries)} if not isinstance(size, bool):
            rows = [_parse_row(entry) for entry in entries]
        case _:
            raise BundleError(PROOFS, "The proofs do not have tree_size and entries.")
    if _encode_proofs(size, rows) != data:
        raise BundleError(PROOFS, "The proofs are not in the form of version 1.")
    return size, rows


def _parse_row(entry: Json) -> _Row:
    match entry:
        case {"leaf": int(leaf), "path": list(path), "salt": str(salt)} if (
            not isinstance(leaf, bool) and len(path) <= MAX_LEVEL
        ):
            return leaf, tuple(_hex(step, HASH_BYTES) for step in path), _hex(salt, SALT_BYTES)
        case _:
            raise BundleError(PROOFS, "A proof does not have leaf, path and salt.")


def _hex(text: Json, size: int) -> bytes:
    if not isinstance(text, str) or len(text) != 2 * size or not _HEX.fullmatch(text):
        raise BundleError(PROOFS, f"A value is not {size} bytes in hexadecimal.")
    return bytes.fromhex(text)


def _lines(files: Mapping[str, bytes], name: str) -> list[bytes]:
    data = files[name]
    if not data.endswith(b"\n"):
        raise BundleError(name, "The last line is not complete.")
    return data[:-1].split(b"\n")


def _blamed(name: str, read: Callable[[_T], _V], value: _T) -> _V:
    """Return what `read` makes of `value`, or name the file whose fault it is."""
    try:
        return read(value)
    except EvidenceError as error:
        raise BundleError(name, str(error)) from error
