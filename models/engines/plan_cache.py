"""Keeps what engines built (compiled networks), so that it is built once per machine.

A built network is native code to whoever loads it, so a file is used only when all of this holds:
- the folder and the file are this user's, and nobody else may write to them;
- it was built for exactly this key: weights, engine and version, device, precision, threads, shape;
- its keyed digest (HMAC-SHA256, RFC 2104) over key and content is right. The secret lies in the
  folder, readable by its owner alone: who can read it can also replace the program.

Whatever fails a check is passed over, removed, and built again; it is never an error.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import secrets
import stat
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

_MAGIC = b"EVPLAN1\n"
_HEAD_BYTES = len(_MAGIC) + 2 * hashlib.sha256().digest_size
_SECRET_BYTES = 32
_SUFFIX = ".plan"
_FOREIGN_WRITERS = stat.S_IWGRP | stat.S_IWOTH
MOST_BYTES = 4 << 30


@dataclass(frozen=True, slots=True)
class PlanKey:
    """What a built network depends on; two keys that differ anywhere share nothing.

    `device` names the hardware as exactly as the engine's code depends on it. `shape` is
    (N, C, H, W), empty where one build serves all sizes.
    """

    weights_sha256: str
    engine: str
    engine_version: str
    device: str
    precision: str
    threads: int
    shape: tuple[int, ...] = ()

    def digest(self) -> bytes:
        """SHA-256 of the key's only spelling."""
        text = json.dumps(asdict(self), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).digest()


class PlanCache:
    """A folder of built networks, at most `most_bytes` in all; the longest unused go first.

    Several processes may share it: files appear whole or not at all.
    """

    def __init__(self, folder: Path, *, most_bytes: int = MOST_BYTES) -> None:
        self._folder = folder
        self._most_bytes = most_bytes

    def read(self, key: PlanKey) -> bytes | None:
        """Return what was built for `key`, or None where there is nothing that can be trusted."""
        path = self._path(key)
        try:
            if not (_is_private(self._folder) and _is_private(path)):
                return None
            secret = (self._folder / "secret").read_bytes()
            with path.open("rb") as file:
                whole = file.read(self._most_bytes + 1)
        except OSError:
            return None
        content = whole[_HEAD_BYTES:]
        if not hmac.compare_digest(whole[:_HEAD_BYTES], _head(secret, key, content)):
            with suppress(OSError):
                path.unlink()
            return None
        with suppress(OSError):
            os.utime(path)
        return content

    def write(self, key: PlanKey, content: bytes) -> None:
        """Keep what was built for `key`. What cannot be kept is built again next time."""
        if len(content) + _HEAD_BYTES > self._most_bytes:
            return
        with suppress(OSError):
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if not _is_private(self._folder):
                return
            secret = self._secret()
            waiting = self._folder / f".{secrets.token_hex(8)}"
            try:
                _write_private(waiting, _head(secret, key, content) + content)
                waiting.replace(self._path(key))
            finally:
                waiting.unlink(missing_ok=True)
            self._shrink()

    def _path(self, key: PlanKey) -> Path:
        return self._folder / f"{key.digest().hex()}{_SUFFIX}"

    def _secret(self) -> bytes:
        path = self._folder / "secret"
        with suppress(FileExistsError):
            _write_private(path, secrets.token_bytes(_SECRET_BYTES))
        found = path.read_bytes()
        if len(found) != _SECRET_BYTES or not _is_private(path):
            path.unlink()
            raise OSError("the secret is not one")
        return found

    def _shrink(self) -> None:
        """Remove what was unused longest until the rest fits."""
        found = [(path, path.stat()) for path in self._folder.glob(f"*{_SUFFIX}")]
        total = sum(one.st_size for _, one in found)
        for path, one in sorted(found, key=lambda each: each[1].st_mtime):
            if total <= self._most_bytes:
                return
            path.unlink(missing_ok=True)
            total -= one.st_size


def _head(secret: bytes, key: PlanKey, content: bytes) -> bytes:
    bound = key.digest()
    return _MAGIC + bound + hmac.digest(secret, bound + content, "sha256")


def _is_private(path: Path) -> bool:
    """Whether it is this user's and nobody else may change it; links are not followed."""
    found = path.lstat()
    mine = not hasattr(os, "getuid") or found.st_uid == os.getuid()
    return mine and not stat.S_ISLNK(found.st_mode) and not found.st_mode & _FOREIGN_WRITERS


def _write_private(path: Path, content: bytes) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
