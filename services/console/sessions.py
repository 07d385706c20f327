"""Who is signed in to the console: a sealed cookie, and a token against forged requests.

No session is stored on the server, only that one was ended. The cookie holds the key of whoever
signed in, sealed under a secret of the home (Fernet: AES-128-CBC with HMAC-SHA256) and with an
end of its own. So every gateway of the home knows it, a key that is revoked ends its sessions at
once, whoever signs out ends all copies of the cookie, and a cookie is no key for other programs.
What changes something needs the session's token as well, which pages of
other sites cannot read.
"""

from __future__ import annotations

import hmac
import json
import os
import secrets
import stat
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from cryptography.fernet import Fernet, InvalidToken

from pipelines.errors import EvidenceError

COOKIE = "evident_session"
CSRF_HEADER = "X-CSRF-Token"
SECRET_FILE = "console-secret"  # noqa: S105 - the file's name
SESSION_SECONDS = 12 * 3600
MOST_COOKIE_LETTERS = 2048

_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_MOST_BYTES = 4096


@dataclass(frozen=True, slots=True)
class Session:
    """A session as the server reads it: whose key it stands for, and its token."""

    key: str
    csrf: str


@dataclass(frozen=True, slots=True)
class Begun:
    """A session as a browser gets it: the cookie, and the token for its pages."""

    cookie: str
    csrf: str


class EndedSessions(Protocol):
    """Remembers sessions that were ended before their time, by their tokens."""

    def end(self, token: str, *, until: float) -> None:
        """Remember one, until its cookie is worth nothing anyway."""

    def has(self, token: str) -> bool:
        """Whether it was ended."""


class Sessions:
    """Begins, reads and ends sessions under `secret`; `clock` gives seconds since 1970."""

    def __init__(self, secret: bytes, clock: Callable[[], float], ended: EndedSessions) -> None:
        self._fernet = Fernet(secret)
        self._clock = clock
        self._ended = ended

    def begin(self, key: str) -> Begun:
        """Return a new session for `key`, which was found to be in force."""
        csrf = secrets.token_urlsafe(32)
        held = json.dumps({"key": key, "csrf": csrf}).encode()
        cookie = self._fernet.encrypt_at_time(held, int(self._clock()))
        # Without its padding a cookie needs no quotation marks.
        return Begun(cookie.decode("ascii").rstrip("="), csrf)

    def read(self, cookie: str | None) -> Session | None:
        """Return the session of a cookie; None for one that is not ours, altered, over or ended."""
        if not cookie or len(cookie) > MOST_COOKIE_LETTERS:
            return None
        try:
            padded = cookie + "=" * (-len(cookie) % 4)
            held = self._fernet.decrypt_at_time(
                padded.encode("utf-8", "replace"), SESSION_SECONDS, int(self._clock())
            )
        except InvalidToken:
            return None
        found = json.loads(held)
        session = Session(found["key"], found["csrf"])
        return None if self._ended.has(session.csrf) else session

    def end(self, session: Session) -> None:
        """End a session: its cookie stands for nobody, wherever a copy of it is."""
        self._ended.end(session.csrf, until=self._clock() + SESSION_SECONDS)

    def key_of(self, cookie: str | None, csrf: str | None, *, changes: bool) -> str | None:
        """Return the key that a request stands for; where it `changes` something, by its token."""
        session = self.read(cookie)
        if session is None:
            return None
        if changes and not hmac.compare_digest(session.csrf.encode(), (csrf or "").encode()):
            return None
        return session.key


def session_secret(home: Path) -> bytes:
    """Return the secret of `home`, made at the first call; `EvidenceError` where others know it."""
    path = home / SECRET_FILE
    _make(path)
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise _useless(path) from error
    try:
        facts = os.fstat(descriptor)
        if not stat.S_ISREG(facts.st_mode) or facts.st_uid != os.geteuid():
            raise _useless(path)
        if facts.st_mode & _OTHERS:
            raise _useless(path)
        secret = os.read(descriptor, _MOST_BYTES).strip()
    finally:
        os.close(descriptor)
    try:
        Fernet(secret)
    except ValueError as error:
        raise _useless(path) from error
    return secret


def _make(path: Path) -> None:
    """Make the file with a new secret, whole or not at all; leave one that is there."""
    if path.exists():
        return
    aside = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        with os.fdopen(os.open(aside, flags, 0o600), "wb") as file:
            file.write(Fernet.generate_key() + b"\n")
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(aside, path)
        except FileExistsError:
            return  # another gateway of the home was first
        finally:
            aside.unlink(missing_ok=True)
    except OSError as error:
        raise EvidenceError(
            f"No secret for the console can be made in {path}: {error.strerror or error}.",
            next_step="Name a home folder that you can write to.",
        ) from error


def _useless(path: Path) -> EvidenceError:
    return EvidenceError(
        f"{path} is no private file with a secret of the console.",
        next_step="Remove it; everybody who is signed in signs in again.",
    )
