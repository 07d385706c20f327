"""One entry of the log as people and programs are shown it, with its place and its sealing.

What an event says is read from the entry itself, never from the index. Whether it is sealed
is said of each: its leaf, and the newest published head above it. That a head and a leaf
hold is for `evident log fsck` and for a bundle's proofs to show, not for a listing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pipelines.evidence.mentions import Mention, mentions
from services.provenance.entry_reader import LogRow
from services.provenance.index_row import members_of, object_in, word_in

ERASED = "erased"
"""Stands for the kind of an entry whose body was erased."""


@dataclass(frozen=True, slots=True)
class LogEvent:
    """An entry: who made it, when by which clock, what it says, and where it is sealed.

    `leaf` is its place in the log and the cursor of a listing. `checkpoint` is the size of the
    newest head that covers it, None while it waits to be sealed. Of an erased entry only job,
    sequence, leaf and checkpoint are known.
    """

    leaf: int
    job: str
    sequence: int
    kind: str
    at: str
    clock: str
    actor: Mapping[str, str]
    body: Mapping[str, Any]
    checkpoint: int | None

    @property
    def mentions(self) -> tuple[Mention, ...]:
        """The digests that it names."""
        return mentions(self.body)

    @property
    def stated_at(self) -> str | None:
        """The time that a person stated for what happened, apart from that of recording."""
        return self.word("stated_at")

    @property
    def is_stated(self) -> bool:
        """Whether it is somebody's word about what happened outside, not a fact of this system."""
        return self.body.get("stated") is True

    def word(self, field: str) -> str | None:
        """Return the text or number under `field` of the body; None where there is none."""
        return word_in(self.body, field)

    @property
    def who(self) -> str:
        """Whom it is about: the principal, giver and taker, else the operator who made the entry.

        A statement that names nobody is about nobody that is known: its operator only states it.
        """
        giver, taker = self.word("from"), self.word("to")
        handed = f"{giver} -> {taker}" if giver and taker else None
        made = "not stated" if self.is_stated else self.actor.get("operator", "")
        return self.word("principal") or handed or made

    def as_json(self) -> dict[str, Any]:
        """Spell it for programs."""
        return {
            "cursor": str(self.leaf),
            "job": self.job,
            "sequence": self.sequence,
            "kind": self.kind,
            "at": self.at or None,
            "clock": self.clock or None,
            "stated_at": self.stated_at,
            "actor": dict(self.actor),
            "body": dict(self.body),
            "sealed": self.checkpoint is not None,
            "leaf": self.leaf,
            "checkpoint": self.checkpoint,
        }


def log_event(stored: LogRow, *, published: int) -> LogEvent:
    """Return what is shown of a stored entry, in a log whose newest head has `published` leaves."""
    members = members_of(stored.canonical)
    actor = object_in(members, "actor")
    return LogEvent(
        leaf=stored.leaf,
        job=stored.job,
        sequence=stored.sequence,
        kind=ERASED if stored.canonical is None else word_in(members, "kind") or "unreadable",
        at=word_in(members, "at") or "",
        clock=word_in(members, "clock") or "",
        actor={name: str(value) for name, value in actor.items()},
        body=object_in(members, "body"),
        checkpoint=published if stored.leaf < published else None,
    )
