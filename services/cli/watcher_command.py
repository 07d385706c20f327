"""`evident watcher`: wires a place, a book and the gateway, and runs rounds until stopped."""

from __future__ import annotations

import hashlib
import json
import signal
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from pipelines.errors import EvidentError, RequestError
from pipelines.stages.export.sanitise import shown
from services.cli.evidence_wiring import settings_for
from services.cli.printing import FAILED, GOOD, print_text, wrong_use
from services.provenance.folder_lock import holding
from services.watcher.book import Tally, WatchBook
from services.watcher.doorbell import doorbell
from services.watcher.folder_place import FolderPlace
from services.watcher.gateway_intake import GatewayIntake
from services.watcher.keys_file import read_keys
from services.watcher.place import Place
from services.watcher.rehearsal import rehearse
from services.watcher.rule_wish import fault_of
from services.watcher.rules import Rules, read_rules
from services.watcher.service import WatchService
from services.watcher.watch import Say, Watch

_BOOKS = "watch"
_LOCK_WAIT_SECONDS = 1.0
_LONGEST = 1000


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked for."""

    place: str
    rules: Path
    keys: Path
    gateway: str
    every_seconds: float
    bell: str | None
    once: bool
    check: bool = False


def main(asked: Asked, *, home: Path | None, as_json: bool) -> int:
    """Watch until stopped; returns the exit code."""
    try:
        if asked.check:
            return _rehearsed(asked, as_json=as_json)
        books = settings_for(home).home / _BOOKS
        books.mkdir(mode=0o700, parents=True, exist_ok=True)
        name = hashlib.sha256(_identity(asked.place).encode("utf-8", "replace")).hexdigest()[:32]
        with holding(
            books / f"{name}.lock",
            wait_seconds=_LOCK_WAIT_SECONDS,
            doing=f"watching {asked.place}",
        ):
            tally = _watched(asked, books / f"{name}.db", as_json=as_json)
    except EvidentError as error:
        return wrong_use(error, as_json=as_json)
    return FAILED if asked.once and tally is not None and tally.rejected else GOOD


def _sayer(*, as_json: bool) -> Say:
    def say(event: str, fields: dict[str, str]) -> None:
        if as_json:
            print_text(json.dumps({"event": event, **fields}, ensure_ascii=True))
        else:
            words = (f"{key}={shown(value, longest=_LONGEST)}" for key, value in fields.items())
            print_text(" ".join((event, *words)))

    return say


def _rules(path: Path) -> Rules:
    """Read rules of which each could process a file."""
    rules = read_rules(path)
    for number, rule in enumerate(rules.rules, start=1):
        fault = fault_of(rule)
        if fault is not None:
            raise RequestError(
                f"[[rule]] {number} (prefix {rule.prefix!r}) asks for what no file can get: "
                f"{fault}.",
                next_step="Correct the file.",
            )
    return rules


def _rehearsed(asked: Asked, *, as_json: bool) -> int:
    rules, keys = _rules(asked.rules), read_keys(asked.keys)
    found = rehearse(rules, _place(asked.place), keys, say=_sayer(as_json=as_json))
    return GOOD if found.is_good else FAILED


def _watched(asked: Asked, path: Path, *, as_json: bool) -> Tally | None:
    say = _sayer(as_json=as_json)
    rules = _rules(asked.rules)
    place = _place(asked.place)
    intake = GatewayIntake(asked.gateway, read_keys(asked.keys), time.monotonic)
    book = WatchBook(path)
    try:
        watch = Watch(rules, place, book, intake, time.time, say=say)

        def round_() -> Tally:
            tally = watch.round()
            if asked.once and not tally.waiting:
                service.stop()
            return tally

        service = WatchService(
            round_,
            every_seconds=asked.every_seconds,
            settle_seconds=rules.settle_seconds,
            say=say,
        )
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: service.stop())
        signal.signal(signal.SIGHUP, lambda *_: service.wake())
        with ExitStack() as listening:
            if asked.bell is not None:
                url = listening.enter_context(doorbell(asked.bell, service.wake))
                say("watch.bell", {"url": url})
            return service.run()
    finally:
        book.close()


def _place(text: str) -> Place:
    if not text.startswith("s3://"):
        return FolderPlace(Path(text))
    from services.storage.s3_client import BucketAddress, open_bucket  # noqa: PLC0415 - an extra
    from services.watcher.bucket_place import BucketPlace  # noqa: PLC0415 - the same

    parts = urlsplit(text)
    prefix = parts.path.lstrip("/")
    if not parts.netloc or (prefix and not prefix.endswith("/")):
        raise RequestError(
            "That is no address of a bucket.", next_step="Write it like s3://bucket/prefix/."
        )
    return BucketPlace(open_bucket(BucketAddress(parts.netloc, prefix=prefix)))


def _identity(text: str) -> str:
    """Return what the book of a place is found by: one folder has one book, however written."""
    return text if text.startswith("s3://") else str(Path(text).resolve())
