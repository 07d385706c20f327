"""The watcher's keys: one API key of the gateway for each project, in a private file.

    [keys]
    default = "ev_…"
    transport-police = "ev_…"

A file that is a link, belongs to somebody else or can be read by others is refused.
"""

from __future__ import annotations

import os
import stat
import tomllib
from collections.abc import Mapping
from pathlib import Path

from pipelines.errors import RequestError

_MOST_BYTES = 1 << 16
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def read_keys(path: Path) -> Mapping[str, str]:
    """Return keys by project. Raises `RequestError`, which never repeats a key."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as file:
            facts = os.fstat(descriptor)
            if not stat.S_ISREG(facts.st_mode) or facts.st_uid != os.geteuid():
                raise _refused(path, "is not a plain file of your own")
            if facts.st_mode & _OTHERS:
                raise _refused(path, "can be read by others")
            document = tomllib.loads(file.read(_MOST_BYTES).decode("utf-8"))
    except OSError as error:
        raise _refused(path, f"cannot be read: {error.strerror}") from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError):
        raise _refused(path, "is not TOML") from None
    keys = document.get("keys")
    if document.keys() != {"keys"} or not isinstance(keys, dict) or not keys:
        raise _refused(path, "holds no table [keys]")
    if not all(
        isinstance(key, str) and key.isascii() and key.isprintable() for key in keys.values()
    ):
        raise _refused(path, "holds something that is no key")
    return keys


def _refused(path: Path, words: str) -> RequestError:
    return RequestError(
        f"The keys file {path} {words}.",
        next_step='Write [keys] with a line `project = "key"` for each, mode 0600.',
    )
