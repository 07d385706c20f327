"""Whether a claim is in force, asked of the records by somebody who does not hold its lease."""

from __future__ import annotations

from sqlalchemy import select

from services.database.database import Database
from services.database.tables import stages
from services.database.words import State
from services.provenance.sealing import OvertakenError, WorkRight


class ClaimsInForce:
    """Asks the records in `database`; safe for threads."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def require(self, right: WorkRight) -> None:
        """Raise OvertakenError unless the attempt is the one that runs the stage now."""
        asked = select(stages.c.attempt).where(
            stages.c.id == right.stage,
            stages.c.job == right.job,
            stages.c.state == State.RUNNING,
            stages.c.worker == right.worker,
        )
        with self._database.reading() as connection:
            attempt = connection.execute(asked).scalar()
        if attempt != right.attempt:
            raise OvertakenError(
                f"Attempt {right.attempt} at job {right.job} is not in force any more.",
                next_step="Nothing needs doing: another attempt has the work.",
            )
