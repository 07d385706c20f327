"""What an `erasure` entry says: which leaves lost body and salt, of which job, and why.

The commitment of an erased entry stays in the log, so the log is provable as before; the entry
itself can no longer be shown by anybody. The erasure is an entry like any other: it has a time,
an actor and a place in the log, and it is never erased.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from pipelines.errors import EvidenceError
from pipelines.evidence.entry import Entry
from pipelines.evidence.json_value import Json

ERASURE_KIND = "erasure"
LOG_JOB = "log"
"""The job of entries that belong to no job but to the log itself."""

MAX_ERASED = 1_000
"""An erasure entry names so many leaves at most."""

MAX_REASON = 1_000


def erasure_body(job: str, leaves: Sequence[int], reason: str) -> dict[str, Json]:
    """Return the body of the entry that erases `leaves` of `job`; `EvidenceError` out of form."""
    if not 0 < len(reason) <= MAX_REASON or not reason.isprintable():
        raise EvidenceError(
            f"An erasure has a reason of 1 to {MAX_REASON} printable characters.",
            next_step="Say in a line why the entries go.",
        )
    return {"job": job, "leaves": list(_checked(leaves)), "reason": reason}


def erased_leaves(entry: Entry) -> tuple[int, ...]:
    """Return the leaves that an erasure entry names; `EvidenceError` where it is out of form."""
    match entry.body:
        case {"job": str(), "leaves": list(leaves), "reason": str()} if len(entry.body) == 3:
            return _checked(leaves)
        case _:
            raise EvidenceError("An erasure does not say job, leaves and reason.")


def _checked(leaves: Sequence[object]) -> tuple[int, ...]:
    """Return `leaves` as integers; they must ascend."""
    found = tuple(one for one in leaves if isinstance(one, int) and not isinstance(one, bool))
    if len(found) != len(leaves) or not 0 < len(found) <= MAX_ERASED:
        raise EvidenceError(f"An erasure does not name 1 to {MAX_ERASED} leaves.")
    if found[0] < 0 or any(a >= b for a, b in pairwise(found)):
        raise EvidenceError("An erasure does not name its leaves in ascending order.")
    return found
