"""Photographs that a pool computes: the same samples, what is lost, what is told of."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from pipelines.ports import SilentProgress
from pipelines.run import clip_part
from pipelines.run.job import Outcome, State, StopAsked
from services.compute.errors import NotFinishedError, PoolLostError
from services.compute.finished_photo import FinishedPhoto, read_finished_photo
from services.compute.order import Ended, Order, Stored
from services.compute.work_objects import job_token
from services.jobs.errors import WorkerLostError
from tests.e2e.command_kit import entries_of, textured
from tests.servers.compute_kit import (
    Bench,
    Threads,
    mixing,
    operations_of,
    photo_facts_of,
    repeats_of,
    table_with,
)

JOB = "2f1f2f64-7c6c-4f0e-9b0e-0d6f6f1d2a{}"
TRAINED = mixing([{"op": "sharpen"}, {"op": "super_resolve"}])
STORED = Stored(f"work/{'a' * 32}/{'b' * 32}", "c" * 64, 5)
PHOTO = FinishedPhoto("d" * 64, b"\1" * 32, (STORED,) * 3, ("smaller tiles",), {"pool": "p"})


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """A photograph that is turned, and one store."""
    folder = tmp_path_factory.mktemp("table")
    path, exif = folder / "photo.png", Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(textured(60, 90)).save(path, exif=exif)
    with table_with(folder, path) as opened:
        yield opened


@pytest.fixture(scope="module")
def whole(table: Bench) -> Outcome:
    """The job as one process does it."""
    return table.run(None, graph=TRAINED)


def threads(table: Bench, tmp_path: Path, **told: Any) -> Threads:
    """A pool of threads."""
    return Threads(table.store, tmp_path / "pool", **told)


def run(table: Bench, pool: Threads, **more: Any) -> Outcome:
    """The job with a pool."""
    return table.run(None, graph=TRAINED, photos=table.photos_elsewhere(pool), **more)


def test_a_worker_and_one_process_agree_to_the_bit(
    table: Bench, whole: Outcome, tmp_path: Path
) -> None:
    """Samples, plan, laws and maps are those of one process, and the entry says where."""
    pool = threads(table, tmp_path)
    outcome = run(table, pool)
    assert photo_facts_of(outcome) == photo_facts_of(whole)
    (told,) = operations_of(outcome)
    assert told["rendered_by"]["pool"] == "threads"
    assert "rendered_by" not in operations_of(whole)[0]
    assert [order.index for order in pool.taken] == [None]
    assert table.left(outcome.job) == []
    assert outcome.bundle is not None
    kinds = [one["kind"] for one in entries_of(outcome.bundle)]
    assert kinds.index("plan") < kinds.index("operation") < kinds.index("laws")


def test_a_picture_that_nothing_changes_needs_no_worker(table: Bench, tmp_path: Path) -> None:
    """Where no operation runs there is nothing to compute, and nobody is asked."""
    pool = threads(table, tmp_path)
    graph = mixing()
    graph["stages"][1]["params"]["operations"] = []
    outcome = table.run(None, graph=graph, photos=table.photos_elsewhere(pool))
    assert outcome.error == ""
    assert pool.taken == []


def test_a_lost_worker_is_replaced(table: Bench, whole: Outcome, tmp_path: Path) -> None:
    """A photograph whose worker died before it had finished is computed by another."""
    pool = threads(table, tmp_path, count=1)
    rendered, lost = pool._work, []

    def work(task: Any) -> None:
        if not lost:
            lost.append(task)
            task.ended = Ended(lost=True)
        else:
            rendered(task)

    pool._work = work  # type: ignore[method-assign]
    outcome = run(table, pool)
    assert photo_facts_of(outcome) == photo_facts_of(whole)
    assert len(pool.taken) == 2


def test_workers_that_die_again_and_again_end_the_attempt(table: Bench, tmp_path: Path) -> None:
    """A photograph over which workers are lost each time is given up."""
    pool = threads(table, tmp_path)
    pool._work = lambda task: setattr(task, "ended", Ended(lost=True))  # type: ignore[method-assign]
    outcome = run(table, pool)
    assert isinstance(outcome.fault, WorkerLostError)


def test_what_a_lost_worker_had_finished_is_kept(
    table: Bench, whole: Outcome, tmp_path: Path
) -> None:
    """A worker that dies after it put its result costs nothing: the store has it."""
    pool = threads(table, tmp_path, meddle=lambda _order, _ended: Ended(lost=True))
    outcome = run(table, pool)
    assert photo_facts_of(outcome) == photo_facts_of(whole)
    assert len(pool.taken) == 1


def test_what_a_lost_driver_left_is_found(table: Bench, whole: Outcome, tmp_path: Path) -> None:
    """An attempt that ended while its worker went on leaves the result to the next one."""
    gone = Ended(lost=True, pool_lost=True)
    job = JOB.format("01")
    first = threads(table, tmp_path, meddle=lambda _order, _ended: gone)
    lost = run(table, first, out="left", job=job)
    assert isinstance(lost.fault, PoolLostError)
    second = threads(table, tmp_path)
    outcome = run(table, second, out="left", job=job)
    assert photo_facts_of(outcome) == photo_facts_of(whole)
    assert second.taken == []
    assert table.left(job) == []


def test_what_is_computed_twice_is_told_of_and_used_once(
    table: Bench, whole: Outcome, tmp_path: Path
) -> None:
    """A second copy is an entry; the result is made once."""
    twice: list[Order] = []
    pool = threads(table, tmp_path, count=1)

    def meddle(order: Order, ended: Ended) -> Ended:
        if not twice:
            twice.append(order)
            task = Threads(table.store, tmp_path / "again").submit(order)
            while task.ended is None:
                threading.Event().wait(0.05)
        return ended

    pool.meddle = meddle
    outcome = run(table, pool)
    assert photo_facts_of(outcome) == photo_facts_of(whole)
    assert len(operations_of(outcome)) == 1
    assert [(one["segment"], one["used"]) for one in repeats_of(outcome)] == [(0, False)]
    assert table.left(outcome.job) == []


class StopAtOnce(SilentProgress):
    """A `Progress` that stops the work as soon as a worker has it."""

    def __init__(self, pool: Threads) -> None:
        self._pool = pool

    def advance(self, steps: int = 1) -> None:
        """Stop."""
        if self._pool.taken:
            raise StopAsked("canceled")


def test_a_stop_reaches_the_worker(table: Bench, tmp_path: Path) -> None:
    """A job that is stopped stops its worker, and delivers nothing."""
    pool = threads(table, tmp_path)
    tasks: list[Any] = []
    rendered = pool._work

    def work(task: Any) -> None:
        tasks.append(task)
        assert task.stopped.wait(60)
        rendered(task)

    pool._work = work  # type: ignore[method-assign]
    outcome = run(table, pool, progress=StopAtOnce(pool))
    assert outcome.state is State.CANCELED
    assert [task.ended for task in tasks] == [Ended(stopped=True)]
    assert outcome.outputs == ()


def test_a_worker_that_decodes_otherwise_computes_nothing(
    table: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Samples other than those that the job's process decoded are named as the difference."""
    from services.compute import photo_elsewhere

    real = photo_elsewhere.part_of_photo

    def other(work: Any) -> Any:
        part = real(work)
        return clip_part.Part(
            job=part.job,
            graph=part.graph,
            plan=part.plan,
            software=part.software,
            source=bytes(32),
        )

    monkeypatch.setattr(photo_elsewhere, "part_of_photo", other)
    outcome = run(table, threads(table, tmp_path))
    assert "decodes to other samples" in outcome.error


