"""A job's folder on this machine: kept for the next attempt, never shared by two."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.errors import ResourceError
from services.orchestrator.job_folders import JobFolders

JOB = "0f4ccf2c-8c7c-4f0a-8f0e-3f8f0a5f7c11"


def test_the_next_attempt_goes_on_in_the_same_folder(tmp_path: Path) -> None:
    """What an attempt left is there for the one after it."""
    folders = JobFolders(tmp_path)
    with folders.held(JOB, 1) as home:
        (home / "mark").write_text("half")
    with folders.held(JOB, 2) as home:
        assert (home / "mark").read_text() == "half"


def test_an_attempt_that_overtook_another_works_elsewhere(tmp_path: Path) -> None:
    """While the overtaken one lives, no file of its is touched, and none of the new one's."""
    folders = JobFolders(tmp_path)
    with folders.held(JOB, 1) as old, folders.held(JOB, 2) as new:
        assert old != new
        with pytest.raises(ResourceError), folders.held(JOB, 2):
            pass


def test_a_folder_that_is_held_is_not_removed(tmp_path: Path) -> None:
    """What nobody works in goes with the job's end, the rest when its attempt has ended too."""
    folders = JobFolders(tmp_path)
    with folders.held(JOB, 1) as old:
        with folders.held(JOB, 2):
            pass
        folders.remove(JOB)
        assert list(tmp_path.iterdir()) == [old]
        folders.tidy(lambda _job: True)
        assert list(tmp_path.iterdir()) == [old]
    folders.tidy(lambda job: job != JOB)
    assert list(tmp_path.iterdir()) == [old]
    folders.tidy(lambda job: job == JOB)
    assert list(tmp_path.iterdir()) == []
