"""What goes from the store and what stays, on either database."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from services.jobs.artifacts import Artifact
from services.jobs.holdings import Holdings
from services.orchestrator.housekeeping import LONGEST_UPLOAD, Housekeeping, Tidied
from services.storage.keys import artifact_key, upload_key
from services.storage.opening import open_folder
from services.storage.port import Storage
from tests.contract.jobs_kit import ACTOR, Desk

GRACE = timedelta(hours=1)
HELD, GIVEN_UP, STRAY = (artifact_key(letter * 32) for letter in "ef0")


@pytest.fixture
def desk(url: str) -> Iterator[Desk]:
    """A desk with a project `p`, its clock at today."""
    made = Desk(url)
    made.forward((datetime.now(UTC) - made.now).total_seconds())
    yield made
    made.database.close()


@pytest.fixture
def store(tmp_path: Path) -> Storage:
    """A store with an object that is held, one that will be given up, and one without a row."""
    storage = open_folder(tmp_path / "store")
    for key in (HELD, GIVEN_UP, STRAY):
        storage.objects.put(key, [key.encode()])
    return storage


@pytest.fixture
def holdings(desk: Desk) -> Holdings:
    """The rows of the first two."""
    made = Holdings(desk.database, actor=ACTOR)
    for letter, key in zip("12", (HELD, GIVEN_UP), strict=True):
        artifact = Artifact(f"sha256:{letter * 64}", key, 3, "image/png")
        made.upload("p", artifact, name="a.png", principal="ann", request="r")
    return made


def keys(store: Storage) -> set[str]:
    """Everything in the store."""
    return {one.key for one in store.objects.list()}


def test_what_is_held_stays_and_the_rest_goes_after_its_grace(
    desk: Desk, store: Storage, holdings: Holdings
) -> None:
    """Given up and stray objects go when the grace is over, not before; held ones never."""
    tidy = Housekeeping(store, holdings, lambda: desk.now, grace=GRACE).tidy
    partial = store.partials.begin(artifact_key("d" * 32))
    store.partials.append(partial, 0, [b"half"])
    holdings.release("p", f"sha256:{'2' * 64}", reason="over", principal="ann", request="r")
    assert tidy() == Tidied(0, 0, 0)
    assert keys(store) == {HELD, GIVEN_UP, STRAY}
    desk.forward(3700)
    assert tidy() == Tidied(deleted=1, strays=1, uploads=1)
    assert keys(store) == {HELD}
    assert tidy() == Tidied(0, 0, 0)


def test_an_object_whose_removal_failed_goes_the_next_time(
    desk: Desk, store: Storage, holdings: Holdings
) -> None:
    """The deletion stands in the records; the object is found as one without a living row."""
    holdings.release("p", f"sha256:{'2' * 64}", reason="over", principal="ann", request="r")
    desk.forward(3700)
    assert holdings.delete_unheld(lambda _: None, grace=GRACE) == 1
    assert GIVEN_UP in keys(store)
    found = Housekeeping(store, holdings, lambda: desk.now, grace=GRACE).tidy()
    assert found == Tidied(deleted=0, strays=2, uploads=0)
    assert keys(store) == {HELD}


def test_the_terms_of_an_upload_go_after_its_longest_time(
    desk: Desk, store: Storage, holdings: Holdings
) -> None:
    """What was agreed when an upload began stays for as long as an upload may take, no longer."""
    tidy = Housekeeping(store, holdings, lambda: desk.now, grace=GRACE).tidy
    terms = upload_key("a" * 32)
    store.objects.put(terms, [b"{}"])
    desk.forward(LONGEST_UPLOAD.total_seconds() - 3600)
    tidy()
    assert terms in keys(store)
    desk.forward(2 * 3600)
    tidy()
    assert terms not in keys(store)
