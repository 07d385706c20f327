"""One contract for dispatch: the in-process twin, and Celery on a real Redis and RabbitMQ."""

from __future__ import annotations

import queue
import time
from collections.abc import Iterator

import pytest

from pipelines.errors import RequestError, ResourceError
from services.dispatch.celery_broker import CeleryDispatch
from services.dispatch.in_process import InProcessDispatch
from services.dispatch.port import Dispatch
from tests.servers.temporary_rabbitmq import TemporaryRabbitMQ, running_rabbitmq
from tests.servers.temporary_redis import TemporaryRedis, running_redis

SOON = 60.0


@pytest.fixture(scope="module")
def redis_server() -> Iterator[TemporaryRedis]:
    """One Redis for these tests."""
    with running_redis() as server:
        yield server


@pytest.fixture(scope="module")
def rabbitmq_server() -> Iterator[TemporaryRabbitMQ]:
    """One RabbitMQ for these tests."""
    with running_rabbitmq() as server:
        yield server


@pytest.fixture(params=[None, "redis_server", "rabbitmq_server"])
def dispatch(request: pytest.FixtureRequest) -> Iterator[Dispatch]:
    """Every adapter in turn, on every broker."""
    if request.param is None:
        yield InProcessDispatch()
        return
    opened = CeleryDispatch(request.getfixturevalue(request.param).url)
    yield opened
    opened.close()


def hears(dispatch: Dispatch, heard: queue.Queue[str], lane: str) -> None:
    """Wake a lane until its listener hears of it."""
    deadline = time.monotonic() + SOON
    while True:
        try:
            dispatch.wake(lane)
            assert heard.get(timeout=1) == lane
        except (queue.Empty, ResourceError):
            assert time.monotonic() < deadline
        else:
            return


def test_a_listener_hears_of_its_lane(dispatch: Dispatch) -> None:
    """A wake-up reaches whoever listens to the lane."""
    heard: queue.Queue[str] = queue.Queue()
    with dispatch.listening(["photo", "video"], heard.put):
        hears(dispatch, heard, "photo")
        hears(dispatch, heard, "video")


def test_a_listener_hears_of_no_other_lane(dispatch: Dispatch) -> None:
    """Wake-ups of other lanes pass by."""
    heard: queue.Queue[str] = queue.Queue()
    with dispatch.listening(["photo"], heard.put):
        dispatch.wake("video")
        hears(dispatch, heard, "photo")
        assert heard.empty()


def test_waking_a_lane_without_listeners_is_no_error(dispatch: Dispatch) -> None:
    """Nobody has to be there; the records keep what there is to do."""
    dispatch.wake("nobody")


def test_who_stopped_listening_hears_nothing(dispatch: Dispatch) -> None:
    """After its context, a listener is not called."""
    heard: queue.Queue[str] = queue.Queue()
    with dispatch.listening(["gone"], heard.put):
        pass
    dispatch.wake("gone")
    assert heard.empty()


@pytest.mark.parametrize("lane", ["", "Photo", "a b", "a" * 41, "../x"])
def test_a_lane_has_a_plain_name(dispatch: Dispatch, lane: str) -> None:
    """Names that could mean something to a broker are wrong use."""
    with pytest.raises(RequestError):
        dispatch.wake(lane)


def test_a_listener_outlives_its_broker() -> None:
    """After Redis was killed, started empty and flushed, wake-ups are heard again."""
    with running_redis() as server:
        dispatch = CeleryDispatch(server.url)
        heard: queue.Queue[str] = queue.Queue()
        with dispatch.listening(["photo"], heard.put):
            hears(dispatch, heard, "photo")
            server.kill()
            with pytest.raises(ResourceError):
                dispatch.wake("photo")
            server.start()
            hears(dispatch, heard, "photo")
            server.flush()
            hears(dispatch, heard, "photo")
        dispatch.close()


def test_a_listener_outlives_a_rabbitmq_that_was_killed(
    rabbitmq_server: TemporaryRabbitMQ,
) -> None:
    """RabbitMQ comes back where it was, and its listener with it."""
    dispatch = CeleryDispatch(rabbitmq_server.url)
    heard: queue.Queue[str] = queue.Queue()
    with dispatch.listening(["photo"], heard.put):
        hears(dispatch, heard, "photo")
        rabbitmq_server.kill()
        with pytest.raises(ResourceError):
            dispatch.wake("photo")
        rabbitmq_server.start()
        hears(dispatch, heard, "photo")
    dispatch.close()
