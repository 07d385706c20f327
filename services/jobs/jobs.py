"""The port of jobs: every call is one transaction on the records, or one per job where it says so.

Promised:
- `submit` returns a job that is on record with its stages, its first entry and its wake-up;
- of all who `claim`, one gets a stage, with a token that is higher than any before;
- what is written under a token that was overtaken is refused, and that it came is on record;
- a lease is renewed with all others of a worker in one statement, and swept when it runs out;
- a job's events are numbered from 1 without a gap, in the order in which they became true.

Refused: rights. Whoever calls has checked who asks; `project` keeps projects apart.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError

from pipelines.errors import ResourceError
from pipelines.evidence.entry import Actor
from pipelines.evidence.json_value import Json
from services.database.database import Database
from services.database.tables import jobs, segments, stages
from services.database.words import AttemptEnd, State, Wanted
from services.jobs import finish, read, steer, sweep
from services.jobs.claim import Room
from services.jobs.errors import StaleTokenError, UnknownJobError
from services.jobs.failures import Failure, Jitter
from services.jobs.in_groups import Answer, InGroups
from services.jobs.locked_job import LockedJob, LockedJobs
from services.jobs.rounds import Rounds
from services.jobs.submit import known_job, submit
from services.jobs.values import (
    Claim,
    Held,
    JobEvent,
    JobFilter,
    JobId,
    JobPage,
    JobStand,
    JobView,
    NewOutput,
    StageId,
    Submission,
    Submitted,
)

MOST_SWEPT = 200
MOST_TAKEN_IN = 64
"""So many requests are taken in with one transaction at most."""


@dataclass(frozen=True, slots=True)
class QueueRules:
    """How long a lease holds without renewal, and how far ahead deadlines are looked at.

    No attempt at a stage runs longer than `stage_seconds`.
    """

    lease_seconds: float = 30.0
    stage_seconds: float = 86_400.0
    deadline_horizon_seconds: float = 86_400.0


class Jobs:
    """The jobs in `database`; entries are made by `actor`. `jitter` spreads waits out.

    `hint` is told of the lanes of each new job at once, so that nobody waits for the outbox; it
    may do nothing, and what it raises as ResourceError is passed over: the outbox stands.
    """

    def __init__(
        self,
        database: Database,
        *,
        actor: Actor,
        rules: QueueRules | None = None,
        jitter: Jitter = random.random,
        hint: Callable[[str], None] = lambda _lane: None,
    ) -> None:
        self._database = database
        self._actor = actor
        self._rules = rules or QueueRules()
        self._jitter = jitter
        self._hint = hint
        lease = timedelta(seconds=self._rules.lease_seconds)
        self._intake: InGroups[Submission, Submitted] = InGroups(self._take_in, most=MOST_TAKEN_IN)
        self._rounds = Rounds(database, actor=actor, lease=lease)

    @property
    def lease_seconds(self) -> float:
        """How long a lease holds without renewal."""
        return self._rules.lease_seconds

    # For whoever asks for work.

    def submit(self, asked: Submission) -> Submitted:
        """Take a request in. Raises UnknownArtifactError, KeyConflictError, LimitError."""
        try:
            submitted = self._intake(asked)
        except IntegrityError:
            # Somebody with the same key was faster; what broke otherwise breaks again here.
            with self._database.reading() as connection:
                job = known_job(connection, asked)
            if job is None:
                raise
            return Submitted(self.get(job), is_new=False)
        if submitted.is_new:
            with suppress(ResourceError):
                for lane in sorted({stage.lane for stage in asked.stages if not stage.needs}):
                    self._hint(lane)
        return submitted

    def get(self, job: str, *, project: str | None = None) -> JobView:
        """Return a job as it stands. UnknownJobError where the project has none of that id."""
        with self._database.reading() as connection:
            return read.job_view(connection, job, project)

    def is_over(self, job: str) -> bool:
        """Whether a job has ended, or is not there at all."""
        try:
            return self.get(job).state.is_final
        except UnknownJobError:
            return True

    def page(self, wanted: JobFilter, *, cursor: str | None = None, limit: int = 50) -> JobPage:
        """Return a page of jobs, the newest first."""
        with self._database.reading() as connection:
            return read.job_page(connection, wanted, cursor, limit)

    def events(self, job: str, *, after: int = 0, limit: int = 500) -> tuple[JobEvent, ...]:
        """Return events of a job with a higher number than `after`, in order."""
        with self._database.reading() as connection:
            return read.events_after(connection, job, after, limit)

    def stands(self, wanted: Sequence[str]) -> Mapping[str, JobStand]:
        """Return how many jobs at once stand; one that is not there is not in the answer."""
        with self._database.reading() as connection:
            return read.how_they_stand(connection, wanted)

    def cancel(self, job: str, *, by: str, project: str | None = None) -> JobView:
        """Call a job off. Raises MoveError where it is over."""
        with self._locked(job, project) as locked:
            steer.cancel(locked, by)
        return self.get(job)

    def pause(self, job: str, *, by: str, project: str | None = None) -> JobView:
        """Stop a job, to go on later. Raises MoveError."""
        with self._locked(job, project) as locked:
            steer.pause(locked, by)
        return self.get(job)

    def resume(self, job: str, *, by: str, project: str | None = None) -> JobView:
        """Go on with a paused job. Raises MoveError."""
        with self._locked(job, project) as locked:
            steer.resume(locked, by)
        return self.get(job)

    def retry(self, job: str, *, by: str, project: str | None = None) -> JobView:
        """Send a failed or canceled job back. Raises MoveError."""
        with self._locked(job, project) as locked:
            steer.retry(locked, by)
        return self.get(job)

    # For whoever does the work.

    def claim(self, lanes: Collection[str], worker: str) -> Claim | None:
        """Take the stage of these lanes whose turn it is; None where there is none."""
        return next(iter(self.claims(lanes, worker, lambda: 1)), None)

    def claims(self, lanes: Collection[str], worker: str, room: Room) -> tuple[Claim, ...]:
        """Take as many stages as there is room for, in their turn; fewer does not mean no more."""
        return self._rounds.claims(lanes, worker, room)

    def renew(self, worker: str, known: Collection[StageId]) -> tuple[Held, ...]:
        """Renew a worker's leases of `known` stages in one statement; return what it still holds.

        A claim whose answer never arrived is on record and known to nobody: it runs out.
        """
        with self._database.writing() as connection:
            until = self._database.now(connection) + timedelta(seconds=self._rules.lease_seconds)
            mine = (
                select(stages.c.id)
                .where(
                    stages.c.worker == worker,
                    stages.c.state == State.RUNNING,
                    stages.c.id.in_(list(known)),
                )
                .order_by(stages.c.id)
                .with_for_update()
            )
            renewed = connection.execute(
                update(stages)
                .where(stages.c.id.in_(mine.scalar_subquery()))
                .values(lease_until=until)
                .returning(stages.c.id, stages.c.job, stages.c.attempt)
            ).all()
            wishes = dict(
                connection.execute(
                    select(jobs.c.id, jobs.c.wanted).where(
                        jobs.c.id.in_({row.job for row in renewed})
                    )
                ).all()
            )
        return tuple(
            Held(StageId(row.id), JobId(row.job), row.attempt, Wanted(wishes[row.job]))
            for row in renewed
        )

    def progress(self, mine: Claim, step: str, *, done: int, total: int) -> None:
        """Say what an attempt does now and how far it is; a new step is an event."""
        with self._under(mine) as locked:
            row = finish.in_force(locked, mine)
            if row["step"] != step:
                locked.event("step", {"stage": mine.name, "step": step, "total": total})
            locked.connection.execute(
                update(stages)
                .where(stages.c.id == mine.stage)
                .values(step=step[:40], progress_done=max(done, 0), progress_total=max(total, 0))
            )

    def record(self, mine: Claim, kind: str, body: Mapping[str, Json]) -> None:
        """Leave an entry of evidence that an attempt made, for the sealer."""
        with self._under(mine) as locked:
            finish.in_force(locked, mine)
            locked.entry(kind, body)

    def segment_done(
        self, mine: Claim, *, number: int, frames: range, delivered_sha256: str
    ) -> None:
        """Note a finished segment; one that an earlier attempt finished stays that one's."""
        with self._under(mine) as locked:
            finish.in_force(locked, mine)
            known = select(segments.c.number).where(
                segments.c.stage == mine.stage, segments.c.number == number
            )
            if locked.connection.execute(known).first() is None:
                locked.connection.execute(
                    insert(segments).values(
                        stage=mine.stage,
                        number=number,
                        first_frame=frames.start,
                        stop_frame=frames.stop,
                        attempt=mine.attempt,
                        delivered_sha256=delivered_sha256,
                        finished_at=locked.now,
                    )
                )

    def complete(self, mine: Claim, outputs: Sequence[NewOutput]) -> tuple[NewOutput, ...]:
        """Commit what an attempt made. StaleTokenError where it was overtaken; that is noted.

        Returns those outputs whose bytes were stored under another key before: nobody names
        theirs. Ends that come from several threads at one time share a transaction.
        """
        with self._noted(mine, outputs):
            return self._rounds.end(mine, outputs)

    def fail(self, mine: Claim, failure: Failure) -> None:
        """Write a failed attempt down. StaleTokenError where it was overtaken; that is noted."""
        with self._under(mine) as locked:
            row = finish.in_force(locked, mine)
            finish.fail(locked, row, failure, end=AttemptEnd.FAILED, jitter=self._jitter)

    def stopped(self, mine: Claim) -> None:
        """Give a stage back that was stopped as people wished, or as the process was drained."""
        with self._under(mine) as locked:
            finish.stop(locked, finish.in_force(locked, mine))

    def sweep(self) -> int:
        """Take back what lost its lease or runs too long, one transaction each; return how much."""
        with self._database.reading() as connection:
            now = self._database.now(connection)
            before = now - timedelta(seconds=self._rules.stage_seconds)
            found = connection.execute(sweep.expired(now, MOST_SWEPT)).all()
            endless = connection.execute(sweep.overdue(before, MOST_SWEPT)).all()
        taken = 0
        for row in found:
            with self._locked(row.job, None) as locked:
                taken += sweep.take_back(locked, row.id, jitter=self._jitter)
        for row in endless:
            with self._locked(row.job, None) as locked:
                taken += sweep.end_overdue(locked, row.id, before=before, jitter=self._jitter)
        return taken

    def warn(self) -> int:
        """Say of each job that will be late that it will; return of how many."""
        horizon = timedelta(seconds=self._rules.deadline_horizon_seconds)
        with self._database.reading() as connection:
            now = self._database.now(connection)
            found = connection.execute(sweep.with_deadlines(now, horizon, MOST_SWEPT)).all()
        warned = 0
        for row in found:
            with self._locked(row.id, None) as locked:
                warned += sweep.warn_of_lateness(locked)
        return warned

    def _take_in(self, take: Callable[[], Sequence[Submission]]) -> Sequence[Answer[Submitted]]:
        with self._database.writing() as connection:
            now = self._database.now(connection)
            return submit(connection, take(), now=now, actor=self._actor)

    @contextmanager
    def _locked(self, job: str, project: str | None) -> Iterator[LockedJob]:
        with self._database.writing() as connection:
            now = self._database.now(connection)
            found = LockedJobs(connection, [job], now=now, actor=self._actor)
            locked = found[job]
            if project is not None and locked.row["project"] != project:
                raise UnknownJobError(f"There is no job {job}.", next_step="Check the id.")
            yield locked
            found.flush()

    @contextmanager
    def _under(self, mine: Claim) -> Iterator[LockedJob]:
        """Lock the job of a claim; a token that does not hold is noted."""
        with self._noted(mine), self._locked(mine.job, None) as locked:
            yield locked

    @contextmanager
    def _noted(self, mine: Claim, outputs: Sequence[NewOutput] = ()) -> Iterator[None]:
        """Note, once the block was refused, that a stale claim came back."""
        try:
            yield
        except StaleTokenError:
            with self._locked(mine.job, None) as locked:
                finish.note_duplicate(locked, mine, outputs)
            raise
