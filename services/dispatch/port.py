"""The port of dispatch: a message says *look in lane L*, and may be lost, doubled or late.

Promised by every adapter, under one contract suite: somebody who listens to a lane hears of a
wake-up soon after `wake` returned, as long as the broker stands; a listener outlives a broker
that restarts; `wake` on a broker that does not answer is `ResourceError`, in bounded time.

Refused: telling what to do, and keeping anything. The records say what there is to do.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from contextlib import AbstractContextManager
from typing import Protocol

from pipelines.errors import RequestError

Heard = Callable[[str], None]
"""Called with a lane that is to be looked at, on a thread of the adapter; returns at once."""

_LANE = re.compile(r"[a-z][a-z0-9_-]{0,39}")


class Dispatch(Protocol):
    """Wakes lanes."""

    def wake(self, lane: str) -> None:
        """Have a listener of the lane look. Raises ResourceError where the broker is away."""

    def listening(self, lanes: Collection[str], heard: Heard) -> AbstractContextManager[None]:
        """Hear of wake-ups of these lanes while the context is open."""


def lane_name(lane: str) -> str:
    """Return `lane` where it can be a lane's name; else RequestError."""
    if not _LANE.fullmatch(lane):
        raise RequestError(f"{lane!r} cannot be the name of a lane.")
    return lane
