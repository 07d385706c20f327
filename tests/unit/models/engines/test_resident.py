"""Networks leave memory by last use, come back when they run, and memory really returns."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

import models
from models.catalog import Catalog
from models.engines.residency import WarmNetworks
from models.engines.resident import ResidentSession, Room

ROOT = Path(models.__file__).parents[1]


class Copying:
    """A session that gives back what it gets."""

    def run(self, batch):
        """Copy."""
        return batch.copy()


def resident(name: str, room: Room, loads: list[str], need: int = 100) -> ResidentSession:
    """A session that counts its loads."""

    def load() -> Copying:
        loads.append(name)
        return Copying()

    return ResidentSession(name, load, room, need_bytes=need)


def test_the_longest_unused_leaves_first() -> None:
    """A room for two keeps the two that ran last; the third is loaded again when it runs."""
    room, loads = Room(200), []
    a, b, c = (resident(name, room, loads) for name in "abc")
    batch = np.zeros((1, 1, 2, 2), np.float32)
    for each in (a, b, a, c):
        each.run(batch)
    assert room.kept == ("a", "c")
    assert room.kept_bytes == 200
    b.run(batch)
    assert room.kept == ("c", "b")
    assert loads == ["a", "b", "c", "b"]
    a.run(batch)
    assert loads == ["a", "b", "c", "b", "a"]


def test_a_room_without_a_bound_keeps_all() -> None:
    """Without a budget nothing leaves until the room is emptied."""
    room, loads = Room(), []
    for name in "abc":
        resident(name, room, loads).warm_up()
    assert room.kept == ("a", "b", "c")
    room.empty()
    assert room.kept == ()
    assert room.kept_bytes == 0


def test_what_runs_never_leaves() -> None:
    """A session that is running stays, though the room gets too full for another."""
    room, loads = Room(100), []
    running, go_on = threading.Event(), threading.Event()

    class Waiting:
        def run(self, batch):
            running.set()
            assert go_on.wait(30)
            return batch

    slow = ResidentSession("slow", Waiting, room, need_bytes=100)
    thread = threading.Thread(target=slow.run, args=(np.zeros((1, 1, 1, 1), np.float32),))
    thread.start()
    assert running.wait(30)
    resident("other", room, loads).warm_up()
    assert set(room.kept) == {"slow", "other"}
    go_on.set()
    thread.join(30)
    resident("third", room, loads).warm_up()
    assert room.kept == ("third",)


def test_a_load_that_fails_leaves_the_room_as_it_was() -> None:
    """What cannot be loaded is not kept, and is tried again the next time."""
    room = Room(100)

    def fail():
        raise OSError("gone")

    broken = ResidentSession("broken", fail, room, need_bytes=10)
    for _ in range(2):
        with pytest.raises(OSError, match="gone"):
            broken.warm_up()
    assert room.kept == ()
    assert broken.users == 0


def test_what_a_library_keeps_is_asked_back() -> None:
    """After a session was dropped its engine is told to give its memory back."""
    room, told = Room(), []
    session = ResidentSession("a", Copying, room, need_bytes=1, afterwards=lambda: told.append(1))
    session.warm_up()
    assert told == []
    room.empty()
    assert told == [1]


def test_a_room_has_no_negative_size() -> None:
    """A budget below nothing is refused."""
    with pytest.raises(ValueError, match="-1"):
        Room(-1)


def test_networks_share_a_room(tiny: Catalog) -> None:
    """Networks of two holders leave one room by last use, and give the same samples afterwards."""
    plane = np.random.default_rng(1).random((30, 30), dtype=np.float32)
    need = tiny.card("tiny-x2").memory.total_bytes((64 + 12) ** 2)
    room = Room(2 * need)
    one = WarmNetworks("onnxruntime", threads=1, tile_pixels=64, networks=tiny, room=room)
    other = WarmNetworks("torch", threads=1, tile_pixels=64, networks=tiny, room=room)
    first = one.network("tiny-x2").run(plane)
    other.network("tiny-x2").run(plane)
    one.network("tiny-x1").run(plane)
    assert room.kept == ("tiny-x2 on torch in fp32", "tiny-x1 on onnxruntime in fp32")
    np.testing.assert_array_equal(one.network("tiny-x2").run(plane), first)
    assert room.kept[-1] == "tiny-x2 on onnxruntime in fp32"


def test_networks_are_preloaded(tiny: Catalog) -> None:
    """What the configuration names is in memory before the first job asks."""
    warm = WarmNetworks("onnxruntime", threads=1, networks=tiny)
    warm.preload(["tiny-x2", "tiny-x4"])
    assert warm.room.kept == (
        "tiny-x2 on onnxruntime in fp32",
        "tiny-x4 on onnxruntime in fp32",
    )


MEASURE = """
import sys
import numpy as np
from models.engines.residency import WarmNetworks

def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * 4096

def used():
    network = warm.network("evident-sr-x2")
    network.run(np.zeros((640, 640), np.float32))
    return resident()

warm = WarmNetworks(sys.argv[1], threads=1, tile_pixels=640)
used()
warm.room.empty()
before = resident()
for _ in range(3):
    full = used()
    warm.room.empty()
    after = resident()
print(before, full, after)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="resident memory as Linux tells it")
@pytest.mark.parametrize("engine", ["onnxruntime", "openvino"])
def test_memory_really_returns(engine: str) -> None:
    """What a network held is the system's again when it left, and no round leaves more behind."""
    told = subprocess.run(
        [sys.executable, "-c", MEASURE, engine],
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
    )
    before, full, after = map(int, told.stdout.split())
    held = full - before
    assert held > 20 << 20
    assert after - before < held / 4
