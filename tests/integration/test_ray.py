"""Jobs on a real pool of Ray: the same bits, whatever dies, and nothing that can be reached."""

from __future__ import annotations

import os
import signal
import socket
import struct
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from pipelines.ports import SilentProgress
from pipelines.run.job import Outcome, State, StopAsked
from services.compute.errors import ComputeError
from services.compute.ray_pool import RayPool
from services.compute.ray_settings import RaySettings, own_token
from services.jobs.failures import failure_of
from tests.e2e.command_kit import textured
from tests.servers.compute_kit import (
    SEGMENTS,
    Bench,
    bench,
    facts_of,
    mixing,
    operations_of,
    photo_facts_of,
)
from tests.servers.temporary_ray import TemporaryRay, family, running_ray

LISTENS = "0A"
DRAWN = mixing([{"op": "denoise_trained"}, {"op": "super_resolve"}])
JOB = "7f1f2f64-7c6c-4f0e-9b0e-0d6f6f1d2a3{}"


@pytest.fixture(scope="module")
def cluster() -> Iterator[TemporaryRay]:
    """A head and a second node."""
    with running_ray() as running:
        yield running


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """One clip and one store."""
    with bench(tmp_path_factory.mktemp("table")) as opened:
        yield opened


@pytest.fixture(scope="module")
def whole(table: Bench) -> Outcome:
    """The job as one process does it."""
    return table.run(None)


@pytest.fixture(scope="module")
def told(table: Bench, cluster: TemporaryRay) -> RaySettings:
    """How the pool is reached."""
    return RaySettings(
        address=cluster.address,
        token=cluster.token,
        home=table.folder / "home",
        folder=table.folder / "compute",
        artifacts=str(table.folder / "artifacts"),
        actors=2,
    )


@pytest.fixture(scope="module")
def pool(told: RaySettings) -> Iterator[RayPool]:
    """A pool that is connected."""
    with held(told) as opened:
        yield opened


@pytest.fixture(scope="module")
def album(table: Bench) -> Bench:
    """A photograph of several regions, in the same store."""
    path = table.folder / "photo.png"
    Image.fromarray(textured(560, 700)).save(path)
    return table.over(path)


@pytest.fixture(scope="module")
def pictured(album: Bench) -> Outcome:
    """The photograph as one process computes it."""
    return album.run(None, graph=DRAWN)


@contextmanager
def held(told: RaySettings) -> Iterator[RayPool]:
    """A pool that is ended at the end."""
    opened = RayPool(told)
    try:
        yield opened
    finally:
        opened.close()


