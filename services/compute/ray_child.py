"""The process that speaks with Ray for a job's process: `python -m services.compute.ray_child`.

A client of Ray ends when the head of its cluster does, or waits for it without an end. Neither may
happen to the process that holds leases, so Ray's client is this child: commands come in as lines
of JSON, what happened goes out as lines of JSON, a line at least every second. Whoever started it
takes its end, or its silence, for the loss of the pool, and starts another.

Workers are actors that keep their networks warm. One that is lost is replaced; its order is
reported lost, for what it had finished lies in the store.
"""

from __future__ import annotations

import json
import os
import queue
import sys
import threading
import time
from dataclasses import dataclass, field
from typing import Any, TextIO

from services.compute.order import Ended, Need, Order
from services.compute.ray_actor import RenderActor
from services.compute.ray_binding import LOOPBACK, listen_where_told, ray_environment
from services.compute.ray_settings import RaySettings

BEAT_SECONDS = 1.0
LOOK_SECONDS = 0.1
ASK_SECONDS = 0.5
"""How often a worker is asked how far it is: every answer takes its time from rendering."""

SILENT_SECONDS = 60.0
IDLE_SECONDS = 60.0
OBJECT_STORE_BYTES = 80 << 20
"""What Ray keeps for objects of its own: orders and answers are a few kilobytes."""


@dataclass(eq=False, slots=True)
class _Actor:
    """One worker: what it takes, what it does, and when it was last heard of."""

    handle: Any
    need: Need
    hello: Any
    pid: int | None = None
    order: int | None = None
    ended: Any = None
    asked: Any = None
    frames: int = 0
    heard: float = field(default_factory=time.monotonic)


