"""Breakers over real servers: one that fails is left alone, and found again when it is back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from pipelines.errors import ResourceError, TimeStampError
from services.dispatch.celery_broker import CeleryDispatch
from services.dispatch.counted import CountedDispatch
from services.provenance.guarded_stamps import GuardedTimeStamps
from services.provenance.time_stamps import HttpTimeStamps
from services.storage.counted import counted
from services.storage.keys import artifact_key
from services.storage.opening import open_s3
from services.telemetry.breaker import CircuitOpenError
from services.telemetry.breakers import Breakers
from services.telemetry.metrics import Metrics
from tests.servers.temporary_redis import running_redis
from tests.servers.temporary_s3 import new_bucket, running_rclone
from tests.unit.services.provenance.authority_kit import make_authority, serving

KEY = artifact_key("a" * 32)


class Clock:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        """Return the time."""
        return self.now


def opened(
    call: Callable[[], object],
    error: type[Exception] | tuple[type[Exception], ...] = ResourceError,
) -> int:
    """Call until the breaker refuses; return how many calls were made."""
    for made in range(20):
        with pytest.raises(error) as said:
            call()
        if said.type is CircuitOpenError:
            return made
    raise AssertionError("the breaker never opened")


def test_a_store_that_was_gone_is_used_again(tmp_path: Path) -> None:
    """After five calls without an answer none is made, uploads neither, until one goes through."""
    clock, metrics = Clock(), Metrics()
    breaker = Breakers(metrics.services.breaker, clock=clock).of("store")
    with running_rclone(tmp_path) as server:
        storage = counted(open_s3(new_bucket(server.address)), metrics.services, breaker)
        storage.objects.put(KEY, [b"whole"])
        server.kill()
        assert opened(lambda: storage.objects.stat(KEY)) == 5
        sent = []
        with pytest.raises(CircuitOpenError):
            storage.objects.put(artifact_key("b" * 32), iter(sent.append, None))
        assert not sent, "what is refused is not read"
        server.start()
        clock.now += 10
        storage.objects.put(artifact_key("b" * 32), [b"more"])
        assert breaker.state == "closed"
        with storage.objects.open(KEY) as pieces:
            assert b"".join(pieces) == b"whole"


def test_a_broker_that_was_gone_is_used_again() -> None:
    """Wake-ups are refused at once while Redis is left alone, and sent when it is back."""
    clock, metrics = Clock(), Metrics()
    breaker = Breakers(metrics.services.breaker, clock=clock).of("broker")
    with running_redis() as server:
        celery = CeleryDispatch(server.url)
        dispatch = CountedDispatch(celery, metrics.services, breaker)
        dispatch.wake("photo")
        server.kill()
        assert opened(lambda: dispatch.wake("photo")) == 5
        server.start()
        clock.now += 10
        dispatch.wake("photo")
        assert breaker.state == "closed"
        celery.close()


def test_an_authority_that_was_gone_is_asked_again(tmp_path: Path) -> None:
    """Statements are not held up by an authority that does not answer; then it stamps again."""
    clock = Clock()
    breaker = Breakers(clock=clock).of("authority", counts=(TimeStampError,))
    with serving(make_authority(tmp_path / "tsa")) as authority:
        asked = HttpTimeStamps(authority.url, anchors=authority.anchors, timeout_seconds=30)
        stamps = GuardedTimeStamps(asked, breaker)
        answering, authority.status = authority.status, 503
        assert opened(lambda: stamps.stamp(b"signature"), (TimeStampError, CircuitOpenError)) == 5
        authority.status = answering
        clock.now += 10
        assert stamps.stamp(b"signature")
        assert breaker.state == "closed"
