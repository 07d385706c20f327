"""Counts of requests that all gateways of one Redis share: several admit no more than one does.

Redis counts by its own clock, in one step per request. Where it does not answer, each gateway
goes on by counts of its own: a broker that is away must not close the door of a platform that
needs it for nothing but wake-ups, and must not leave the door without any limit either. Names
are hashed before they leave this process, and what nobody asks about is forgotten by itself.
"""

from __future__ import annotations

import hashlib
import math

import redis

from pipelines.errors import ResourceError
from services.gateway.rate_limits import RateLimit, RateLimits
from services.telemetry.breaker import Breaker

ANSWER_SECONDS = 0.5
"""How long a request waits for its count before it is counted here."""

_TAKE = """
local time = redis.call('TIME')
local now = tonumber(time[1]) + tonumber(time[2]) / 1e6
local rate, burst = tonumber(ARGV[1]), tonumber(ARGV[2])
local held = redis.call('HMGET', KEYS[1], 'left', 'at')
local left, at = tonumber(held[1]) or burst, tonumber(held[2]) or now
left = math.min(burst, left + math.max(0, now - at) * rate)
local wait = 0
if left >= 1 then left = left - 1 else wait = (1 - left) / rate end
redis.call('HSET', KEYS[1], 'left', string.format('%.9f', left), 'at', string.format('%.6f', now))
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return string.format('%.6f', wait)
"""


class SharedRateLimits:
    """Counts of one `purpose` under `limit` in a Redis, behind `breaker`."""

    def __init__(
        self, client: redis.Redis, purpose: str, limit: RateLimit, breaker: Breaker
    ) -> None:
        self._take = client.register_script(_TAKE)
        self._purpose = purpose
        self._limit = limit
        self._breaker = breaker
        self._own = RateLimits(limit)
        # A bucket that had the time to fill is as good as none.
        self._kept_ms = math.ceil(limit.burst / limit.per_second * 1000) + 1000

    def take(self, name: str) -> float:
        """Count one request; see `Counts`."""
        try:
            with self._breaker.call():
                return self._asked(name)
        except ResourceError:
            return self._own.take(name)

    def _asked(self, name: str) -> float:
        digest = hashlib.sha256(name.encode("utf-8", "replace")).hexdigest()
        limit = self._limit
        try:
            wait = self._take(
                keys=[f"evident.limit.{self._purpose}.{digest}"],
                args=[limit.per_second, limit.burst, self._kept_ms],
            )
        except (redis.RedisError, OSError) as error:
            raise ResourceError(
                "Redis does not count requests.", next_step="Each gateway counts for itself."
            ) from error
        return float(wait)


def connect(url: str) -> redis.Redis:
    """Return a client that waits for nothing for long; it connects at the first request."""
    return redis.Redis.from_url(
        url,
        socket_timeout=ANSWER_SECONDS,
        socket_connect_timeout=ANSWER_SECONDS,
        health_check_interval=30,
    )
