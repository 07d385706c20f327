"""The memory of renderings: bytes come back as they were, and what is lost costs nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pipelines.errors import ResourceError
from services.database.database import Database
from services.database.migrate import upgrade
from services.jobs.renderings import Renderings
from services.orchestrator.rendered import JobMemory, Memories, MemoryRules
from services.storage.keys import RENDERINGS, rendering_key
from services.storage.opening import open_folder
from tests.contract.jobs_kit import DIGEST, RESULT, Desk

NAME = "c" * 64
LATER = datetime(2100, 1, 1, tzinfo=UTC)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """Migrated records with one project."""
    url = f"sqlite:///{tmp_path}/records.db"
    database = Database(url)
    upgrade(database)
    database.close()
    opened = Desk(url)
    yield opened
    opened.database.close()


@pytest.fixture
def memories(desk: Desk, tmp_path: Path) -> Memories:
    """A memory of ten thousand bytes."""
    store = open_folder(tmp_path / "artifacts").objects
    rules = MemoryRules(10_000, timedelta(days=7))
    return Memories(store, Renderings(desk.database), rules)


def remembered(desk: Desk, memories: Memories, folder: Path, data: bytes = b"samples") -> JobMemory:
    """The memory of a job that is done and has handed one file over."""
    desk.submit()
    mine = desk.claim()
    memory = memories.of(mine, DIGEST)
    assert memory is not None
    folder.mkdir()
    (folder / "plane-0.npy").write_bytes(data)
    memory.remember(NAME, [folder / "plane-0.npy"])
    desk.jobs.complete(mine, [RESULT])
    return memory


def stored(memories: Memories) -> list[str]:
    """The keys of all files that are kept."""
    return [one.key for one in memories.store.list(RENDERINGS)]


def recalled(memory: JobMemory, folder: Path) -> str | None:
    """Ask a memory, into a new folder."""
    folder.mkdir()
    return memory.recall(NAME, folder)


def test_what_is_remembered_comes_back(desk: Desk, memories: Memories, tmp_path: Path) -> None:
    """The files come back under their names with their bytes, with the job that made them."""
    memory = remembered(desk, memories, tmp_path / "in")
    assert recalled(memory, tmp_path / "out") == memory.job
    assert (tmp_path / "out" / "plane-0.npy").read_bytes() == b"samples"
    assert recalled(replace(memory, project="q"), tmp_path / "other") is None


def test_altered_bytes_are_forgotten(desk: Desk, memories: Memories, tmp_path: Path) -> None:
    """A file without its digest is not handed out, and is not asked for again."""
    memory = remembered(desk, memories, tmp_path / "in")
    (key,) = stored(memories)
    path = memories.store.local_path(rendering_key(key[-32:]))
    assert path is not None
    path.chmod(0o600)
    path.write_bytes(b"changed")
    assert recalled(memory, tmp_path / "out") is None
    assert memories.renderings.is_wanted("p", NAME)


def test_of_two_that_rendered_the_same_one_keeps_files(
    desk: Desk, memories: Memories, tmp_path: Path
) -> None:
    """What a second job stored meanwhile is removed at once, and the first job's is handed out."""
    first = remembered(desk, memories, tmp_path / "in")
    before = stored(memories)

    class Late(Renderings):
        def is_wanted(self, project: str, name: str) -> bool:
            return True

    late = replace(first, job="another", renderings=Late(desk.database))
    late.remember(NAME, [tmp_path / "in" / "plane-0.npy"])
    assert stored(memories) == before
    assert recalled(first, tmp_path / "out") == first.job


def test_what_is_too_large_is_not_kept(desk: Desk, memories: Memories, tmp_path: Path) -> None:
    """A rendering that would take most of the room is left out."""
    memory = remembered(desk, memories, tmp_path / "in", bytes(2_501))
    assert stored(memories) == []
    assert recalled(memory, tmp_path / "out") is None


def test_no_room_at_all_is_no_memory(desk: Desk, memories: Memories) -> None:
    """Where nothing may be kept, jobs have nobody to ask."""
    desk.submit()
    nothing = replace(memories, rules=MemoryRules(0, timedelta(days=7)))
    assert nothing.of(desk.claim(), DIGEST) is None


def test_a_store_that_is_away_costs_a_computation(
    desk: Desk, memories: Memories, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither asking nor handing over fails with the store: there is nothing to be had."""
    memory = remembered(desk, memories, tmp_path / "in")

    def away(*_: object, **__: object) -> None:
        raise ResourceError("away")

    monkeypatch.setattr(type(memories.store), "open", away)
    monkeypatch.setattr(type(memories.store), "put", away)
    assert recalled(memory, tmp_path / "out") is None
    memory.remember("d" * 64, [tmp_path / "in" / "plane-0.npy"])
    assert memories.renderings.is_wanted("p", "d" * 64)


def test_files_without_a_row_are_swept(desk: Desk, memories: Memories, tmp_path: Path) -> None:
    """What a death left between storing and naming goes after the grace; what is named stays."""
    remembered(desk, memories, tmp_path / "in")
    (named,) = stored(memories)
    memories.store.put(rendering_key("e" * 32), [b"left"])
    grace = timedelta(hours=1)
    assert memories.tidy(lambda: datetime.now(UTC), grace=grace) == 0
    assert memories.tidy(lambda: LATER, grace=grace) == 1
    assert stored(memories) == [named]
