"""What an erasure says: leaves in order, a reason in a line."""

from __future__ import annotations

import pytest

from pipelines.errors import EvidenceError
from pipelines.evidence.entry import Actor, Entry
from pipelines.evidence.erasure import ERASURE_KIND, MAX_ERASED, erased_leaves, erasure_body
from pipelines.evidence.json_value import Json

ACTOR = Actor("o", "s", "h", "a")


def entry(body: dict[str, Json]) -> Entry:
    """Return an erasure with this body."""
    return Entry("log", 0, ERASURE_KIND, "2026-03-01T10:00:00.000000Z", "system", ACTOR, body)


def test_an_erasure_names_its_leaves() -> None:
    """The leaves that an erasure was made for are those that it is read to name."""
    body = erasure_body("job", [3, 4, 900], "asked for")
    assert body == {"job": "job", "leaves": [3, 4, 900], "reason": "asked for"}
    assert erased_leaves(entry(body)) == (3, 4, 900)


@pytest.mark.parametrize(
    "leaves", [[], [2, 1], [1, 1], [-1], [True], ["1"], list(range(MAX_ERASED + 1))]
)
def test_leaves_out_of_form_are_refused(leaves: list[Json]) -> None:
    """None, too many, out of order, or no numbers: neither written nor read."""
    with pytest.raises(EvidenceError):
        erasure_body("job", leaves, "asked for")  # type: ignore[arg-type]
    with pytest.raises(EvidenceError):
        erased_leaves(entry({"job": "job", "leaves": leaves, "reason": "asked for"}))


@pytest.mark.parametrize("reason", ["", "a\nb", "x" * 1001])
def test_a_reason_is_a_line(reason: str) -> None:
    """An erasure without a short printable reason is not made, and a person is told."""
    with pytest.raises(EvidenceError) as caught:
        erasure_body("job", [1], reason)
    assert caught.value.next_step


@pytest.mark.parametrize(
    "body", [{}, {"job": "a", "leaves": [1]}, {"job": "a", "leaves": [1], "reason": "b", "more": 1}]
)
def test_another_body_is_no_erasure(body: dict[str, Json]) -> None:
    """An erasure says job, leaves and reason, and nothing else."""
    with pytest.raises(EvidenceError):
        erased_leaves(entry(body))
