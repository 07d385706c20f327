"""Fetches a network's official file: pinned, bounded, resumed.

Bytes go into a part file beside the installed networks. A connection that breaks is taken up
where it broke with a Range request, for as many times as `ATTEMPTS`, also by the next call; the
server has to say that it is still the same file. The digest is taken over the whole part at the
end. A file with another digest than the card's is removed and never read. An origin that answers
nothing is left alone for a while (`models/install/origin_guard.py`).
"""

from __future__ import annotations

import hashlib
import http.client
import json
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import OpenerDirector, Request

from models.errors import AlteredWeightsError, InstallError
from models.install.importing import MOST_BYTES
from models.install.origin import Origin, official_origin, opener
from models.install.origin_guard import OriginGuard
from models.spec import NetworkCard, OfficialFile

ATTEMPTS = 6
FIRST_PAUSE_SECONDS = 1.0
READ_SECONDS = 30.0
PIECE_BYTES = 1 << 18
_PARTS = ".parts"
_PARTIAL, _NOT_SATISFIABLE = 206, 416
_SERVER_FAULTS = range(500, 600)

Heard = Callable[[int, int], None]
"""Hears how many bytes are here and how many there will be, 0 when unknown."""


@dataclass(frozen=True, slots=True)
class Fetching:
    """One file to fetch, and from whom; `pause` waits between attempts."""

    official: OfficialFile
    folder: Path
    origin: Origin
    heard: Heard = lambda _here, _all: None
    pause: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.time

    @property
    def guard(self) -> OriginGuard:
        """What is known of the host that publishes it."""
        return OriginGuard(self.folder, urlsplit(self.official.url).netloc, self.clock)

    @property
    def part(self) -> Path:
        """Where its bytes are gathered."""
        return self.folder / _PARTS / self.official.name

    @property
    def mark(self) -> Path:
        """What the server said the part is of."""
        return self.part.with_name(f"{self.part.name}.json")

    @property
    def most_bytes(self) -> int:
        """The size that the card states, else the most that any network may have."""
        return self.official.size_bytes or MOST_BYTES


def fetch(card: NetworkCard, folder: Path, *, heard: Heard, again: bool = False) -> Path:
    """Fetch the official file of `card` into `folder`; returns where it lies, checked.

    `again` asks an origin that is being left alone. Raises InstallError or AlteredWeightsError.
    """
    official = card.official
    if official is None:
        raise InstallError(f"{card.name} ships with its weights", next_step="There is no need.")
    if not official.direct:
        raise InstallError(
            f"{card.name} is published on a page that a person has to visit: {official.url}",
            next_step="Download it there, then `evident models import FILE`.",
        )
    task = Fetching(official, folder, official_origin(official.url), heard)
    if again:
        task.guard.answered()
    return fetch_file(task)


def fetch_file(task: Fetching) -> Path:
    """Fetch the file of `task` until it is whole. Raises InstallError or AlteredWeightsError."""
    task.origin.require(task.official.url)
    guard = task.guard
    guard.require()
    connection = opener(task.origin)
    pause = FIRST_PAUSE_SECONDS
    try:
        task.part.parent.mkdir(parents=True, exist_ok=True)
        for attempt in range(1, ATTEMPTS + 1):
            before = _gathered(task)
            try:
                _take(task, connection)
                guard.answered()
                break
            except (http.client.HTTPException, URLError, OSError) as error:
                if not _may_pass(error) or _gathered(task) != before:
                    guard.answered()
                else:
                    guard.failed()
                if attempt == ATTEMPTS or not _may_pass(error) or guard.is_away:
                    raise
            task.pause(pause)
            pause *= 2
        return _checked(task)
    except (http.client.HTTPException, URLError, OSError) as error:
        raise InstallError(
            f"{task.official.url} could not be fetched: {_words(error)}",
            next_step="Try again: what is here is kept. Or import the file from disk.",
        ) from error


def _gathered(task: Fetching) -> int:
    """How many bytes the part has, of whatever they are."""
    return task.part.stat().st_size if task.part.exists() else 0


