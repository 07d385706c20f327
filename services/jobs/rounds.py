"""Ends and claims of one process in rounds: a transaction commits what ended and takes the next.

Whoever comes while a round is at the disk is in the next, so that work which is over and work
which is next cost one wait for the disk, however many slots there are. Promised:
- every end stands under its own token, and one that is refused takes neither ends nor claims along;
- what is taken are the stages that would be taken one by one, as things stood before the round;
- who claims is alone among all processes (see `turns`); ends by themselves wait for nobody.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta

from pipelines.evidence.entry import Actor
from services.database.database import Database
from services.jobs import finish
from services.jobs.claim import Lessee, Room, take_turns
from services.jobs.errors import StaleTokenError, UnknownJobError
from services.jobs.in_groups import Answer, InGroups
from services.jobs.locked_job import LockedJobs
from services.jobs.turns import Turn, count_turns, turns
from services.jobs.values import Claim, NewOutput

MOST_IN_A_ROUND = 64
"""So many attempts end in one transaction at most."""


@dataclass(slots=True)
class _End:
    """What an attempt made; `surplus` of it was stored under another key before."""

    claim: Claim
    outputs: Sequence[NewOutput]
    surplus: tuple[NewOutput, ...] = ()


@dataclass(slots=True)
class _Asking:
    """Who would take how much, and what they were given."""

    lanes: Collection[str]
    worker: str
    room: Room
    claims: tuple[Claim, ...] = ()


_Asked = _End | _Asking


class Rounds:
    """The rounds of this process over `database`; safe for threads."""

    def __init__(self, database: Database, *, actor: Actor, lease: timedelta) -> None:
        self._database = database
        self._actor = actor
        self._lease = lease
        self._calls: InGroups[_Asked, None] = InGroups(self._round, most=MOST_IN_A_ROUND)
        self._one_asks = threading.Lock()

    def end(self, mine: Claim, outputs: Sequence[NewOutput]) -> tuple[NewOutput, ...]:
        """Commit what an attempt made; return what of it was stored under another key before."""
        ended = _End(mine, outputs)
        self._calls(ended)
        return ended.surplus

    def claims(self, lanes: Collection[str], worker: str, room: Room) -> tuple[Claim, ...]:
        """Take as many stages as there is room for when it is one's turn to claim."""
        asking = _Asking(lanes, worker, room)
        with self._one_asks:
            self._calls(asking)
        return asking.claims

    def _round(self, take: Callable[[], Sequence[_Asked]]) -> Sequence[Answer[None]]:
        with self._database.writing() as connection:
            group = take()
            if _asking(group) is None:
                # The time is a way to the server: who comes meanwhile comes along.
                now, group = self._database.now(connection), take()
            asking = _asking(group)
            found: Sequence[Turn] = ()
            if asking is not None:
                now = self._database.alone(connection, "claim")
                found = turns(connection, asking.lanes, now, asking.room())
                group = take()
            wanted: set[str] = {one.claim.job for one in group if isinstance(one, _End)}
            wanted |= {turn.job for turn in found}
            if not wanted:
                return [_done] * len(group)
            locked = LockedJobs(connection, wanted, now=now, actor=self._actor)
            answers = [_ended(locked, one) if isinstance(one, _End) else _done for one in group]
            if asking is not None:
                lessee = Lessee(asking.worker, now + self._lease)
                asking.claims = take_turns(locked, found, lessee)
                count_turns(connection, [one.project for one in asking.claims])
            locked.flush()
        return answers


def _asking(group: Sequence[_Asked]) -> _Asking | None:
    """Return who asks for work: there is one at a time."""
    return next((one for one in group if isinstance(one, _Asking)), None)


def _ended(locked: LockedJobs, end: _End) -> Answer[None]:
    try:
        end.surplus = finish.complete(locked[end.claim.job], end.claim, end.outputs)
    except (StaleTokenError, UnknownJobError) as error:
        refused = error

        def refuse() -> None:
            raise refused

        return refuse
    return _done


def _done() -> None:
    """Nothing is left to say: the answer lies with what was asked."""
