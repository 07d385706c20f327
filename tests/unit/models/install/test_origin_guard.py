"""An origin that does not answer is left alone, by the files and the calls that come after."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from models.errors import InstallError
from models.install.fetching import ATTEMPTS, Fetching, done_with, fetch_file
from models.install.origin_guard import LIMIT, OriginAwayError, OriginGuard
from tests.unit.models.install.origin_kit import Server, origin_server, task


@pytest.fixture
def server() -> Iterator[Server]:
    """A server on loopback."""
    with origin_server() as made:
        yield made


def other(one: Fetching, name: str) -> Fetching:
    """Another file of the same origin."""
    return replace(one, official=replace(one.official, name=name))


class Clock:
    """A clock that is moved by hand."""

    now = 1_000_000.0

    def __call__(self) -> float:
        """Return the time."""
        return self.now


def test_the_rest_of_an_origin_is_refused_at_once(server: Server, tmp_path: Path) -> None:
    """After a file whose every attempt failed, the next of that origin is not asked for."""
    server.script = ["busy"]
    first = task(server, tmp_path)
    with pytest.raises(InstallError, match="503"):
        fetch_file(first)
    assert len(server.seen) == ATTEMPTS == LIMIT
    with pytest.raises(OriginAwayError, match=f"{server.host} did not answer") as refused:
        fetch_file(other(first, "second.bin"))
    assert "--again" in refused.value.next_step
    assert len(server.seen) == ATTEMPTS, "nobody was asked"


def test_another_origin_is_asked_all_the_same(server: Server, tmp_path: Path) -> None:
    """What one origin does is not held against another."""
    server.script = ["busy"]
    with pytest.raises(InstallError):
        fetch_file(task(server, tmp_path))
    with origin_server() as well:
        assert fetch_file(task(well, tmp_path)).stat().st_size


def test_one_attempt_decides_after_the_while(server: Server, tmp_path: Path) -> None:
    """A while later one attempt is made: it doubles the while, or ends it."""
    clock = Clock()
    wanted = replace(task(server, tmp_path), clock=clock)
    server.script = ["busy"]
    with pytest.raises(InstallError):
        fetch_file(wanted)
    clock.now += 61
    with pytest.raises(InstallError, match="503"):
        fetch_file(wanted)
    assert len(server.seen) == ATTEMPTS + 1
    clock.now += 61
    with pytest.raises(OriginAwayError):
        fetch_file(wanted)
    clock.now += 60
    server.script = ["whole"]
    done_with(fetch_file(wanted))
    assert list(tmp_path.iterdir()) == [], "nothing is left of what was known"


def test_bytes_that_come_are_an_answer(server: Server, tmp_path: Path) -> None:
    """An origin that breaks off in the middle is not one that does not answer."""
    server.script = ["cut", *["busy"] * (ATTEMPTS - 1)]
    wanted = task(server, tmp_path)
    with pytest.raises(InstallError):
        fetch_file(wanted)
    assert not wanted.guard.is_away


def test_a_refusal_is_an_answer(server: Server, tmp_path: Path) -> None:
    """A file that is not there says nothing against its origin."""
    server.script = ["busy", "busy", "missing"]
    wanted = task(server, tmp_path)
    with pytest.raises(InstallError, match="404"):
        fetch_file(wanted)
    wanted.guard.failed()
    assert not wanted.guard.is_away


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", '{"failures": 9, "pauses": 1, "until": 9e99}', '{"failures": "x"}', "\xff"],
)
def test_a_state_that_makes_no_sense_is_none(tmp_path: Path, text: str) -> None:
    """A file that was damaged, or written by a clock that went wrong, shuts nobody out."""
    guard = OriginGuard(tmp_path, "host:1", Clock())
    guard.failed()
    (file,) = (tmp_path / ".origins").iterdir()
    file.write_bytes(text.encode("latin-1"))
    guard.require()
    assert not guard.is_away


def test_a_host_cannot_name_a_file_elsewhere(tmp_path: Path) -> None:
    """What stands in an address stays within the folder of states."""
    OriginGuard(tmp_path, "../../x/..", Clock()).failed()
    assert [path.parent.parent for path in tmp_path.rglob("*.json")] == [tmp_path]


def test_an_old_state_is_forgotten(tmp_path: Path) -> None:
    """A day later the origin has all its attempts again."""
    clock = Clock()
    guard = OriginGuard(tmp_path, "host", clock)
    for _ in range(LIMIT):
        guard.failed()
    assert guard.is_away
    clock.now += 86_400
    guard.failed()
    assert not guard.is_away