class Workers:
    """The actors of one pool, and the orders that wait for them. `say` sends a line."""

    def __init__(self, ray: Any, settings: RaySettings, say: Any) -> None:
        self._ray = ray
        self._settings = settings
        self._say = say
        self._kind = ray.remote(RenderActor)
        self._actors: list[_Actor] = []
        self._waiting: dict[int, tuple[Order, str]] = {}
        self._beat = 0.0

    def command(self, told: dict[str, Any]) -> None:
        """Do what a line says."""
        number = int(told["number"])
        if told["do"] == "submit":
            self._waiting[number] = (Order.load(told["order"]), told["order"])
        elif self._waiting.pop(number, None) is not None:
            self._end(number, Ended(stopped=True))
        else:
            for actor in self._actors:
                if actor.order == number:
                    actor.handle.stop.remote(number)

    def look(self) -> None:
        """One round: hear what ended, replace what is lost, give out what waits, say a word."""
        for actor in tuple(self._actors):
            self._hear(actor)
        for number, (order, text) in tuple(self._waiting.items()):
            free = self._free(order.need)
            if free is not None:
                del self._waiting[number]
                free.order, free.frames, free.heard = number, 0, time.monotonic()
                free.ended = free.handle.render.remote(number, text)
        now = time.monotonic()
        if now - self._beat > BEAT_SECONDS:
            self._beat = now
            self._say({"say": "beat", "processors": self._processors(), "workers": self._told()})

    def close(self) -> None:
        """Have every worker clean up, and end it."""
        closing = [one.handle.close.remote() for one in self._actors if one.pid is not None]
        self._ray.wait(closing, num_returns=len(closing), timeout=5.0) if closing else None
        for actor in self._actors:
            self._ray.kill(actor.handle, no_restart=True)

    def _told(self) -> list[dict[str, Any]]:
        return [
            {"pid": one.pid, "order": one.order, "frames": one.frames, "threads": one.need.threads}
            for one in self._actors
        ]

    def _processors(self) -> int:
        return int(self._ray.cluster_resources().get("CPU", 0))

    def _most(self, need: Need) -> int:
        return self._settings.actors or max(1, self._processors() // need.threads)

    def _free(self, need: Need) -> _Actor | None:
        """A worker that can take an order now; None where all are busy or still begin."""
        like = [one for one in self._actors if one.need == need]
        for actor in like:
            if actor.pid is not None and actor.order is None:
                return actor
        wanted = sum(order.need == need for order, _ in self._waiting.values())
        beginning = sum(one.pid is None for one in like)
        if beginning < wanted and len(like) < self._most(need):
            self._make_room(need)
            self._begin(need)
        return None

    def _make_room(self, need: Need) -> None:
        """End idle workers of another kind: they hold what the new one takes."""
        for actor in tuple(self._actors):
            if actor.need != need and actor.order is None and actor.pid is not None:
                self._ray.kill(actor.handle, no_restart=True)
                self._actors.remove(actor)

    def _begin(self, need: Need) -> None:
        handle = self._kind.options(
            num_cpus=need.threads,
            num_gpus=need.gpus,
            max_restarts=0,
            max_task_retries=0,
            max_concurrency=3,
        ).remote(self._settings.dump())
        self._actors.append(_Actor(handle, need, handle.hello.remote()))

    def _hear(self, actor: _Actor) -> None:
        try:
            if actor.pid is None:
                self._hear_hello(actor)
                return
            self._hear_frames(actor)
            if actor.ended is not None and self._is_ready(actor.ended):
                ended, number = Ended.load(self._ray.get(actor.ended)), actor.order
                actor.order = actor.ended = None
                actor.heard = time.monotonic()
                self._end(number, ended)
        except self._ray.exceptions.RayError as error:
            self._lose(actor, f"{type(error).__name__}")

    def _hear_hello(self, actor: _Actor) -> None:
        if self._is_ready(actor.hello):
            actor.pid = int(self._ray.get(actor.hello)["pid"])
            actor.heard = time.monotonic()

    def _hear_frames(self, actor: _Actor) -> None:
        """Ask a busy worker how far it is; one that does not answer is lost, an idle one let go."""
        now = time.monotonic()
        if actor.order is None:
            if now - actor.heard > IDLE_SECONDS and not self._waiting:
                self._lose(actor, "idle")  # others may use what it holds
            return
        if actor.asked is None:
            if now - actor.heard > ASK_SECONDS:
                actor.asked = actor.handle.frames.remote()
        elif self._is_ready(actor.asked):
            frames = int(self._ray.get(actor.asked))
            actor.asked, actor.heard = None, now
            if frames != actor.frames:
                actor.frames = frames
                self._say({"say": "frames", "number": actor.order, "frames": frames})
        elif now - actor.heard > SILENT_SECONDS:
            self._lose(actor, "silent")

    def _lose(self, actor: _Actor, why: str) -> None:
        if actor not in self._actors:
            return
        self._actors.remove(actor)
        self._ray.kill(actor.handle, no_restart=True)
        if actor.order is not None:
            self._end(actor.order, Ended(lost=True, reason=why))

    def _end(self, number: int | None, ended: Ended) -> None:
        self._say({"say": "ended", "number": number, "ended": ended.dump()})

    def _is_ready(self, reference: Any) -> bool:
        return bool(self._ray.wait([reference], timeout=0)[0])


def main() -> int:
    """Connect, work until told to end or nobody listens any more, and disconnect."""
    out = os.fdopen(int(sys.argv[1]), "w", buffering=1)
    lines: queue.Queue[str | None] = queue.Queue()
    settings = RaySettings.load(sys.stdin.readline())
    threading.Thread(target=_read, args=(sys.stdin, lines), daemon=True).start()

    def say(line: dict[str, Any]) -> None:
        out.write(json.dumps(line) + "\n")

    ray = _connected(settings)
    workers = Workers(ray, settings, say)
    try:
        while True:
            try:
                line = lines.get(timeout=LOOK_SECONDS)
            except queue.Empty:
                line = ""
            if line is None:
                break
            if line:
                workers.command(json.loads(line))
            workers.look()
        workers.close()
    except BrokenPipeError:
        pass
    finally:
        ray.shutdown()
    return 0


def _read(source: TextIO, lines: queue.Queue[str | None]) -> None:
    for line in source:
        lines.put(line)
    lines.put(None)


def _connected(settings: RaySettings) -> Any:
    """Join the pool that is named, or start one of this machine alone, on loopback."""
    ray_environment(os.environ, settings.token)
    listen_where_told()
    import ray  # noqa: PLC0415 - reads its environment when it is imported

    shared: dict[str, Any] = {"log_to_driver": False, "configure_logging": False}
    if settings.address is None:
        ray.init(
            _node_ip_address=LOOPBACK,
            include_dashboard=False,
            object_store_memory=OBJECT_STORE_BYTES,
            **shared,
        )
    else:
        ray.init(address=settings.address, **shared)
    return ray


if __name__ == "__main__":
    sys.exit(main())
