"""A desk of jobs over a database of either kind, with a clock that is moved by hand."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from sqlalchemy import select

from pipelines.evidence.entry import Actor
from services.database.database import Database
from services.database.tables import pending_entries
from services.jobs.artifacts import Artifact, Artifacts
from services.jobs.controls import Controls, Project
from services.jobs.jobs import Jobs, QueueRules
from services.jobs.outbox import Outbox
from services.jobs.values import Claim, NewOutput, NewStage, Submission

ACTOR = Actor("tester", "session", "host", "evident test")
DIGEST = "sha256:" + "a" * 64
RESULT = NewOutput("sha256:" + "b" * 64, "artifacts/bb/" + "b" * 32, 7, "enhanced.png", "image/png")
LANE = "photo"


class Desk:
    """Jobs, controls and outbox over one database; `forward` moves the time."""

    def __init__(self, url: str, *, lease_seconds: float = 30.0) -> None:
        self._now = datetime(2026, 1, 2, 12, tzinfo=UTC)
        self._keys = itertools.count()
        self.database = Database(url, clock=lambda: self._now)
        rules = QueueRules(lease_seconds=lease_seconds)
        self.jobs = Jobs(self.database, actor=ACTOR, rules=rules, jitter=lambda: 0.0)
        self.controls = Controls(self.database)
        self.outbox = Outbox(self.database)
        self.project("p")

    @property
    def now(self) -> datetime:
        """The time by the desk's clock."""
        return self._now

    def forward(self, seconds: float) -> None:
        """Let time pass."""
        self._now += timedelta(seconds=seconds)

    def project(self, name: str, *, share: int = 1, running: int | None = None) -> None:
        """Make a project that holds the one input."""
        self.controls.set_project(Project(name, name, share=share, running_limit=running))
        held = Artifact(DIGEST, "artifacts/aa/" + "a" * 32, 3, "image/png")
        Artifacts(self.database).add(name, held, name="photo.png")

    def asked(self, **changed: object) -> Submission:
        """A request for one stage; anything may be changed."""
        plain = Submission(
            project="p",
            principal="somebody",
            request_id="r-1",
            pipeline="photo",
            preset="balanced",
            graph={"version": 1},
            graph_sha256="0" * 64,
            inputs=(DIGEST,),
            stages=(NewStage("whole", LANE),),
            request_sha256="1" * 64,
        )
        return replace(plain, **changed)

    def submit(self, **changed: object) -> str:
        """Hand a request in and return the job; a second passes, so that jobs have an order."""
        job = self.jobs.submit(self.asked(**changed)).job.id
        self.forward(1)
        return job

    def claim(self, worker: str = "w", lane: str = LANE) -> Claim:
        """Take the next stage, which must be there."""
        found = self.jobs.claim([lane], worker)
        assert found is not None
        return found

    def kinds(self, job: str) -> list[str]:
        """The kinds of a job's events, in order."""
        return [event.kind for event in self.jobs.events(job)]

    def entries(self, job: str) -> list[str]:
        """The kinds of a job's pending entries, in order."""
        asked = select(pending_entries).where(pending_entries.c.job == job)
        with self.database.reading() as connection:
            rows = connection.execute(asked.order_by(pending_entries.c.sequence))
            return [row.kind for row in rows]

    def state(self, job: str) -> str:
        """The word for a job's state."""
        return self.jobs.get(job).state.value


@contextmanager
def desk(url: str) -> Iterator[Desk]:
    """Open a desk and close its database."""
    opened = Desk(url)
    try:
        yield opened
    finally:
        opened.database.close()
