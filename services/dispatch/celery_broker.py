"""Dispatch through Celery: a message names a lane, is acknowledged early, and carries nothing else.

The one file that knows Celery. The listener is a Celery worker on a thread of this process, whose
only task calls `heard`; the work itself runs elsewhere, guarded by leases, so the broker's ideas
of visibility and redelivery do not matter. A worker that went deaf with its broker is started
anew, and what was lost meanwhile is found by polling.

Lanes are queues named `evident.<lane>`. Redis and RabbitMQ are addressed alike, by URL.
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress

from celery import Celery
from celery.exceptions import WorkerShutdown
from celery.worker import WorkController, state
from kombu.exceptions import OperationalError

from pipelines.errors import RequestError, ResourceError
from services.dispatch.port import Heard, lane_name

TASK = "evident.look"
SEND_SECONDS = 2.0
AGAIN_SECONDS = 0.5
_EXPIRES_SECONDS = 3600
_ONE_LISTENER = threading.Lock()


class CeleryDispatch:
    """A `Dispatch` over the broker at `url`."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._sender = _app(url)
        self._lock = threading.Lock()

    def wake(self, lane: str) -> None:
        """Send a message to the lane's queue. Raises ResourceError where the broker is away."""
        try:
            with self._lock:
                self._sender.send_task(
                    TASK,
                    (lane_name(lane),),
                    queue=_queue(lane),
                    ignore_result=True,
                    expires=_EXPIRES_SECONDS,
                    retry=False,
                )
        except (OperationalError, OSError) as error:
            raise ResourceError(
                "The broker of wake-ups does not answer.",
                next_step="Nothing is lost; lanes are looked at now and then all the same.",
            ) from error

    def close(self) -> None:
        """Give the connections back."""
        self._sender.close()

    @contextmanager
    def listening(self, lanes: Collection[str], heard: Heard) -> Iterator[None]:
        """Hear of wake-ups of these lanes while the context is open."""
        listener = _Listener(self._url, [lane_name(lane) for lane in lanes], heard)
        listener.start()
        try:
            yield
        finally:
            listener.stop()


class _Listener:
    """A Celery worker on a thread, started again whenever it ends before it should."""

    def __init__(self, url: str, lanes: Collection[str], heard: Heard) -> None:
        self._app = _app(url)
        self._lanes = lanes
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._listens, name="wake-ups", daemon=True)

        def look(lane: str) -> None:
            if lane in lanes:
                heard(lane)

        self._app.task(name=TASK, ignore_result=True, shared=False)(look)

    def start(self) -> None:
        """Begin to listen; one at a time can in a process, since Celery stops them all at once."""
        if not _ONE_LISTENER.acquire(blocking=False):
            raise RequestError("This process listens to a broker already.")
        self._thread.start()

    def stop(self) -> None:
        """End, within about a second."""
        self._ending.set()
        # How Celery is told to stop by anything but a signal; the whole process hears it.
        state.should_stop = 0
        self._thread.join()
        state.should_stop = None
        self._app.close()
        _ONE_LISTENER.release()

    def _listens(self) -> None:
        # Celery looks tasks up in the current application, which is a thread's own.
        self._app.set_current()
        while not self._ending.is_set():
            worker = WorkController(
                app=self._app,
                queues=[_queue(lane) for lane in self._lanes],
                pool="solo",
                concurrency=1,
                loglevel=None,
                without_heartbeat=True,
                without_mingle=True,
                without_gossip=True,
                quiet=True,
            )
            with suppress(OperationalError, OSError, WorkerShutdown):
                worker.start()
            self._ending.wait(AGAIN_SECONDS)


def _queue(lane: str) -> str:
    return f"evident.{lane}"


def _app(url: str) -> Celery:
    app = Celery("evident", broker=url, set_as_current=False)
    app.conf.update(
        task_serializer="json",
        accept_content=["json"],
        task_acks_late=False,
        task_ignore_result=True,
        task_create_missing_queues=True,
        # No bound: a message whose acknowledgement was lost with the broker would fill a bound of
        # one, and the worker would never again read from a connection that it holds for good.
        worker_prefetch_multiplier=0,
        worker_hijack_root_logger=False,
        worker_redirect_stdouts=False,
        worker_enable_remote_control=False,
        worker_send_task_events=False,
        worker_cancel_long_running_tasks_on_connection_loss=True,
        broker_connection_timeout=SEND_SECONDS,
        broker_connection_retry=True,
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        broker_transport_options={
            "socket_timeout": SEND_SECONDS,
            "socket_connect_timeout": SEND_SECONDS,
            "health_check_interval": 5,
            # RabbitMQ says that it has a message; without this, one that is gone is not missed.
            "confirm_publish": True,
        },
    )
    return app
