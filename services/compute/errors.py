"""What can go wrong between a job and the processes that render for it.

EvidentError
└── ResourceError
    └── ComputeError         the pool cannot do it now, and may be able to later
        ├── PoolLostError        the pool is gone, with all that it was doing
        └── PoolSilentError      the pool is there and has not said anything for too long
"""

from __future__ import annotations

from pipelines.errors import ResourceError


class ComputeError(ResourceError):
    """The pool cannot do it now."""


class PoolLostError(ComputeError):
    """The pool is gone; what it had finished lies in the store."""


class PoolSilentError(ComputeError):
    """The pool has not said anything for too long."""
