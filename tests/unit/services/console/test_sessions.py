"""Sessions: sealed, with an end, of this home alone, and worth nothing without their token."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from hypothesis import given
from hypothesis import strategies as st

from pipelines.errors import EvidenceError
from services.console.sessions import (
    MOST_COOKIE_LETTERS,
    SECRET_FILE,
    SESSION_SECONDS,
    Session,
    Sessions,
    session_secret,
)

SECRET = Fernet.generate_key()


class Clock:
    """A clock that stands until it is moved."""

    now = 1_800_000_000.0

    def __call__(self) -> float:
        """Tell the time."""
        return self.now


class Ends(dict[str, float]):
    """Ends of sessions in memory."""

    def end(self, token: str, *, until: float) -> None:
        """Remember one."""
        self[token] = until

    def has(self, token: str) -> bool:
        """Whether it is known."""
        return token in self


def test_a_session_stands_for_its_key() -> None:
    """What was begun is read again, and the cookie does not show the key."""
    sessions = Sessions(Fernet.generate_key(), Clock(), Ends())
    begun = sessions.begin("ev_0123_secret")
    assert "secret" not in begun.cookie
    assert sessions.key_of(begun.cookie, None, changes=False) == "ev_0123_secret"
    assert sessions.key_of(begun.cookie, begun.csrf, changes=True) == "ev_0123_secret"


def test_what_changes_something_needs_the_token() -> None:
    """A cookie alone, or with another session's token, changes nothing."""
    sessions = Sessions(Fernet.generate_key(), Clock(), Ends())
    begun, other = sessions.begin("key"), sessions.begin("key")
    for token in (None, "", other.csrf, begun.csrf + "x", "é"):
        assert sessions.key_of(begun.cookie, token, changes=True) is None


def test_a_session_ends() -> None:
    """After its time a cookie stands for nobody."""
    clock = Clock()
    sessions = Sessions(Fernet.generate_key(), clock, Ends())
    begun = sessions.begin("key")
    clock.now += SESSION_SECONDS
    assert sessions.read(begun.cookie) is not None
    clock.now += 1
    assert sessions.read(begun.cookie) is None


def test_a_session_that_was_ended_stands_for_nobody() -> None:
    """Its cookie is refused and remembered as long as it could be used; others stay."""
    clock, ends = Clock(), Ends()
    sessions = Sessions(SECRET, clock, ends)
    begun, other = sessions.begin("key"), sessions.begin("key")
    session = sessions.read(begun.cookie)
    assert session is not None
    sessions.end(session)
    assert sessions.read(begun.cookie) is None
    assert sessions.key_of(begun.cookie, begun.csrf, changes=True) is None
    assert sessions.read(other.cookie) is not None
    assert ends == {begun.csrf: clock.now + SESSION_SECONDS}


def test_a_cookie_of_another_home_is_none() -> None:
    """Sealed under another secret, it is not read."""
    ours, theirs = (Sessions(Fernet.generate_key(), Clock(), Ends()) for _ in range(2))
    assert ours.read(theirs.begin("key").cookie) is None


@given(st.text(max_size=200), st.integers(0, 400), st.integers(1, 255))
def test_what_was_altered_is_no_session(rubbish: str, at: int, by: int) -> None:
    """Rubbish is refused without an error, and no change of a letter makes another session."""
    sessions = Sessions(SECRET, Clock(), Ends())
    assert sessions.read(rubbish) is None
    begun = sessions.begin("key")
    at %= len(begun.cookie)
    letter = chr((ord(begun.cookie[at]) + by) % 128)
    changed = begun.cookie[:at] + letter + begun.cookie[at + 1 :]
    # Two spellings of the same bytes (`-` and `+`, bits that say nothing) may be read alike.
    assert sessions.read(changed) in (None, Session("key", begun.csrf))


def test_most_letters_count() -> None:
    """A cookie whose seal was changed in the middle is none."""
    sessions = Sessions(SECRET, Clock(), Ends())
    whole = sessions.begin("key").cookie
    at = len(whole) // 2
    other = "A" if whole[at] != "A" else "B"
    assert sessions.read(whole[:at] + other + whole[at + 1 :]) is None


def test_what_is_too_long_is_not_looked_at() -> None:
    """No cookie is as long as that."""
    sessions = Sessions(SECRET, Clock(), Ends())
    assert sessions.read("A" * (MOST_COOKIE_LETTERS + 1)) is None


def test_a_home_has_one_secret_and_it_is_private(tmp_path: Path) -> None:
    """The secret is made once, stays, and nobody else may read it."""
    secret = session_secret(tmp_path)
    assert session_secret(tmp_path) == secret
    assert (tmp_path / SECRET_FILE).stat().st_mode & 0o777 == 0o600
    assert [one.name for one in tmp_path.iterdir()] == [SECRET_FILE]
    assert session_secret(tmp_path / "other") != secret


@pytest.mark.parametrize("case", ["shared", "link", "rubbish", "folder"])
def test_a_secret_that_may_be_known_is_refused(tmp_path: Path, case: str) -> None:
    """A file that others can read, a link, or one without a secret is not used."""
    path = tmp_path / SECRET_FILE
    if case == "folder":
        path.mkdir()
    elif case == "link":
        session_secret(tmp_path / "elsewhere")
        path.symlink_to(tmp_path / "elsewhere" / SECRET_FILE)
    else:
        path.write_bytes(b"x" if case == "rubbish" else Fernet.generate_key())
        path.chmod(0o600 if case == "rubbish" else 0o640)
    with pytest.raises(EvidenceError, match="no private file"):
        session_secret(tmp_path)
