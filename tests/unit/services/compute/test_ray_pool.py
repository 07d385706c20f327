"""The child that speaks with Ray: what its end, its silence and its babble are taken for."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from services.compute import ray_pool
from services.compute.errors import PoolLostError
from services.compute.order import Need, Order, Stored
from services.compute.ray_pool import RayPool
from services.compute.ray_settings import RaySettings

STORED = Stored(f"work/{'a' * 32}/{'b' * 32}", "c" * 64, 5)
NEED = Need(1)
ORDER = Order("a" * 32, STORED, "clip.mp4", STORED, STORED, "d" * 64, (0,), NEED)

BEGIN = """
import json, os, sys, time
out = os.fdopen(int(sys.argv[1]), "w", buffering=1)
sys.stdin.readline()
say = lambda line: out.write(json.dumps(line) + "\\n")
beat = {"say": "beat", "processors": 4, "workers": [{"pid": 7, "order": None, "frames": 0}]}
"""
WORKS = """
import threading
def beats():
    while True:
        say(beat)
        time.sleep(0.1)
threading.Thread(target=beats, daemon=True).start()
for line in sys.stdin:
    told = json.loads(line)
    if told["do"] == "submit":
        say({"say": "frames", "number": told["number"], "frames": 3})
    else:
        say({"say": "ended", "number": told["number"], "ended": json.dumps({"stopped": True})})
"""


@pytest.fixture
def child(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], RayPool]]:
    """A pool whose child is the given program; its processes are gone at the end."""
    pools: list[RayPool] = []
    real = subprocess.Popen

    def made(program: str) -> RayPool:
        def start(command: list[str], **how: object) -> object:
            return real([sys.executable, "-c", BEGIN + program, command[-1]], **how)

        monkeypatch.setattr(subprocess, "Popen", start)
        told = RaySettings("127.0.0.1:1", tmp_path / "token", tmp_path, tmp_path / "c", "store")
        pools.append(RayPool(told))
        return pools[-1]

    yield made
    for pool in pools:
        pool.close()


def until(holds: Callable[[], object], seconds: float = 60) -> None:
    """Wait until something holds."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def lost(pool: RayPool) -> bool:
    """Whether the pool is told to be lost."""
    try:
        pool.width(NEED)
    except PoolLostError:
        return True
    return False


def test_an_order_is_heard_of_and_stopped(child: Callable[[str], RayPool]) -> None:
    """Frames and ends reach the order that they are of; width and workers are the pool's."""
    pool = child(WORKS)
    until(lambda: pool.width(NEED) == 4)
    assert pool.width(Need(3)) == 1
    assert [one["pid"] for one in pool.workers()] == [7]
    task = pool.submit(ORDER)
    until(lambda: task.frames == 3)
    assert task.ended is None
    task.stop()
    until(lambda: task.ended is not None)
    assert task.ended is not None
    assert task.ended.stopped


@pytest.mark.parametrize(
    "program",
    [
        "say(beat); sys.stdin.readline(); sys.exit(1)",
        "say(beat); sys.stdin.readline(); out.write('what?\\n'); time.sleep(600)",
        "say(beat); sys.stdin.readline(); say({'say': 'ended'}); time.sleep(600)",
    ],
    ids=["it ends", "it babbles", "it says half"],
)
def test_a_child_that_ends_or_babbles_loses_the_pool(
    child: Callable[[str], RayPool], program: str
) -> None:
    """Its orders have ended as lost, the loss is told once, and the next call starts another."""
    pool = child(program)
    until(lambda: pool.width(NEED) == 4)
    task = pool.submit(ORDER)
    until(lambda: task.ended is not None)
    assert task.ended is not None
    assert task.ended.pool_lost
    assert lost(pool)
    until(lambda: pool.width(NEED) == 4)


def test_a_silent_child_is_ended(
    child: Callable[[str], RayPool], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A client that waits for a head that is gone says nothing: that is a loss as well."""
    pool = child("say(beat); time.sleep(600)")
    until(lambda: pool.width(NEED) == 4)
    monkeypatch.setattr(ray_pool, "SILENT_SECONDS", 0.2)
    until(lambda: lost(pool))


def test_a_pool_that_never_answers_is_not_waited_for(
    child: Callable[[str], RayPool], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Until it answers its width is nothing; after the time to begin it is lost."""
    monkeypatch.setattr(ray_pool, "START_SECONDS", 0.5)
    monkeypatch.setattr(ray_pool, "SILENT_SECONDS", 0.5)
    pool = child("time.sleep(600)")
    assert pool.width(NEED) == 0
    until(lambda: lost(pool))
