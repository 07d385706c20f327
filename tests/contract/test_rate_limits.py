"""One contract for counts of requests: those of a process, and those that gateways share."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from services.gateway.rate_limits import Counting, RateLimit, RateLimits, own_counts
from services.gateway.shared_limits import SharedRateLimits, connect
from services.telemetry.breakers import Breakers
from tests.servers.temporary_redis import TemporaryRedis, running_redis

SLOW = RateLimit(per_second=0.001, burst=3)


@pytest.fixture(scope="module")
def redis_server() -> Iterator[TemporaryRedis]:
    """One Redis for these tests."""
    with running_redis() as server:
        yield server


def shared(server: TemporaryRedis, breakers: Breakers | None = None) -> Counting:
    """Counts as a gateway of this Redis has them."""
    client, breaker = connect(server.url), (breakers or Breakers()).of("limits")
    return lambda purpose, limit: SharedRateLimits(client, purpose, limit, breaker)


@pytest.fixture(params=["own", "shared"])
def counting(request: pytest.FixtureRequest) -> Counting:
    """Either kind, with nothing counted yet."""
    if request.param == "own":
        return own_counts
    server: TemporaryRedis = request.getfixturevalue("redis_server")
    server.flush()
    return shared(server)


def test_a_burst_is_admitted_and_no_more(counting: Counting) -> None:
    """So many are admitted at once; then the answer says how long to wait."""
    counts = counting("requests", SLOW)
    assert [counts.take("a") for _ in range(3)] == [0, 0, 0]
    assert 900 < counts.take("a") <= 1000


def test_names_and_purposes_are_counted_apart(counting: Counting) -> None:
    """One who asks too often holds up nobody else, and nothing that is counted elsewhere."""
    limit = RateLimit(per_second=0.001, burst=1)
    requests, keys = counting("requests", limit), counting("wrong-keys", limit)
    assert requests.take("a") == 0
    assert requests.take("a") > 0
    assert (requests.take("b"), requests.take("\udcff 💥"), keys.take("a")) == (0, 0, 0)


def test_a_bucket_refills(counting: Counting) -> None:
    """After a while the next request is admitted."""
    counts = counting("requests", RateLimit(per_second=20, burst=1))
    assert counts.take("a") == 0
    deadline = time.monotonic() + 60
    while counts.take("a"):
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_requests_at_one_moment_are_all_counted(counting: Counting) -> None:
    """Of many at once as many are admitted as the limit says."""
    counts = counting("requests", RateLimit(per_second=0.001, burst=25))
    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(counts.take, ["a"] * 80))
    assert found.count(0.0) == 25


def test_gateways_share_one_limit(redis_server: TemporaryRedis) -> None:
    """Two gateways of one Redis admit together what one admits; two without it twice as much."""
    redis_server.flush()
    for of, admitted in ((lambda: shared(redis_server), 3), (lambda: own_counts, 6)):
        gateways = [of()("requests", SLOW) for _ in range(2)]
        assert sum(one.take("a") == 0 for one in gateways for _ in range(4)) == admitted


def test_what_is_counted_is_forgotten_and_names_nobody(redis_server: TemporaryRedis) -> None:
    """A shared count ends by itself when its bucket is full, and its name is a digest."""
    redis_server.flush()
    shared(redis_server)("requests", RateLimit(per_second=2, burst=4)).take("p/vera")
    client = connect(redis_server.url)
    (name,) = client.keys("*")
    assert b"vera" not in name
    assert 0 < client.pttl(name) <= 3000


def test_without_redis_each_counts_for_itself() -> None:
    """A Redis that is gone neither closes the door nor takes the limit away; it is used again."""
    now = [0.0]
    breakers = Breakers(clock=lambda: now[0])
    with running_redis() as server:
        counts = shared(server, breakers)("requests", SLOW)
        assert counts.take("a") == 0
        server.kill()
        found = [counts.take("a") for _ in range(8)]
        assert found[:3] == [0, 0, 0]
        assert all(wait > 900 for wait in found[3:])
        assert breakers.states() == {"limits": "open"}
        server.start()
        assert counts.take("a") > 900, "while the breaker is open nothing is asked"
        now[0] = 10.0
        assert counts.take("a") == 0
        assert breakers.states() == {"limits": "closed"}


def test_own_counts_refill_by_the_clock_and_forget() -> None:
    """A bucket of this process refills up to its burst, and names are not kept without end."""
    now = [0.0]
    limits = RateLimits(RateLimit(per_second=2, burst=2), clock=lambda: now[0])
    assert [limits.take("a") for _ in range(3)] == [0, 0, 0.5]
    now[0] = 0.5
    assert [limits.take("a"), limits.take("a")] == [0, 0.5]
    now[0] = 100
    assert [limits.take("a") for _ in range(3)] == [0, 0, 0.5]
    for number in range(20_000):
        limits.take(str(number))
    assert len(limits._buckets) <= 10_000
