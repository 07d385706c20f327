"""The same plan over the same bytes is computed once, and the second job's evidence says so."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pipelines.evidence.verify import verify_bundle
from pipelines.graph.expand import Pipeline, Wish, expand
from pipelines.graph.spec import Preset
from services.jobs.holdings import Holdings
from services.jobs.values import JobView
from services.storage.keys import RENDERINGS
from tests.integration.platform_kit import ACTOR, Platform, picture, platform
from tests.servers.compute_kit import small_clip


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    """One platform on SQLite and folders."""
    home = tmp_path_factory.mktemp("home")
    with platform(f"sqlite:///{home}/records.db", home) as opened:
        yield opened


def done(running: Platform, digest: str, pipeline: Pipeline, *, language: str = "en") -> JobView:
    """Have a file enhanced, and return the job when it is done."""
    graph = expand(pipeline, Preset.BALANCED, digest, Wish(scale=1, credentials="none"))
    job = running.submit(
        digest,
        pipeline=pipeline,
        preset=graph.preset.value,
        graph=graph.canonical(),
        graph_sha256=graph.digest(),
        details={"language": language},
    )
    view = running.wait(job, seconds=300)
    assert view.state == "done", view.error
    return view


def read(running: Platform, view: JobView, name: str) -> bytes:
    """Read an output of a job by its name."""
    return running.read(next(one.artifact for one in view.outputs if one.name == name))


def entries(running: Platform, view: JobView) -> list[dict[str, Any]]:
    """Return the entries of a job."""
    running.pending.drain()
    return [json.loads(one) for one in running.log.entries(view.id)]


def told(running: Platform, view: JobView) -> Any:
    """Return what a job's report says about the run."""
    return json.loads(read(running, view, "report.json"))["facts"]["run"]


def holds(running: Platform, first: JobView, second: JobView) -> None:
    """The second took what the first rendered, says so, and proves its own result."""
    assert first.outputs[0].artifact == second.outputs[0].artifact
    assert told(running, first).get("reused_from") is None
    assert told(running, second)["reused_from"] == first.id
    reused = [one for one in entries(running, second) if one["kind"] == "reused"]
    assert [one["body"]["job"] for one in reused] == [first.id]
    assert reused[0]["body"]["outputs"]
    rendered = [one for one in entries(running, second) if one["kind"] == "operation"]
    assert rendered
    assert all(one["body"]["rendered_by"] == {"job": first.id} for one in rendered)
    verdict = verify_bundle(io.BytesIO(read(running, second, "bundle.zip")))
    assert verdict.first_failure is None


def test_a_photograph_is_computed_once(running: Platform) -> None:
    """A second job over the same photograph takes the samples of the first, and says so."""
    digest = running.upload(picture(1))
    first = done(running, digest, "photo")
    holds(running, first, done(running, digest, "photo"))


def test_a_clip_is_rendered_once(running: Platform, tmp_path: Path) -> None:
    """A second job over the same clip takes the segments of the first, and says so."""
    digest = running.upload(small_clip(tmp_path / "clip.mp4").read_bytes(), "clip.mp4")
    first = done(running, digest, "video")
    holds(running, first, done(running, digest, "video", language="ru"))


def test_what_was_given_up_is_not_taken(running: Platform) -> None:
    """Once a project gave a result up, nothing of that job is used for another."""
    digest = running.upload(picture(2))
    first = done(running, digest, "photo")
    Holdings(running.database, actor=ACTOR).release(
        "p", first.outputs[0].artifact, reason="asked for", principal="me", request="r"
    )
    again = done(running, digest, "photo")
    assert told(running, again).get("reused_from") is None
    assert not [one for one in entries(running, again) if one["kind"] == "reused"]


def test_bytes_that_changed_are_not_taken(running: Platform) -> None:
    """A rendering that lacks its digest is computed again, and the job is none the worse."""
    digest = running.upload(picture(3))
    before = {one.key for one in running.store.list(RENDERINGS)}
    first = done(running, digest, "photo")
    for one in running.store.list(RENDERINGS):
        path = running.store.local_path(one.key)
        if one.key not in before and path is not None:
            path.chmod(0o600)
            path.write_bytes(b"x" + path.read_bytes()[1:])
    again = done(running, digest, "photo")
    assert told(running, again).get("reused_from") is None
    assert again.outputs[0].artifact == first.outputs[0].artifact
