"""What a run leaves on disk: folders that belong to one job, and marks that can be trusted."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from pipelines.errors import DiskFullError, RequestError
from pipelines.run.background import Background
from pipelines.run.durable_file import refusal, write_whole, writing
from pipelines.run.marks import (
    Mark,
    file_sha256,
    is_joined,
    load_mark,
    save_joined,
    save_mark,
    segment_path,
)
from pipelines.run.work_folder import WorkFolder

IDENTITY = {"version": 1, "input_sha256": "a", "graph_sha256": "b"}


def test_names_that_are_taken_get_a_number(tmp_path: Path) -> None:
    """Two jobs never share a folder."""
    with WorkFolder.claim(tmp_path, "a.png") as one, WorkFolder.claim(tmp_path, "a.png") as two:
        assert (one.home.name, two.home.name) == ("a.png", "a.png-2")


def test_a_failed_job_leaves_nothing(tmp_path: Path) -> None:
    """A folder that is not kept and holds no result disappears."""
    with WorkFolder.claim(tmp_path, "a.png") as folder:
        folder.record_job(IDENTITY)
    assert list(tmp_path.iterdir()) == []


def test_an_unfinished_job_is_found_by_what_it_is(tmp_path: Path) -> None:
    """The same file and graph take the folder up again; anything else does not."""
    with WorkFolder.claim(tmp_path, "a.png") as folder:
        folder.record_job(dict(IDENTITY))
        folder.keep = True
    assert WorkFolder.unfinished(tmp_path, "a.png", {**IDENTITY, "graph_sha256": "c"}) is None
    again = WorkFolder.unfinished(tmp_path, "a.png", IDENTITY)
    assert again is not None
    with again:
        assert again.job["input_sha256"] == "a"


def test_starting_over_forgets_all_but_the_job(tmp_path: Path) -> None:
    """A job that begins anew finds no mark, no segment and no map of before, and is still found."""
    with WorkFolder.claim(tmp_path, "a.png") as folder:
        folder.record_job(dict(IDENTITY))
        for name in ("segment-000000.json", "segment-000000.mkv", "index", "maps-3.json"):
            folder.path(name).touch()
        folder.start_over()
        assert [path.name for path in folder.work.iterdir()] == ["job.json"]
        assert folder.job == IDENTITY


def test_a_folder_that_is_held_is_refused(tmp_path: Path) -> None:
    """Two processes never work in one folder."""
    with WorkFolder.claim(tmp_path, "a.png") as folder:
        folder.record_job(dict(IDENTITY))
        with pytest.raises(RequestError, match="Another process"):
            WorkFolder.unfinished(tmp_path, "a.png", IDENTITY)


def test_results_go_into_a_folder_only(tmp_path: Path) -> None:
    """An output path that is a file is refused in words."""
    (tmp_path / "file").touch()
    with pytest.raises(RequestError, match="not a folder"):
        WorkFolder.claim(tmp_path / "file", "a.png")


def test_a_file_is_whole_or_absent(tmp_path: Path) -> None:
    """What fails while it is written leaves neither the name nor a part."""
    with pytest.raises(ZeroDivisionError), writing(tmp_path / "x") as file:
        file.write(b"half")
        raise ZeroDivisionError
    assert list(tmp_path.iterdir()) == []
    write_whole(tmp_path / "x", b"whole")
    assert (tmp_path / "x").read_bytes() == b"whole"


def test_a_full_disk_is_said_as_such() -> None:
    """No space is its own error, with advice."""
    error = refusal(Path("out/x"), OSError(28, "No space left on device"))
    assert isinstance(error, DiskFullError)
    assert "--resume" in error.next_step


def mark(work: Path) -> Mark:
    """Write a segment and return its mark."""
    path = segment_path(work, 3)
    path.write_bytes(b"coded")
    return Mark(3, 10, 12, file_sha256(path), 5, (b"\1" * 32, b"\2" * 32))


def test_a_mark_reads_back(tmp_path: Path) -> None:
    """A mark holds everything that is known about its segment."""
    made = mark(tmp_path)
    save_mark(tmp_path, made)
    assert load_mark(tmp_path, 3, first=10, stop=12) == made


@pytest.mark.parametrize("harm", ["other range", "other bytes", "no file", "half a mark"])
def test_a_mark_that_does_not_fit_counts_for_nothing(tmp_path: Path, harm: str) -> None:
    """A mark of another range, or whose file is another one, is as good as none."""
    save_mark(tmp_path, mark(tmp_path))
    first = 9 if harm == "other range" else 10
    if harm == "other bytes":
        segment_path(tmp_path, 3).write_bytes(b"other")
    if harm == "no file":
        segment_path(tmp_path, 3).unlink()
    if harm == "half a mark":
        path = tmp_path / "segment-000003.json"
        path.write_bytes(path.read_bytes()[:40])
    assert load_mark(tmp_path, 3, first=first, stop=12) is None


def test_a_joined_result_needs_no_segments(tmp_path: Path) -> None:
    """Once the result is checked, segments go and their marks still count."""
    save_mark(tmp_path, mark(tmp_path))
    result = tmp_path / "enhanced.mp4"
    result.write_bytes(b"joined")
    save_joined(tmp_path, result)
    assert not segment_path(tmp_path, 3).exists()
    assert is_joined(tmp_path, result)
    assert load_mark(tmp_path, 3, first=10, stop=12, joined=True) is not None
    result.write_bytes(b"other")
    assert not is_joined(tmp_path, result)


def test_background_work_keeps_its_order() -> None:
    """Pieces of work are done one after another, as they were given."""
    done: list[int] = []
    worker = Background("test", waiting=2)
    for number in range(20):
        worker.submit(lambda number=number: done.append(number))
    worker.drain()
    assert done == list(range(20))


def test_an_error_in_the_background_is_raised_here() -> None:
    """The first error stops the work and comes up in the caller."""
    worker = Background("test", waiting=2)

    def fail() -> None:
        raise ZeroDivisionError

    worker.submit(fail)
    with pytest.raises(ZeroDivisionError):
        for _ in range(200):
            worker.submit(lambda: time.sleep(0.001))
    worker.abandon(wait_seconds=1)
