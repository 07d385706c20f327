"""The log's copy in a store, of each kind: whole, checkable, and no second log beside it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest

from pipelines.errors import EvidenceError, RequestError, ResourceError
from pipelines.evidence.tiles import tile_path
from pipelines.ports import SilentProgress
from services.provenance.fsck import check_log
from services.provenance.local_log import LocalLog, system_clock
from services.provenance.log_copy import Copied, LogCopy, fetch_copy
from services.provenance.published_log import PublishedLog
from services.storage.errors import ObjectLockedError
from services.storage.keys import CHECKPOINTS, LOG_FILES, LOG_KEYS, log_file_key
from services.storage.opening import open_folder, open_s3
from services.storage.port import ObjectStore, Storage
from tests.servers.temporary_s3 import new_bucket
from tests.unit.services.provenance.view_kit import writing


class Failing:
    """A store that is gone after some puts."""

    def __init__(self, store: ObjectStore, puts: int) -> None:
        self._store = store
        self._left = puts

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def put(self, *args: Any, **options: Any) -> Any:
        """Store it, or be gone."""
        if not self._left:
            raise ResourceError("gone")
        self._left -= 1
        return self._store.put(*args, **options)


@pytest.fixture(params=["folder", "ceph"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Storage:
    """An empty store of each kind that can keep a log."""
    if request.param == "folder":
        return open_folder(tmp_path / "store")
    return open_s3(new_bucket(request.getfixturevalue("ceph_address"), prefix="evident/"))


def filled(log: LocalLog, numbers: Iterable[int]) -> None:
    """Record and seal entries."""
    log.record_many((f"job-{one % 3}", "test", {"number": one}) for one in numbers)
    log.publish()


def public(home: Path) -> Path:
    """The public folder of the log under `home`."""
    return home / "log" / "public"


def checked(store: ObjectStore, folder: Path) -> int:
    """Fetch the copy and check it as a stranger would; return its leaves."""
    leaves = fetch_copy(store, folder)
    assert check_log(PublishedLog(folder), progress=SilentProgress()).head.size == leaves
    return leaves


def test_a_copy_grows_with_the_log_and_checks_as_a_whole(store: Storage, tmp_path: Path) -> None:
    """After each round a stranger finds a whole log in the store, whatever heads lay between."""
    copies = LogCopy(store.objects, public(tmp_path), system_clock)
    with writing(tmp_path) as log:
        at = 0
        for number, size in enumerate((3, 255, 256, 300, 1030)):
            filled(log, range(at, (at + size) // 2))
            filled(log, range((at + size) // 2, size))
            at = size
            assert copies.copy().size == size
            assert copies.copy() == Copied(size, 0)
            assert checked(store.objects, tmp_path / f"copy-{number}") == size
    fresh = LogCopy(store.objects, public(tmp_path), system_clock)
    assert fresh.copy() == Copied(1030, 0)


def test_a_round_that_was_cut_short_is_finished_by_the_next(store: Storage, tmp_path: Path) -> None:
    """Wherever a round ends, no head speaks of what is not there, and the next one completes it."""
    with writing(tmp_path) as log:
        filled(log, range(300))
        puts = 0
        while True:
            gone = cast(ObjectStore, Failing(store.objects, puts))
            try:
                done = LogCopy(gone, public(tmp_path), system_clock).copy()
            except ResourceError:
                assert not list(store.objects.list(CHECKPOINTS))
                puts += 1
            else:
                break
    assert (done.size, done.files, puts > 3) == (300, 1, True)
    assert checked(store.objects, tmp_path / "copy") == 300


def test_a_second_log_finds_the_first_in_its_place(store: Storage, tmp_path: Path) -> None:
    """Of two logs on one store the second is refused, and what the first put stays as it was."""
    for name in ("one", "two"):
        with writing(tmp_path / name) as log:
            filled(log, range(5 if name == "one" else 9))
    LogCopy(store.objects, public(tmp_path / "one"), system_clock).copy()
    with pytest.raises(EvidenceError, match="another checkpoints/5"):
        LogCopy(store.objects, public(tmp_path / "two"), system_clock).copy()
    assert checked(store.objects, tmp_path / "copy") == 5


def test_rivals_that_have_looked_already_cannot_both_go_on(store: Storage, tmp_path: Path) -> None:
    """Where a rival was between the look and the first put, no head is put on top of its files."""
    copies = []
    for name in ("one", "two"):
        with writing(tmp_path / name) as log:
            filled(log, range(5))
        copies.append(LogCopy(store.objects, public(tmp_path / name), system_clock))
    # What a third one has put between their look and their first put.
    store.objects.put(log_file_key(tile_path(0, 0, 5)), [b"another"])
    for one in copies:
        with pytest.raises(EvidenceError, match="another tile"):
            one.copy()
    assert not list(store.objects.list(CHECKPOINTS))


def test_a_log_that_was_set_back_is_refused(store: Storage, tmp_path: Path) -> None:
    """A log with fewer leaves than the store knows of is said to have been set back."""
    copies = LogCopy(store.objects, public(tmp_path), system_clock)
    with writing(tmp_path) as log:
        filled(log, range(5))
        copies.copy()
    with writing(tmp_path / "older") as log:
        filled(log, range(3))
    older = LogCopy(store.objects, public(tmp_path / "older"), system_clock)
    with pytest.raises(EvidenceError, match="set back"):
        older.copy()


def test_what_is_fetched_goes_into_an_empty_folder(store: Storage, tmp_path: Path) -> None:
    """Nothing is fetched over other files, and a store without a copy says so."""
    with pytest.raises(RequestError, match="no copy"):
        fetch_copy(store.objects, tmp_path / "copy")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "file").write_text("mine")
    with pytest.raises(RequestError, match="not empty"):
        fetch_copy(store.objects, tmp_path / "full")
    assert (tmp_path / "full" / "file").read_text() == "mine"


def test_a_locked_copy_cannot_be_taken_away(ceph_address: str, tmp_path: Path) -> None:
    """Where the store locks, neither heads nor tiles nor keys are removed before their time."""
    objects = open_s3(new_bucket(ceph_address, locks=True)).objects
    with writing(tmp_path) as log:
        filled(log, range(3))
    clock_now = datetime.now(UTC)
    LogCopy(objects, public(tmp_path), lambda: clock_now, lock_for=timedelta(days=1)).copy()
    kept = [
        one.key for prefix in (CHECKPOINTS, LOG_FILES, LOG_KEYS) for one in objects.list(prefix)
    ]
    assert len(kept) == 4
    for key in kept:
        with pytest.raises(ObjectLockedError):
            objects.delete(key)


def test_a_store_that_cannot_keep_a_log_is_refused(
    ceph_address: str, rclone_address: str, tmp_path: Path
) -> None:
    """Without refusing rivals, or without the lock that was asked for, nothing is copied."""
    with pytest.raises(RequestError, match="second writer"):
        LogCopy(open_s3(new_bucket(rclone_address)).objects, tmp_path, system_clock)
    with pytest.raises(RequestError, match="no object lock"):
        LogCopy(
            open_s3(new_bucket(ceph_address)).objects,
            tmp_path,
            system_clock,
            lock_for=timedelta(days=1),
        )