def _may_pass(error: Exception) -> bool:
    """Tell a fault that may be gone in a moment from a refusal or a full disk."""
    if isinstance(error, HTTPError):
        return error.code in _SERVER_FAULTS
    return isinstance(error, (http.client.HTTPException, URLError, ConnectionError, TimeoutError))


def _take(task: Fetching, connection: OpenerDirector) -> None:
    """Take what is missing in one connection. Raises where it ends too early."""
    here, tag = _state(task)
    if here and here == task.official.size_bytes:
        return
    headers = {"User-Agent": "evident", "Accept-Encoding": "identity"}
    if here:
        headers |= {"Range": f"bytes={here}-", "If-Range": tag}
    request = Request(task.official.url, headers=headers)  # noqa: S310 - the origin is checked
    try:
        with connection.open(request, timeout=READ_SECONDS) as answer:
            continued = answer.status == _PARTIAL and _starts_at(answer, here)
            _gather(task, answer, here if continued else 0)
    except HTTPError as error:
        error.close()
        if error.code != _NOT_SATISFIABLE or not here:
            raise
        _forget(task)  # the part is not of this file; the next attempt begins anew
        raise http.client.HTTPException("the server has no such rest") from error


def _state(task: Fetching) -> tuple[int, str]:
    """How much is here, and by which tag the server knows it; nothing without a tag."""
    try:
        tag = json.loads(task.mark.read_bytes())
        if isinstance(tag, str) and tag:
            return task.part.stat().st_size, tag
    except (OSError, ValueError):
        pass
    return 0, ""


def _starts_at(answer: Any, here: int) -> bool:
    unit, _, rest = str(answer.headers.get("Content-Range", "")).partition(" ")
    if unit != "bytes" or not rest.startswith(f"{here}-"):
        raise http.client.HTTPException("the server sent another part than was asked for")
    return True


def _gather(task: Fetching, answer: Any, here: int) -> None:
    """Append what comes to the part, within the size that is allowed."""
    length = answer.headers.get("Content-Length")
    promised = here + int(length) if str(length or "").isdigit() else 0
    _require_size(task, promised)
    if here == 0:
        _forget(task)
        tag = answer.headers.get("ETag") or answer.headers.get("Last-Modified") or ""
        if tag and not tag.startswith("W/"):
            task.mark.write_text(json.dumps(tag))
    with task.part.open("ab" if here else "wb") as part:
        while piece := answer.read(PIECE_BYTES):
            here += len(piece)
            _require_size(task, here)
            part.write(piece)
            task.heard(here, promised)
    if promised and here < promised:
        raise http.client.IncompleteRead(b"", promised - here)


def _require_size(task: Fetching, size: int) -> None:
    if size > task.most_bytes:
        _forget(task)
        raise InstallError(
            f"{task.official.name} is larger than the {task.most_bytes:,} bytes that it may have",
            next_step="It is not the file on the card; nothing was kept of it.",
        )


def _checked(task: Fetching) -> Path:
    """Hash the whole part, and refuse what is not the file on the card."""
    with task.part.open("rb") as part:
        found = hashlib.file_digest(part, "sha256").hexdigest()
    size, official = task.part.stat().st_size, task.official
    wrong_size = official.size_bytes and size != official.size_bytes
    if wrong_size or official.sha256 not in (None, found):
        _forget(task)
        raise AlteredWeightsError(
            f"{official.name} as fetched has {size:,} bytes and the digest {found}; its card "
            f"states {official.size_bytes or 'no size'} and {official.sha256 or 'no digest'}",
            next_step="Nothing was kept of it. Compare with what the makers say.",
        )
    return task.part


def done_with(part: Path) -> None:
    """Remove a part that was installed."""
    for path in (part, part.with_name(f"{part.name}.json")):
        path.unlink(missing_ok=True)
    with suppress(OSError):
        part.parent.rmdir()


def _forget(task: Fetching) -> None:
    for path in (task.part, task.mark):
        path.unlink(missing_ok=True)


def _words(error: Exception) -> str:
    if isinstance(error, HTTPError):
        return f"the server answered {error.code} {error.reason}"
    return str(getattr(error, "reason", "")) or str(error) or type(error).__name__
