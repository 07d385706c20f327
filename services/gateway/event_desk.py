"""One look at the records for everybody who watches a job, however many they are.

A stream of events costs nothing while nothing happens: those who wait leave their question here,
a few times a second one query asks how all watched jobs stand, and whoever has news is woken.
Where the records do not answer, everybody who waits hears of it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from anyio import to_thread

from pipelines.errors import EvidentError
from services.jobs.values import JobStand

Look = Callable[[Sequence[str]], Mapping[str, JobStand]]
"""Tells how jobs stand; one that is not there is not in the answer."""

LOOK_SECONDS = 0.25
GONE = JobStand(0, None)
THE_END: Final = 1 << 62
"""For whoever waits for no event, but for the end."""


@dataclass(frozen=True, slots=True)
class _Waiting:
    """Somebody who has heard of `after` events of a job."""

    job: str
    after: int
    answer: asyncio.Future[JobStand | None]


class EventDesk:
    """Answers those who wait; one for each gateway, used within its loop alone."""

    def __init__(self, look: Look, *, look_seconds: float = LOOK_SECONDS) -> None:
        self._look = look
        self._look_seconds = look_seconds
        self._waiting: set[_Waiting] = set()
        self._looking: asyncio.Task[None] | None = None

    async def news(self, job: str, after: int, *, seconds: float) -> JobStand | None:
        """Wait until a job has more than `after` events or is over; return how it stands.

        None after so many seconds without either. Raises what the records say where they do
        not answer.
        """
        one = _Waiting(job, after, asyncio.get_running_loop().create_future())
        self._waiting.add(one)
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._looks())
        try:
            async with asyncio.timeout(seconds):
                return await one.answer
        except TimeoutError:
            return None
        finally:
            self._waiting.discard(one)

    async def _looks(self) -> None:
        while self._waiting:
            await asyncio.sleep(self._look_seconds)
            asked = tuple(self._waiting)
            try:
                found = await to_thread.run_sync(self._look, sorted({one.job for one in asked}))
            except EvidentError as error:
                for one in asked:
                    if not one.answer.done():
                        one.answer.set_exception(error)
                continue
            for one in asked:
                stand = found.get(one.job, GONE)
                if not one.answer.done() and (stand.is_over or stand.events > one.after):
                    one.answer.set_result(stand)
