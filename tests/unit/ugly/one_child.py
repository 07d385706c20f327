"""A pool whose child does one task after another, so that hundreds of files take seconds.

It stays a bounded process of its own: a crash is an error here as in the product. A session that
ends before its task does ends the child as well.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from pipelines.errors import DecodeChildError, EvidentError
from pipelines.media.limits import DecodeLimits
from pipelines.media.pool import ChildSession, DecodePool

_LAST = ("end", "structure", "damaged")
_LIMITS = DecodeLimits(silence_seconds=60.0, memory_bytes=4 << 30, cpu_seconds=600)


class _Kept(ChildSession):
    """A session over a child that goes on living when its task is done."""

    def __init__(self, whole: ChildSession, pool: OneChildPool) -> None:
        self._whole = whole
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
            self._pool.take_back(self._whole)
        else:
            self._whole.close()


class OneChildPool(DecodePool):
    """Hands out the child that came back last, or a new one."""

    def __init__(self) -> None:
        super().__init__(limits=_LIMITS, spare=1)
        self._idle: list[ChildSession] = []

    def session(
        self,
        task: str,
        arguments: Mapping[str, object],
        *,
        limits: DecodeLimits | None = None,
        steady: bool = False,
    ) -> ChildSession:
        """Begin a task in the child that waits; under other conditions in one of its own."""
        if limits is not None or steady:
            return super().session(task, arguments, limits=limits, steady=steady)
        if not self._idle:
            return cast("ChildSession", _Kept(super().session(task, arguments), self))
        kept = _Kept(self._idle.pop(), self)
        kept.order(task, arguments)
        return kept

    def take_back(self, child: ChildSession) -> None:
        """Keep a child that is done for the next task."""
        self._idle.append(child)

    def close(self) -> None:
        """End every child."""
        for child in self._idle:
            child.close()
        super().close()
