"""What the processes of a pool are told: values that hold no secret, and one spelling as JSON."""

from __future__ import annotations

import json
import os
import re
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

from pipelines.errors import RequestError

LOCAL = "ray"
_ADDRESS = re.compile(r"ray://((?:[A-Za-z0-9.-]+|\[[0-9a-f:]+\]):[0-9]{1,5})")
TOKEN_FILE = "token"  # noqa: S105 - the name of a file


@dataclass(frozen=True, slots=True)
class RaySettings:
    """How a pool is reached and what its workers do.

    `address` None starts one of this machine alone. `actors` None means as many as the pool has
    processors for. `home` is where networks are installed and workers keep files while they
    work, unless a node has a home of its own; `folder` is where the pool's log goes here.
    `artifacts` is the store that all of them reach.
    """

    address: str | None
    token: Path
    home: Path
    folder: Path
    artifacts: str
    threads: int = 1
    actors: int | None = None
    s3_endpoint: str | None = None
    s3_region: str = ""

    def dump(self) -> str:
        """Spell it as one line of JSON."""
        return json.dumps({name: _plain(value) for name, value in asdict(self).items()})

    @classmethod
    def load(cls, text: str) -> Self:
        """Take the spelling apart."""
        record = json.loads(text)
        for name in ("token", "home", "folder"):
            record[name] = Path(record[name])
        return cls(**record)


def address_of(compute: str) -> str | None:
    """Read `EVIDENT_COMPUTE`: None for a pool of this machine. Raises RequestError."""
    if compute == LOCAL:
        return None
    parts = _ADDRESS.fullmatch(compute)
    if parts is None:
        raise RequestError(
            "EVIDENT_COMPUTE names no pool.",
            next_step="Write ray for one of this machine, or ray://HOST:PORT.",
        )
    return parts[1]


def own_token(path: Path) -> Path:
    """Return the file of this machine's token, made where it is missing, for its owner alone."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except FileExistsError:
        return path
    with os.fdopen(descriptor, "w") as file:
        file.write(secrets.token_hex(32))
    return path


def _plain(value: object) -> object:
    return str(value) if isinstance(value, Path) else value
