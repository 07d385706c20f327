"""What can go wrong between a job and the processes that render for it.

EvidentError
└── ResourceError
    └── ComputeError         the pool cannot do it now, and may be able to later
        ├── PoolLostError        the pool is gone, with all that it was doing
        ├── PoolSilentError      the pool is there and nothing gets done for too long
        └── NotFinishedError     what lies in the store as a finished segment is not one
"""

from __future__ import annotations

from pipelines.errors import ResourceError


class ComputeError(ResourceError):
    """The pool cannot do it now."""


class PoolLostError(ComputeError):
    """The pool is gone; what it had finished lies in the store."""


class PoolSilentError(ComputeError):
    """The pool is there, and nothing gets done for too long."""


class NotFinishedError(ComputeError):
    """What lies in the store as a finished segment is not one, or not a whole one."""