def test_a_worker_with_other_builds_computes_nothing(
    table: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Versions other than those the job was planned with are named."""
    from pipelines.run import photo_part

    real = photo_part.software()
    monkeypatch.setattr(photo_part, "software", lambda: {**real, "numpy": "1.0"})
    outcome = run(table, threads(table, tmp_path))
    assert "numpy" in outcome.error
    assert outcome.state is State.FAILED


def test_rubbish_in_the_store_is_passed_over(table: Bench, whole: Outcome, tmp_path: Path) -> None:
    """What lies under a job's keys and is no finished photograph is removed, not used."""
    job = JOB.format("02")
    key = f"work/{job_token(job)}/done-000000-{'0' * 32}"
    table.store.put(key, [b'{"version": 1}'])  # type: ignore[arg-type]
    outcome = run(table, threads(table, tmp_path), job=job)
    assert photo_facts_of(outcome) == photo_facts_of(whole)
    assert table.left(job) == []


def test_samples_other_than_those_stated_end_the_attempt(table: Bench, tmp_path: Path) -> None:
    """A worker's word for its samples is held against them, and a wrong one is not met again."""
    job = JOB.format("03")
    pool = threads(table, tmp_path)

    def meddle(order: Order, ended: Ended) -> Ended:
        for facts in [*table.store.list(f"work/{order.job}/done-")]:  # type: ignore[arg-type]
            with table.store.open(facts.key) as pieces:
                told = json.loads(b"".join(pieces))
            told["samples"] = "00" * 32
            table.store.delete(facts.key)
            table.store.put(facts.key, [json.dumps(told).encode()])
        return ended

    pool.meddle = meddle
    outcome = run(table, pool, out="wrong", job=job)
    assert isinstance(outcome.fault, NotFinishedError)
    assert not [one for one in table.left(job) if "done-" in one]


def test_a_finished_photograph_is_spelt_and_read() -> None:
    """What a worker says comes back as it was said; anything else is refused."""
    assert read_finished_photo(PHOTO.dump()) == PHOTO
    record = json.loads(PHOTO.dump())
    for change in (
        {"version": 2},
        {"planes": []},
        {"planes": record["planes"] * 2},
        {"planes": [{**record["planes"][0], "key": "../x"}]},
        {"samples": "no"},
        {"where": None},
    ):
        with pytest.raises(NotFinishedError):
            read_finished_photo(json.dumps({**record, **change}).encode())
    for data in (b"", b"[]", b"\xff", np.zeros(4).tobytes()):
        with pytest.raises(NotFinishedError):
            read_finished_photo(data)
