"""A job's way through the platform in one process: from the store to the store, with its proof."""

from __future__ import annotations

import hashlib
import io
import time
from collections.abc import Iterator

import pytest

from pipelines.evidence.verify import verify_bundle
from tests.integration.platform_kit import Platform, picture, platform


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    """One platform on SQLite and folders."""
    home = tmp_path_factory.mktemp("home")
    with platform(f"sqlite:///{home}/records.db", home) as opened:
        yield opened


def test_a_photograph_comes_back_with_its_proof(running: Platform) -> None:
    """The results are in the store under their digests, and the bundle verifies."""
    job = running.submit(running.upload(picture(1)))
    view = running.wait(job)
    assert view.state == "done", view.error
    for output in view.outputs:
        data = running.read(output.artifact)
        assert output.artifact == f"sha256:{hashlib.sha256(data).hexdigest()}"
        assert output.bytes == len(data)
    names = [output.name for output in view.outputs]
    assert names[0] == "enhanced.png"
    assert "bundle.zip" in names
    bundle = running.read(view.outputs[names.index("bundle.zip")].artifact)
    verdict = verify_bundle(io.BytesIO(bundle))
    assert verdict.first_failure is None


def test_evidence_of_a_job_is_one_line_without_a_gap(running: Platform) -> None:
    """The submission's entry comes first, then the run's; the log holds each of them once."""
    job = running.submit(running.upload(picture(2)))
    assert running.wait(job).state == "done"
    running.pending.drain()
    kinds = [entry.split(b'"kind":"')[1].split(b'"')[0] for entry in running.log.entries(job)]
    assert kinds[:3] == [b"accepted", b"received", b"submission"]
    assert kinds.count(b"export") == 1
    assert running.pending.count()[0] == 0


def test_a_file_that_is_no_picture_fails_with_a_reason(running: Platform) -> None:
    """Nothing is tried again that cannot succeed, and the reason is one for a person."""
    view = running.wait(running.submit(running.upload(b"no picture at all", "note.png")))
    assert view.state == "failed"
    assert view.error is not None
    assert view.error.name == "UnknownFormatError"
    assert [stage.attempt for stage in view.stages] == [1]


def test_nothing_is_left_of_a_finished_job(running: Platform) -> None:
    """The folder that a job runs in goes once its results are on record."""
    job = running.submit(running.upload(picture(3, side=200)))
    running.wait(job, "running")
    assert running.wait(job).state == "done"
    deadline = time.monotonic() + 10
    while (running.work / job).exists():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_the_same_bytes_made_again_are_stored_once(running: Platform) -> None:
    """A result whose bytes are known already keeps its one object in the store."""
    digest = running.upload(picture(4))
    first, second = (running.wait(running.submit(digest)) for _ in range(2))
    same = {one.artifact for one in first.outputs} & {one.artifact for one in second.outputs}
    assert first.outputs[0].artifact in same
    for one in second.outputs:
        running.read(one.artifact)