def until(holds: Callable[[], bool], seconds: float = 180) -> None:
    """Wait until something holds."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def pids(pool: RayPool) -> list[int]:
    """Processes of the workers that are there."""
    return [int(str(one["pid"])) for one in pool.workers() if one["pid"] is not None]


class Meddling(SilentProgress):
    """A `Progress` that does something once, when the first segment is home."""

    def __init__(self, act: Callable[[], None]) -> None:
        self._act = act
        self._done = False
        self._enhancing = False

    def start(self, stage: str, total: int) -> None:
        """Note the step."""
        self._enhancing = stage == "enhancing"

    def advance(self, steps: int = 1) -> None:
        """Act once."""
        if self._enhancing and steps > 1 and not self._done:
            self._done = True
            self._act()


def again_until_done(table: Bench, place: Any, first: Outcome, name: str, job: str) -> Outcome:
    """Try again what may be tried again, as the queue does."""
    outcome = first
    for _ in range(8):
        if outcome.fault is None:
            return outcome
        assert failure_of(outcome.fault).rule.chances > 1, outcome.fault
        outcome = table.run(place, out=name, job=job)
    raise AssertionError(outcome.error)


def test_two_workers_and_one_process_agree_to_the_bit(
    table: Bench, whole: Outcome, pool: RayPool
) -> None:
    """Segments spread over two actors give the samples, maps and numbers of one process."""
    first = table.run(table.elsewhere(pool))
    assert facts_of(first) == facts_of(whole)
    until(lambda: len(pids(pool)) == 2)
    outcome = table.run(table.elsewhere(pool))
    assert facts_of(outcome) == facts_of(whole)
    told = operations_of(outcome)
    assert sorted(one["segment"] for one in told) == [*range(SEGMENTS)]
    assert {one["rendered_by"]["process"] for one in told} == {*pids(pool)}
    assert table.left(outcome.job) == []


def test_a_killed_worker_costs_what_it_had_not_finished(
    table: Bench, whole: Outcome, pool: RayPool
) -> None:
    """After SIGKILL of a busy actor another one renders the rest; the bits are the same."""

    def kill() -> None:
        busy = [int(str(one["pid"])) for one in pool.workers() if one["order"] is not None]
        for one in busy[:1] or pids(pool)[:1]:
            with suppress(ProcessLookupError):
                os.kill(one, signal.SIGKILL)

    outcome = table.run(table.elsewhere(pool), progress=Meddling(kill))
    assert facts_of(outcome) == facts_of(whole)
    assert table.left(outcome.job) == []


def test_a_stop_reaches_a_worker_within_its_segment(table: Bench, pool: RayPool) -> None:
    """A job that is stopped leaves its workers idle, and they serve the next."""

    def stop() -> None:
        raise StopAsked("canceled")

    outcome = table.run(table.elsewhere(pool), progress=Meddling(stop))
    assert outcome.state is State.CANCELED
    until(lambda: all(one["order"] is None for one in pool.workers()))


class Busy(SilentProgress):
    """A `Progress` that does something once, when a worker is at work."""

    def __init__(self, pool: RayPool, act: Callable[[int], None]) -> None:
        self._pool = pool
        self._act = act
        self._done = False

    def advance(self, steps: int = 1) -> None:
        """Act once."""
        busy = [one for one in self._pool.workers() if one["order"] is not None]
        if busy and not self._done:
            self._done = True
            self._act(int(str(busy[0]["pid"])))


def test_a_photograph_is_computed_by_an_actor_to_the_bit(
    album: Bench, pictured: Outcome, pool: RayPool
) -> None:
    """An actor gives the samples, the file, the laws and the maps of one process."""
    outcome = album.run(None, graph=DRAWN, photos=album.photos_elsewhere(pool))
    assert photo_facts_of(outcome) == photo_facts_of(pictured)
    (told,) = operations_of(outcome)
    assert told["rendered_by"]["pool"] == "ray"
    assert told["rendered_by"]["process"] in pids(pool)
    assert album.left(outcome.job) == []


def test_a_photograph_survives_its_actor(album: Bench, pictured: Outcome, pool: RayPool) -> None:
    """After SIGKILL of the actor in the middle another one computes the photograph."""
    killed: list[int] = []

    def kill(process: int) -> None:
        killed.append(process)
        with suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)

    place = album.photos_elsewhere(pool)
    outcome = album.run(None, graph=DRAWN, photos=place, progress=Busy(pool, kill))
    assert photo_facts_of(outcome) == photo_facts_of(pictured)
    assert len(killed) == 1
    (told,) = operations_of(outcome)
    assert told["rendered_by"]["process"] != killed[0]
    assert album.left(outcome.job) == []


def test_a_stop_reaches_the_actor_of_a_photograph(album: Bench, pool: RayPool) -> None:
    """A photograph that is stopped leaves its worker idle."""

    def stop(_process: int) -> None:
        raise StopAsked("canceled")

    place = album.photos_elsewhere(pool)
    outcome = album.run(None, graph=DRAWN, photos=place, progress=Busy(pool, stop))
    assert outcome.state is State.CANCELED
    until(lambda: all(one["order"] is None for one in pool.workers()))


def test_a_killed_node_is_survived(
    table: Bench, whole: Outcome, pool: RayPool, cluster: TemporaryRay
) -> None:
    """After SIGKILL of a node in the middle the job is done at the latest when tried again."""
    place, job = table.elsewhere(pool), JOB.format(1)
    first = table.run(place, out="node", job=job, progress=Meddling(cluster.kill_node))
    outcome = again_until_done(table, place, first, "node", job)
    assert facts_of(outcome) == facts_of(whole)
    assert table.left(outcome.job) == []


def test_a_killed_head_fails_the_attempt_and_nothing_waits(
    table: Bench, whole: Outcome, pool: RayPool, told: RaySettings, cluster: TemporaryRay
) -> None:
    """Without its head a pool is lost within a bounded time; a new head does what is left."""
    job = JOB.format(2)
    pool.close()  # its idle workers hold what is left of the pool
    with held(replace(told, address=cluster.address)) as lost_pool:
        began = time.monotonic()
        place = table.elsewhere(lost_pool)
        lost = table.run(place, out="head", job=job, progress=Meddling(cluster.kill_head))
        if lost.fault is not None:
            assert isinstance(lost.fault, ComputeError)
            assert failure_of(lost.fault).rule.chances > 1
        assert time.monotonic() - began < 400
    cluster.start_head()
    with held(replace(told, address=cluster.address)) as new_pool:
        place = table.elsewhere(new_pool)
        outcome = table.run(place, out="head", job=job)
        assert facts_of(outcome) == facts_of(whole)
    assert table.left(outcome.job) == []


def test_nothing_of_a_pool_listens_outside_this_machine(cluster: TemporaryRay) -> None:
    """Every listening socket of every process of the head is on loopback."""
    assert cluster.head is not None
    found = [address for one in family(cluster.head.pid) for address in listening(one)]
    assert found
    assert [one for one in found if not one.startswith("127.")] == []


def test_who_has_another_token_is_refused(cluster: TemporaryRay, tmp_path: Path) -> None:
    """The pool answers nobody without its token."""
    other = own_token(tmp_path / "token")
    said = cluster.evident(
        "compute", "status", cluster.address, "--json", EVIDENT_COMPUTE_TOKEN=str(other)
    )
    assert said.returncode == 1, said.stderr
    assert cluster.evident("compute", "status", cluster.address).returncode == 0


def listening(process: int) -> list[str]:
    """Addresses on which a process listens; those of IPv4 as IPv4, however they are mapped."""
    held: set[str] = set()
    with suppress(OSError):
        for link in Path(f"/proc/{process}/fd").iterdir():
            with suppress(OSError):
                held.add(str(link.readlink()))
    found = []
    for table in ("tcp", "tcp6"):
        for line in Path("/proc/net", table).read_text().splitlines()[1:]:
            words = line.split()
            if words[3] == LISTENS and f"socket:[{words[9]}]" in held:
                found.append(_address(words[1].partition(":")[0]))
    return found


def _address(digits: str) -> str:
    words = [digits[at : at + 8] for at in range(0, len(digits), 8)]
    raw = b"".join(struct.pack("=I", int(word, 16)) for word in words)
    if len(raw) == 4:
        return socket.inet_ntop(socket.AF_INET, raw)
    text = socket.inet_ntop(socket.AF_INET6, raw)
    return text.removeprefix("::ffff:")
