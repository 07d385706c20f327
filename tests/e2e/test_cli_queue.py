"""`evident queue`: whoever runs the platform sees how the queue stands, and sets what it may do."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pipelines.errors import NotMediaError
from services.database.database import Database
from services.database.migrate import upgrade
from services.jobs.failures import failure_of
from tests.contract.jobs_kit import Desk, desk
from tests.e2e.command_kit import Evident


@pytest.fixture
def records(tmp_path: Path) -> Iterator[Desk]:
    """The records of the command line's home, with one job in them."""
    (tmp_path / "home").mkdir(mode=0o700)
    url = f"sqlite:///{tmp_path / 'home' / 'records.db'}"
    database = Database(url)
    upgrade(database)
    database.close()
    with desk(url) as opened:
        opened.submit()
        yield opened


def test_a_paused_lane_begins_nothing_until_it_goes_on(evident: Evident, records: Desk) -> None:
    """Pausing holds back what is ready, says who did it, and resuming lets it go."""
    assert "photo: 1 ready" in evident("queue", "lanes").out
    paused = evident("queue", "pause", "photo", "--because", "a new driver", "--json")
    assert (paused.code, paused.json["lane"]) == (0, "photo")
    assert records.jobs.claim(["photo"], "w") is None
    (lane,) = evident("queue", "lanes", "--json").json["lanes"]
    assert lane["paused_by"] == paused.json["paused_by"]
    assert evident("queue", "resume", "photo").code == 0
    assert records.jobs.claim(["photo"], "w") is not None
    wrong = evident("queue", "pause", "phto", "--because", "x")
    assert wrong.code == 2
    assert "photo, video" in wrong.err


def test_limits_are_set_shown_and_taken_away(evident: Evident, records: Desk) -> None:
    """A project's share and limits change one by one, a network's limit by itself."""
    assert evident("queue", "project", "p", "--share", "3", "--running", "2").code == 0
    found = evident("queue", "project", "p", "--queued", "9", "--running", "0", "--json")
    (one,) = found.json["projects"]
    assert (one["share"], one["running_limit"], one["queued_limit"]) == (3, None, 9)
    assert "harbour" in evident("queue", "project", "harbour", "--share", "2").out
    assert records.controls.project("harbour") is not None
    assert evident("queue", "project", "Not A Name", "--share", "2").code == 2
    assert evident("queue", "project", "nobody").code == 2
    assert evident("queue", "project", "--share", "2").code == 2
    assert evident("queue", "network", "net-1", "--running", "2", "--json").json["networks"] == {
        "net-1": 2
    }
    assert evident("queue", "network", "net-1", "--running", "0").out.strip() == (
        "No network has a limit."
    )


def test_what_was_given_up_is_shown_with_its_reason_and_sent_back(
    evident: Evident, records: Desk
) -> None:
    """A dead letter names its diagnosis, its class is resolved in words, its job goes back."""
    claim = records.claim()
    records.jobs.fail(claim, failure_of(NotMediaError("That is no picture.")))
    assert "That is no picture." in evident("queue", "dead").out
    assert evident("queue", "dead", "--project", "other", "--json").json["dead"] == []
    (error,) = evident("queue", "errors", "--json").json["errors"]
    done = evident("queue", "resolve", error["name"], "--because", "told the sender")
    assert done.code == 0
    assert "told the sender" in evident("queue", "errors").out
    sent = evident("queue", "retry", claim.job, "--json")
    assert sent.json["jobs"] == [{"job_id": claim.job, "state": "queued"}]
    assert evident("queue", "dead").out.strip() == "Nothing was given up."
    assert evident("queue", "retry", claim.job).code == 2
