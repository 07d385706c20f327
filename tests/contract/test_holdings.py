"""Who brought, took, keeps and gives up an artifact: rows and entries, on either database."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from services.database.tables import pending_entries
from services.jobs.artifacts import Artifact
from services.jobs.errors import HeldError, UnknownArtifactError
from services.jobs.holdings import Holdings
from tests.contract.jobs_kit import ACTOR, Desk

SHA256 = "c" * 64
DIGEST = f"sha256:{SHA256}"
STORED = Artifact(DIGEST, "artifacts/cc/" + "c" * 32, 5, "video/mp4")
AGAIN = Artifact(DIGEST, "artifacts/dd/" + "d" * 32, 5, "video/mp4")
GRACE = timedelta(hours=1)
BY: dict[str, Any] = {"principal": "keeper", "request": "r-9"}


@pytest.fixture
def desk(url: str) -> Iterator[Desk]:
    """A desk with a project `p`."""
    made = Desk(url)
    yield made
    made.database.close()


@pytest.fixture
def holdings(desk: Desk) -> Holdings:
    """The holdings, with one artifact that `p` uploaded."""
    made = Holdings(desk.database, actor=ACTOR)
    made.upload("p", STORED, name="clip.mp4", principal="bringer", request="r-1")
    return made


def history(desk: Desk) -> list[tuple[int, str, dict[str, Any]]]:
    """The entries of the artifact that wait for the sealer."""
    with desk.database.reading() as connection:
        found = connection.execute(
            select(pending_entries)
            .where(pending_entries.c.job == DIGEST)
            .order_by(pending_entries.c.sequence)
        )
        return [(row.sequence, row.kind, row.body) for row in found]


def kinds(desk: Desk) -> list[str]:
    """The kinds of the artifact's entries, whose numbers must have no gap."""
    found = history(desk)
    assert [number for number, _, _ in found] == list(range(len(found)))
    return [kind for _, kind, _ in found]


def test_an_upload_is_an_entry_that_names_who_brought_it(desk: Desk, holdings: Holdings) -> None:
    """The row and the entry of an upload say the same."""
    del holdings
    [(_, kind, body)] = history(desk)
    assert kind == "upload"
    assert body["principal"] == "bringer"
    assert body["outputs"] == [
        {"sha256": SHA256, "bytes": 5, "name": "clip.mp4", "role": "received"}
    ]


def test_bytes_that_come_again_keep_their_first_key(desk: Desk, holdings: Holdings) -> None:
    """A second upload is an entry of its own, and its object may be thrown away."""
    known = holdings.upload("p", AGAIN, name="copy.mp4", principal="other", request="r-2")
    assert known.object_key == STORED.object_key
    assert kinds(desk) == ["upload", "upload"]


def test_an_access_is_one_entry_for_a_quarter_of_an_hour(desk: Desk, holdings: Holdings) -> None:
    """Many downloads by one person are one entry; another person's or a later one is another."""

    def take(who: str) -> Artifact:
        return holdings.access("p", DIGEST, principal=who, means="download", request="r")

    for _ in range(3):
        assert take("ann") == STORED
        desk.forward(60)
    take("bob")
    desk.forward(900)
    take("ann")
    taken = [body["principal"] for _, kind, body in history(desk) if kind == "access"]
    assert taken == ["ann", "bob", "ann"]


def test_what_a_project_does_not_hold_it_cannot_take(desk: Desk, holdings: Holdings) -> None:
    """Another project's artifact is not there, and asking for it leaves no entry."""
    desk.project("q")
    for project, digest in (("q", DIGEST), ("p", "sha256:" + "e" * 64)):
        with pytest.raises(UnknownArtifactError):
            holdings.access(project, digest, principal="ann", means="download", request="r")
    assert kinds(desk) == ["upload"]


