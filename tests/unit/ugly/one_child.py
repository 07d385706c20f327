"""A pool whose child does one task after another, so that hundreds of files take seconds.

It stays a bounded process of its own: a crash is an error here as in the product. A session that
ends before its task does ends the child as well.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, cast

from pipelines.errors import DecodeChildError, EvidentError
from pipelines.media.limits import DecodeLimits
from pipelines.media.pool import ChildSession, DecodePool

_LAST = ("end", "structure", "damaged")
_LIMITS = DecodeLimits(silence_seconds=60.0, memory_bytes=4 << 30, cpu_seconds=600)
_WRITER = replace(_LIMITS, file_bytes=256 << 20)


class _Kept(ChildSession):
    """A session over a child that goes on living when its task is done."""

    def __init__(self, whole: ChildSession, pool: OneChildPool, *, writes: bool) -> None:
        self._whole = whole
        self._writes = writes
        self._pool = pool
        self._done = False

    @property
    def pid(self) -> int:
        return self._whole.pid

    def send(self, message: Mapping[str, object]) -> None:
        self._whole.send(message)

    def share(self, fd: int, size: int) -> None:
        self._whole.share(fd, size)

    def order(self, task: str, arguments: Mapping[str, object]) -> None:
        self._done = False
        self._whole.order(task, arguments)

    def receive(self) -> dict[str, Any]:
        try:
            message = self._whole.receive()
        except DecodeChildError:
            raise
        except EvidentError:
            self._done = True
            raise
        self._done = any(name in message for name in _LAST)
        return message

    def close(self) -> None:
        if self._done:
            self._pool.take_back(self._whole, writes=self._writes)
        else:
            self._whole.close()


class OneChildPool(DecodePool):
    """Hands out the child that came back last, or a new one."""

    def __init__(self) -> None:
        super().__init__(limits=_LIMITS, spare=1)
        self._idle: dict[bool, list[ChildSession]] = {True: [], False: []}

    def session(
        self,
        task: str,
        arguments: Mapping[str, object],
        *,
        limits: DecodeLimits | None = None,
        steady: bool = False,
    ) -> ChildSession:
        """Begin a task in the child that waits; under other conditions in one of its own.

        A child that joins may write a file, as large as any of these tests makes; it waits apart.
        """
        writes = task == "video_join"
        if steady or (limits is not None and not writes):
            return super().session(task, arguments, limits=limits, steady=steady)
        if not self._idle[writes]:
            own = _WRITER if writes else None
            whole = super().session(task, arguments, limits=own)
            return cast("ChildSession", _Kept(whole, self, writes=writes))
        kept = _Kept(self._idle[writes].pop(), self, writes=writes)
        kept.order(task, arguments)
        return kept

    def take_back(self, child: ChildSession, *, writes: bool) -> None:
        """Keep a child that is done for the next task of its kind."""
        self._idle[writes].append(child)

    def close(self) -> None:
        """End every child."""
        for child in (*self._idle[True], *self._idle[False]):
            child.close()
        super().close()
