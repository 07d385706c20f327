"""A time-stamping authority that is left alone for a while where it does not answer."""

from __future__ import annotations

from pipelines.ports import TimeStampAuthority
from services.telemetry.breaker import Breaker


class GuardedTimeStamps:
    """A `TimeStampAuthority` over another; an open breaker is `CircuitOpenError`."""

    def __init__(self, authority: TimeStampAuthority, breaker: Breaker) -> None:
        self._authority = authority
        self._breaker = breaker

    @property
    def authority(self) -> str:
        """Who is asked."""
        return self._authority.authority

    def stamp(self, message: bytes) -> bytes:
        """Return the response over `message`. Raises TimeStampError."""
        with self._breaker.call():
            return self._authority.stamp(message)
