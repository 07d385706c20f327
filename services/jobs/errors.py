"""What can go wrong between whoever asks for work, whoever does it, and the rows that say so.

RequestError
├── UnknownJobError        no such job, or another project's
├── UnknownArtifactError   an input that the project does not hold
├── KeyConflictError       the idempotency key stands for another request
├── MoveError              a job in this state cannot be canceled, paused, resumed or retried
├── HeldError              an artifact is kept until a date, or an unfinished job needs it
└── LimitError             the project has as many jobs waiting as it may have
EvidentError
├── StaleTokenError        the attempt is no longer in force; what it brought is refused
├── StageOverdueError      the attempt ran longer than a stage may
└── WorkerLostError        the process that held the lease died or was cut off
"""

from __future__ import annotations

from pipelines.errors import EvidentError, RequestError


class UnknownJobError(RequestError):
    """There is no such job, or it is another project's."""


class UnknownArtifactError(RequestError):
    """The project does not hold this artifact."""


class KeyConflictError(RequestError):
    """The idempotency key was used for another request."""


class MoveError(RequestError):
    """The job's state does not allow what is asked."""


class HeldError(RequestError):
    """The artifact is kept until a date, or a job that is not finished needs it."""


class LimitError(RequestError):
    """The project has as many jobs waiting as it may have."""


class StaleTokenError(EvidentError):
    """The attempt has lost its lease; the stage belongs to another one, or to nobody."""


class StageOverdueError(EvidentError):
    """The attempt ran longer than a stage may; whoever still works on it commits nothing."""


class WorkerLostError(EvidentError):
    """The process that held the lease died, or was cut off from the records."""
