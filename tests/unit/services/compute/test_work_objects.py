"""Temporary objects of running jobs: whose they are, when they go, and that they are whole."""

from __future__ import annotations

import uuid
from pathlib import Path

import pytest

from pipelines.errors import RequestError
from services.compute.finished import FinishedSegment, read_finished
from services.compute.work_objects import WorkObjects, job_token, sweep
from services.storage.errors import AlteredObjectError
from services.storage.keys import done_key, job_of_work, object_key, work_key
from services.storage.opening import open_folder
from services.storage.port import ObjectStore
from tests.unit.services.compute.test_ray_told import MARK, STORED

RUNNING, OVER = str(uuid.UUID(int=7)), str(uuid.UUID(int=8))
SEGMENT = FinishedSegment("d" * 64, MARK, {"segment-000000.mkv": STORED}, (), {})


@pytest.fixture
def store(tmp_path: Path) -> ObjectStore:
    """A store in a folder."""
    return open_folder(tmp_path / "store").objects


def test_only_what_is_over_is_swept(store: ObjectStore) -> None:
    """Objects of a running job stay, those of one that ended go, other objects are not touched."""
    running, over = (WorkObjects(store, job_token(job)) for job in (RUNNING, OVER))
    kept, _ = running.put(b"kept"), over.put(b"gone")
    over.finish(0, SEGMENT.dump())
    store.put(object_key("artifacts/aa/other"), [b"another's"])
    assert sweep(store, lambda job: job == OVER) == 2
    assert [one.key for one in store.list()] == ["artifacts/aa/other", kept.key]
    assert running.clear() == 1


def test_what_was_altered_is_not_taken(store: ObjectStore, tmp_path: Path) -> None:
    """Bytes that are not those that were put have no place in a work folder."""
    objects = WorkObjects(store, job_token(RUNNING))
    stored = objects.put(b"bytes")
    path = tmp_path / "fetched"
    path.write_bytes(b"older")
    objects.fetch(stored, path)
    assert path.read_bytes() == objects.read(stored) == b"bytes"
    place = store.local_path(object_key(stored.key))
    assert place is not None
    place.chmod(0o600)
    place.write_bytes(b"other")
    with pytest.raises(AlteredObjectError):
        objects.fetch(stored, path)
    assert not path.exists()


def test_a_finished_segment_is_told_once(store: ObjectStore) -> None:
    """Of two that finish the same segment both are there; what is known is passed over."""
    objects = WorkObjects(store, job_token(RUNNING))
    objects.finish(SEGMENT.mark.number, SEGMENT.dump())
    objects.finish(SEGMENT.mark.number, SEGMENT.dump())
    found = dict(objects.finished(set(), read_finished))
    assert [*found.values()] == [SEGMENT, SEGMENT]
    assert [*objects.finished(set(found), read_finished)] == []


def test_keys_say_whose_they_are() -> None:
    """A key of a running job names it; no other key does; numbers and letters have bounds."""
    job, token = job_token(RUNNING), "b" * 32
    assert job_of_work(work_key(job, token)) == job_of_work(done_key(job, 3, token)) == job
    assert job_of_work(object_key("artifacts/aa/other")) is None
    assert job_of_work(object_key("work/elsewhere/x")) is None
    for wrong in (-1, 1_000_000):
        with pytest.raises(RequestError):
            done_key(job, wrong, token)
    with pytest.raises(RequestError):
        work_key("..", token)


def test_a_transfer_is_ended_by_who_hears_of_it(store: ObjectStore, tmp_path: Path) -> None:
    """A worker that is told to stop while it fetches stops there, and leaves nothing of it."""
    objects = WorkObjects(store, job_token(RUNNING))
    stored = objects.put(bytes(3 << 20))
    heard: list[int] = []

    def stop() -> None:
        heard.append(1)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        objects.fetch(stored, tmp_path / "copy", heard=stop)
    assert heard == [1]
    assert not [one for one in tmp_path.iterdir() if one.name != "store"]
    objects.fetch(stored, tmp_path / "copy", heard=lambda: heard.append(2))
    assert (tmp_path / "copy").stat().st_size == stored.bytes
    assert heard.count(2) > 1
