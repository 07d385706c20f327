"""One round of a watch: look, take what has settled, hand out what is finished.

Every step is durable before the next, and can be done twice: a watcher that is killed at any
moment goes on where it was, with no file lost and none processed twice. A file whose bytes may
still change is never stored; one that changes while it is read is read again later.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Callable
from typing import BinaryIO, cast

from pipelines.errors import (
    InputError,
    RequestError,
    ResourceError,
    UnreadableError,
)
from services.watcher.book import FileState, Row, Tally, WatchBook
from services.watcher.intake import Intake, Standing
from services.watcher.place import Place
from services.watcher.rules import Rule, Rules

REASON_SUFFIX = ".reason.json"
_READ_BYTES = 1 << 20

Say = Callable[[str, dict[str, str]], None]
"""Told of every move: the event's name and its fields."""


class Watch:
    """Rules applied to a place, with what was seen in a book and jobs made through an intake."""

    def __init__(
        self,
        rules: Rules,
        place: Place,
        book: WatchBook,
        intake: Intake,
        clock: Callable[[], float],
        *,
        say: Say,
    ) -> None:
        self._rules = rules
        self._place = place
        self._book = book
        self._intake = intake
        self._clock = clock
        self._say = say

    def round(self) -> Tally:
        """Do one round; what the machine cannot do now waits, and is said.

        Raises `ResourceError` where the place cannot be listed or the book cannot be kept.
        """
        self._look()
        for row in self._book.rows(FileState.WAITING):
            self._tried(self._take, row)
        for row in self._book.rows(FileState.TAKEN):
            self._tried(self._follow, row)
        for row in self._book.rows(FileState.REJECTING):
            self._tried(self._reject, row)
        return self._book.tally()

    def _look(self) -> None:
        now = self._clock()
        for seen in self._place.list():
            if self._rules.is_watched(seen.name):
                self._book.observe(seen, now)

    def _tried(self, step: Callable[[Row], None], row: Row) -> None:
        try:
            step(row)
        except ResourceError as error:
            self._say("watch.waits", {"name": row.seen.name, "reason": str(error)})

    def _take(self, row: Row) -> None:
        """Store a settled file and make a job of it."""
        if self._clock() - row.unchanged_since < self._rules.settle_seconds:
            return
        now = self._place.look(row.seen.name)
        if now is None:
            self._book.forget(row)
            return
        if now != row.seen:
            return  # it changed since the listing; the next one notes it
        rule = self._rules.rule_for(row.seen.name)
        if rule is None:
            self._book.advance(row, FileState.REJECTING, reason="No rule matches this name.")
            return
        try:
            self._submit(row, rule)
        except (InputError, RequestError) as error:
            if isinstance(error, UnreadableError) and self._place.look(row.seen.name) != row.seen:
                return  # it went away or changed while it was read
            reason = f"{error} {error.next_step}".strip()
            self._book.advance(row, FileState.REJECTING, reason=reason)

    def _submit(self, row: Row, rule: Rule) -> None:
        with self._place.open(row.seen.name) as source:
            stored = self._intake.store(source, name=row.seen.name, rule=rule)
        if self._place.look(row.seen.name) != row.seen:
            return  # what was stored is half a file, and nothing refers to it
        sha256 = stored.sha256
        same = [name for name in self._book.names_of(sha256) if self._rules.rule_for(name) == rule]
        if same:
            first = same[0]
            self._book.advance(
                row, FileState.DUPLICATE, sha256=sha256, reason=f"the same bytes as {first}"
            )
            self._say("watch.duplicate", {"name": row.seen.name, "sha256": sha256})
            return
        job = self._intake.submit(stored, rule=rule, key=_key(row, sha256, rule))
        self._book.advance(
            row, FileState.TAKEN, sha256=sha256, job=job, output=self._output(row.seen.name)
        )
        self._say("watch.taken", {"name": row.seen.name, "sha256": sha256, "job": job})

    def _output(self, name: str) -> str:
        """Return a folder for results that was given to no other file."""
        wanted, number = f"{self._rules.output}{name}/", 1
        while self._book.is_given(wanted):
            number += 1
            wanted = f"{self._rules.output}{name}-{number}/"
        return wanted

    def _follow(self, row: Row) -> None:
        """Hand out the results of a job that has ended, or reject its file."""
        standing = self._intake.standing(str(row.job))
        if not standing.is_final:
            return
        if not standing.is_done:
            self._book.advance(row, FileState.REJECTING, reason=standing.reason or "It failed.")
            return
        self._hand_out(row, standing)
        self._book.advance(row, FileState.DONE)
        self._say("watch.done", {"name": row.seen.name, "job": str(row.job)})

    def _hand_out(self, row: Row, standing: Standing) -> None:
        for made in standing.made:
            name = f"{row.output}{made.name}"
            with self._intake.open(str(row.job), made) as source:
                if self._place.put(name, cast(BinaryIO, _Whole(source, made.sha256))):
                    continue
            # There already: by a round that was interrupted, or by somebody else.
            with self._place.open(name) as file:
                there = _sha256(file)
            if there != made.sha256:
                raise ResourceError(
                    f"{name} is taken by another file.", next_step="Move that file away."
                )

    def _reject(self, row: Row) -> None:
        """Put the reason beside where the file goes, then move the file there."""
        target = self._reject_name(row)
        facts = {"name": row.seen.name, "reason": row.reason, "sha256": row.sha256, "job": row.job}
        text = json.dumps(facts, ensure_ascii=False, indent=1).encode("utf-8", "replace")
        self._place.put(f"{target}{REASON_SUFFIX}", io.BytesIO(text))
        if self._place.look(row.seen.name) == row.seen:
            self._place.move(row.seen.name, target)
        self._book.advance(row, FileState.REJECTED)
        self._say("watch.rejected", {"name": row.seen.name, "reason": str(row.reason)})

    def _reject_name(self, row: Row) -> str:
        """Return the row's own name among the rejects: the same one after an interruption."""
        plain = f"{self._rules.rejects}{row.seen.name}"
        earlier = self._book.rejected_before(row)
        return f"{plain}-{earlier + 1}" if earlier else plain


def _key(row: Row, sha256: str, rule: Rule) -> str:
    """Return the idempotency key of a file's job: the same after a crash, another per version."""
    parts = (row.seen.name, row.seen.version, sha256, rule.model_dump_json())
    text = "\0".join(parts).encode("utf-8", "surrogateescape")
    return f"watch-{hashlib.sha256(text).hexdigest()}"


class _Whole:
    """Reads a result, and does not end well before all of it was read.

    A connection that breaks off may look like the end of what it carried: without this, half a
    result would be handed out under its name.
    """

    def __init__(self, source: BinaryIO, sha256: str) -> None:
        self._source = source
        self._sha256 = sha256
        self._digest = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        """Read up to `size` bytes; `ResourceError` where the end comes too early."""
        piece = self._source.read(size)
        self._digest.update(piece)
        if (not piece or size < 0) and self._digest.hexdigest() != self._sha256:
            raise ResourceError(
                "A result did not arrive whole.", next_step="It is fetched again in the next round."
            )
        return piece


def _sha256(source: BinaryIO) -> str:
    digest = hashlib.sha256()
    while block := source.read(_READ_BYTES):
        digest.update(block)
    return digest.hexdigest()