def test_what_is_kept_until_a_date_is_given_up_by_nobody(desk: Desk, holdings: Holdings) -> None:
    """Until then release is refused; the date is lengthened, never shortened."""
    until = desk.now + timedelta(days=30)
    holdings.retain("p", DIGEST, until=until, reason="appeal", **BY)
    with pytest.raises(HeldError, match="not shortened"):
        holdings.retain("p", DIGEST, until=until - timedelta(days=1), reason="oops", **BY)
    holdings.retain("p", DIGEST, until=until + timedelta(days=1), reason="appeal", **BY)
    desk.forward(30 * 86_400)
    with pytest.raises(HeldError, match="kept until 2026-02-02"):
        holdings.release("p", DIGEST, reason="over", **BY)
    desk.forward(86_400)
    holdings.release("p", DIGEST, reason="over", **BY)
    assert kinds(desk) == ["upload", "retention", "retention", "release"]
    befores = [body["before"] for _, kind, body in history(desk) if kind == "retention"]
    assert befores == [None, "2026-02-01T12:00:00.000000Z"]


def test_what_an_unfinished_job_needs_is_not_given_up(desk: Desk, holdings: Holdings) -> None:
    """While a job waits its input stays; once it is canceled the hold can end."""
    job = desk.submit(inputs=(DIGEST,))
    with pytest.raises(HeldError, match="job"):
        holdings.release("p", DIGEST, reason="over", **BY)
    desk.jobs.cancel(job, by="ann")
    holdings.release("p", DIGEST, reason="over", **BY)
    with pytest.raises(UnknownArtifactError):
        holdings.access("p", DIGEST, principal="ann", means="download", request="r")


def test_what_nobody_holds_is_deleted_after_a_grace(desk: Desk, holdings: Holdings) -> None:
    """The object goes after the entry that says so, once, and only when the grace is over."""
    removed: list[str] = []
    assert holdings.delete_unheld(removed.append, grace=GRACE) == 0
    holdings.release("p", DIGEST, reason="over", **BY)
    assert holdings.delete_unheld(removed.append, grace=GRACE) == 0
    desk.forward(3601)
    assert holdings.delete_unheld(removed.append, grace=GRACE) == 1
    assert holdings.delete_unheld(removed.append, grace=GRACE) == 0
    assert removed == [STORED.object_key]
    assert kinds(desk) == ["upload", "release", "deletion"]
    assert holdings.living([STORED.object_key]) == set()


def test_a_hold_in_the_grace_keeps_the_bytes(desk: Desk, holdings: Holdings) -> None:
    """Somebody who uploads the same bytes meanwhile finds them living, under the first key."""
    holdings.release("p", DIGEST, reason="over", **BY)
    desk.forward(3000)
    known = holdings.upload("p", AGAIN, name="clip.mp4", principal="ann", request="r")
    assert known.object_key == STORED.object_key
    desk.forward(3000)
    assert holdings.delete_unheld(lambda _: pytest.fail("deleted"), grace=GRACE) == 0


def test_bytes_that_were_deleted_live_again_under_a_new_key(desk: Desk, holdings: Holdings) -> None:
    """The history goes on where it was: numbers never begin anew."""
    holdings.release("p", DIGEST, reason="over", **BY)
    desk.forward(3601)
    holdings.delete_unheld(lambda _: None, grace=GRACE)
    known = holdings.upload("p", AGAIN, name="clip.mp4", principal="ann", request="r")
    assert known == AGAIN
    assert holdings.access("p", DIGEST, principal="ann", means="download", request="r") == AGAIN
    assert kinds(desk) == ["upload", "release", "deletion", "upload", "access"]


def test_an_object_that_could_not_be_removed_has_no_row_that_lives(
    desk: Desk, holdings: Holdings
) -> None:
    """Where the store fails the deletion stands, and the object is no one's."""
    holdings.release("p", DIGEST, reason="over", **BY)
    desk.forward(3601)

    def fail(key: str) -> None:
        raise ConnectionError(key)

    with pytest.raises(ConnectionError):
        holdings.delete_unheld(fail, grace=GRACE)
    assert kinds(desk)[-1] == "deletion"
    assert holdings.living([STORED.object_key]) == set()
