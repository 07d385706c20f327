"""Tokens by which processes of one deployment know each other: one word in a file, kept private.

A file that others can read is refused, as it is for keys. What a cluster's secrets look like is
admitted: root's own file, which the process may read through its group and nobody may change.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import stat
from collections.abc import Iterable
from pathlib import Path

from pipelines.errors import RequestError
from services.auth.credentials import KeyCheck

_TOKEN = re.compile(r"[A-Za-z0-9_.~-]{32,200}")
_MOST_BYTES = 4096
_NEXT_STEP = "Put 32 to 200 letters and digits there, in a file of mode 0600 of your own."


def read_token(path: Path) -> str:
    """Return the token in the file at `path`. Raises RequestError where it is none, or open."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise RequestError(
            f"The token in {path} cannot be read: {error.strerror or error}.", next_step=_NEXT_STEP
        ) from error
    try:
        _refuse_open(path, os.fstat(descriptor))
        text = os.read(descriptor, _MOST_BYTES).decode("utf-8", "replace").strip()
    finally:
        os.close(descriptor)
    if not _TOKEN.fullmatch(text):
        raise RequestError(f"{path} does not hold a token.", next_step=_NEXT_STEP)
    return text


def own_token(path: Path) -> str:
    """Return the token at `path`, made where there is none. Raises RequestError."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with os.fdopen(os.open(path, flags, 0o600), "w", encoding="ascii") as file:
            file.write(f"{secrets.token_urlsafe(32)}\n")
            file.flush()
            os.fsync(file.fileno())
    except FileExistsError:
        pass
    except OSError as error:
        raise RequestError(
            f"No token can be made at {path}: {error.strerror or error}.", next_step=_NEXT_STEP
        ) from error
    return read_token(path)


def check_of(token: str) -> KeyCheck:
    """Return what tells this token from others, in one time, without holding it."""
    return KeyCheck(hashlib.sha256(token.encode()).digest())


class AnyOf:
    """Admits what one of several checks admits."""

    def __init__(self, checks: Iterable[KeyCheck]) -> None:
        self._checks = tuple(checks)

    def admits(self, key: str) -> bool:
        """Whether `key` is one of them."""
        return any(one.admits(key) for one in self._checks)


def _refuse_open(path: Path, facts: os.stat_result) -> None:
    if not stat.S_ISREG(facts.st_mode):
        raise RequestError(f"{path} is not a plain file.", next_step=_NEXT_STEP)
    ours = facts.st_uid == os.geteuid()
    shut = stat.S_IRWXG | stat.S_IRWXO if ours else stat.S_IWGRP | stat.S_IRWXO
    if (not ours and facts.st_uid != 0) or facts.st_mode & shut:
        raise RequestError(f"{path} belongs to, or is open to, other users.", next_step=_NEXT_STEP)
