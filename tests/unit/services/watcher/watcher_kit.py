"""A platform in memory for the watcher, and a watch over a folder with a clock of its own."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from pipelines.errors import NotMediaError, ResourceError
from services.watcher.book import WatchBook
from services.watcher.folder_place import FolderPlace
from services.watcher.intake import Made, Standing, Stored
from services.watcher.rules import Rule, parse_rules
from services.watcher.watch import Watch

SETTLE = 10.0


@dataclass
class MemoryIntake:
    """Stores bytes that begin with `MEDIA`, and finishes jobs when it is told to."""

    stored: dict[str, bytes] = field(default_factory=dict)
    jobs: dict[str, str] = field(default_factory=dict)
    """By idempotency key: the SHA-256 of the job's input."""
    submitted: list[Rule] = field(default_factory=list)
    finished: set[str] = field(default_factory=set)
    failed: dict[str, str] = field(default_factory=dict)
    is_down: bool = False

    def store(self, source: BinaryIO, *, name: str, rule: Rule) -> Stored:
        """Keep the bytes; refuse what is no medium."""
        del name, rule
        if self.is_down:
            raise ResourceError("The store does not answer.")
        content = source.read()
        if not content.startswith(b"MEDIA"):
            raise NotMediaError("It holds no picture and no video.")
        sha256 = hashlib.sha256(content).hexdigest()
        self.stored[sha256] = content
        return Stored(sha256, "video/mp4")

    def submit(self, stored: Stored, *, rule: Rule, key: str) -> str:
        """Make a job, or return the one that the key made."""
        if self.jobs.setdefault(key, stored.sha256) != stored.sha256:
            raise AssertionError("one key for two inputs")
        self.submitted.append(rule)
        return key

    def standing(self, job: str) -> Standing:
        """Say where a job stands."""
        if job in self.failed:
            return Standing(is_final=True, is_done=False, reason=self.failed[job])
        if job not in self.finished:
            return Standing(is_final=False, is_done=False)
        content = self.result(job)
        made = Made("enhanced.png", hashlib.sha256(content).hexdigest())
        return Standing(is_final=True, is_done=True, made=(made,))

    def result(self, job: str) -> bytes:
        """What the job of this id made."""
        return b"enhanced " + self.stored[self.jobs[job]]

    @contextmanager
    def open(self, job: str, made: Made) -> Iterator[BinaryIO]:
        """Read a result of a job."""
        content = self.result(job)
        assert hashlib.sha256(content).hexdigest() == made.sha256
        yield io.BytesIO(content)

    def finish_all(self) -> None:
        """Let every job end well."""
        self.finished.update(job for job in self.jobs if job not in self.failed)


@dataclass
class Bench:
    """A watched folder, its book, a platform and a clock."""

    folder: Path
    rules: dict[str, Any] = field(default_factory=dict)
    intake: MemoryIntake = field(default_factory=MemoryIntake)
    now: float = 1000.0
    said: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    @property
    def root(self) -> Path:
        """The watched folder."""
        root = self.folder / "in"
        root.mkdir(exist_ok=True)
        return root

    @contextmanager
    def watch(self, **parts: Any) -> Iterator[Watch]:
        """Open the book and watch, as a process that starts does."""
        document = {"watch": {"settle_seconds": SETTLE}, "rule": [{}], **self.rules}
        book = WatchBook(self.folder / "book" / "watch.db")
        wrap: Callable[[str, Any], Any] = parts.get("wrap", lambda _, part: part)
        try:
            yield Watch(
                parse_rules(document),
                wrap("place", FolderPlace(self.root)),
                wrap("book", book),
                wrap("intake", self.intake),
                lambda: self.now,
                say=lambda event, fields: self.said.append((event, fields)),
            )
        finally:
            book.close()

    def round(self) -> str:
        """Do one round in a process of its own; return the completeness line."""
        with self.watch() as watch:
            return watch.round().line

    def settle(self) -> str:
        """Do a round, let what is there settle, and do another."""
        self.round()
        self.now += SETTLE
        return self.round()

    def lay(self, name: str, content: bytes = b"MEDIA a") -> Path:
        """Put a file into the watched folder."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return path

    def files(self) -> dict[str, bytes]:
        """Everything in the watched folder."""
        return {
            str(path.relative_to(self.root)): path.read_bytes()
            for path in sorted(self.root.rglob("*"))
            if path.is_file()
        }
