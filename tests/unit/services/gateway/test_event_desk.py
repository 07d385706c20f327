"""However many watch, the records are asked once at a time, and everybody hears their own news."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

import pytest

from pipelines.errors import ResourceError
from services.database.words import State
from services.gateway.event_desk import THE_END, EventDesk
from services.jobs.values import JobStand

PATIENCE = 60.0


class Records:
    """How jobs stand, as the test has it, and how often it was asked."""

    def __init__(self) -> None:
        self.stands = {"a": JobStand(1, State.RUNNING), "b": JobStand(1, State.RUNNING)}
        self.asked: list[tuple[str, ...]] = []
        self.is_away = False

    def __call__(self, wanted: Sequence[str]) -> Mapping[str, JobStand]:
        """Answer."""
        self.asked.append(tuple(wanted))
        if self.is_away:
            raise ResourceError("The records do not answer.")
        return {name: self.stands[name] for name in wanted if name in self.stands}


async def waiting(desk: EventDesk, *jobs: str, after: int = 1) -> list[asyncio.Task[object]]:
    """Let somebody wait for each of the jobs."""
    found = [asyncio.create_task(desk.news(job, after, seconds=PATIENCE)) for job in jobs]
    await asyncio.sleep(0)
    return found


def test_many_who_watch_are_one_question() -> None:
    """Two hundred who wait for two jobs are asked for together, and woken by their own job."""

    async def scene() -> None:
        records = Records()
        desk = EventDesk(records, look_seconds=0.001)
        of_a, of_b = await waiting(desk, *["a"] * 100), await waiting(desk, *["b"] * 100)
        while len(records.asked) < 3:  # noqa: ASYNC110 - a thread asks
            await asyncio.sleep(0.001)
        assert not any(one.done() for one in (*of_a, *of_b))
        records.stands["a"] = JobStand(2, State.RUNNING)
        assert set(await asyncio.gather(*of_a)) == {JobStand(2, State.RUNNING)}
        assert not any(one.done() for one in of_b)
        records.stands["b"] = JobStand(1, State.DONE)
        assert set(await asyncio.gather(*of_b)) == {JobStand(1, State.DONE)}
        assert set(records.asked) <= {("a", "b"), ("b",)}

    asyncio.run(scene())


def test_who_waits_for_the_end_is_not_woken_by_events() -> None:
    """Events wake nobody who waits for the end; a job that is gone is over."""

    async def scene() -> None:
        records = Records()
        desk = EventDesk(records, look_seconds=0.001)
        (end,) = await waiting(desk, "a", after=THE_END)
        records.stands["a"] = JobStand(9, State.RUNNING)
        while len(records.asked) < 3:  # noqa: ASYNC110 - a thread asks
            await asyncio.sleep(0.001)
        assert not end.done()
        del records.stands["a"]
        assert await end == JobStand(0, None)

    asyncio.run(scene())


def test_patience_ends_and_nobody_is_asked_for_nobody() -> None:
    """After its time somebody who waited gets None; with nobody waiting nothing is asked."""

    async def scene() -> None:
        records = Records()
        desk = EventDesk(records, look_seconds=0.001)
        assert await desk.news("a", 1, seconds=0.05) is None
        # The look that was on its way may still end.
        while desk._looking is not None and not desk._looking.done():  # noqa: ASYNC110
            await asyncio.sleep(0.001)
        count = len(records.asked)
        assert count >= 1
        assert await desk.news("a", 0, seconds=PATIENCE) == JobStand(1, State.RUNNING)
        assert len(records.asked) == count + 1

    asyncio.run(scene())


def test_who_waits_hears_that_the_records_are_away() -> None:
    """The error goes to everybody who waits; whoever asks afterwards is answered again."""

    async def scene() -> None:
        records = Records()
        records.is_away = True
        desk = EventDesk(records, look_seconds=0.001)
        for one in await waiting(desk, "a", "b"):
            with pytest.raises(ResourceError):
                await one
        records.is_away = False
        assert await desk.news("a", 0, seconds=PATIENCE) == JobStand(1, State.RUNNING)

    asyncio.run(scene())
