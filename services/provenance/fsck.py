"""Checks a whole log from its public files alone, and says the first thing that is wrong.

In this order:
1. names: every file in the folder is one that a log has;
2. keys: the log's verifier keys are one chain of handovers, and where keys are pinned it leads
   from one of them;
3. newest head: there is one, signed, and `checkpoint` repeats it (a seal that was cut short may
   have left it one behind);
4. leaves: the tree is computed anew from the entry bundles, leaf by leaf. Every tile and every
   partial tile must hold what was computed, and every head in `checkpoints/` must be signed and
   have the root that the tree had at its size: so each head extends the one before.
Files that lie beyond the newest head are counted: a seal was cut short and the next completes
it. Memory is flat in the size of the log but for eight bytes per head.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pipelines.errors import EvidenceError
from pipelines.evidence.checkpoint import Checkpoint
from pipelines.evidence.cosignature import Cosignature
from pipelines.evidence.log_path import HeadFile, TileFile
from pipelines.evidence.merkle import HASH_BYTES, Frontier, leaf_hash
from pipelines.evidence.note_key import VerifierKey
from pipelines.evidence.tiles import (
    CHECKPOINT_PATH,
    TILE_HEIGHT,
    TILE_WIDTH,
    checkpoint_path,
    decode_entries,
    entries_path,
    tile_path,
)
from pipelines.ports import Progress
from services.provenance.fsck_keys import LogKeys
from services.provenance.published_log import LogFaultError, PublishedLog

_BUNDLE_ENTRY_BYTES = 2 + HASH_BYTES
_CUT_SHORT = "a seal was cut short, and the next one completes it"
_MOST_TILE_BYTES = TILE_WIDTH * _BUNDLE_ENTRY_BYTES


@dataclass(frozen=True, slots=True)
class LogFacts:
    """What a log that holds is: its newest head, how many heads, whose keys; remarks."""

    head: Checkpoint
    heads: int
    keys: tuple[VerifierKey, ...]
    pinned: bool
    witnessed: tuple[Cosignature, ...]
    remarks: tuple[str, ...]


def check_log(
    log: PublishedLog,
    *,
    trusted_keys: Iterable[bytes] = (),
    witnesses: Sequence[VerifierKey] = (),
    progress: Progress,
) -> LogFacts:
    """Check everything that the log publishes; raises `LogFaultError` for the first fault.

    `trusted_keys` are raw public keys known by another way; with any, the newest head's signer must
    be one of them, or one that they handed over to. `witnesses` are those whose cosignatures
    on the head that is shown are checked and reported.
    """
    sizes = array("Q", sorted(one.size for one in log.files() if isinstance(one, HeadFile)))
    if not sizes:
        raise LogFaultError("checkpoints", "The log has published no head.")
    keys = LogKeys(log)
    path = checkpoint_path(sizes[-1])
    newest = keys.head(path)
    pinned = keys.check_trust(path, trusted_keys)
    signed, remarks = _served(newest, keys, witnesses)
    remarks += _unfinished(log, newest.size)
    tree = _Tree(log, sizes, keys)
    progress.start("leaves", newest.size)
    for start in range(0, newest.size, TILE_WIDTH):
        progress.advance(tree.add(min(TILE_WIDTH, newest.size - start)))
    tree.finish()
    return LogFacts(newest, len(sizes), keys.chain, pinned, signed, tuple(remarks))


def published_commitments(log: PublishedLog, index: int, width: int) -> tuple[bytes, ...]:
    """Return the commitments in entry bundle `index`, which must hold `width` of them."""
    path = entries_path(index, width)
    try:
        found = decode_entries(log.read(path, most_bytes=_MOST_TILE_BYTES))
    except LogFaultError:
        raise
    except EvidenceError as error:
        raise LogFaultError(path, str(error)) from error
    if len(found) != width:
        raise LogFaultError(path, f"It holds {len(found)} entries instead of {width}.")
    return found


def _served(
    newest: Checkpoint, keys: LogKeys, witnesses: Sequence[VerifierKey]
) -> tuple[tuple[Cosignature, ...], list[str]]:
    """Check that `checkpoint` repeats the newest head; return its witnesses, and remarks."""
    try:
        served, signed, others = keys.served_head(CHECKPOINT_PATH, witnesses)
    except LogFaultError as error:
        if error.file == CHECKPOINT_PATH and isinstance(error.__cause__, FileNotFoundError):
            return (), [f"no checkpoint is shown yet: {_CUT_SHORT}"]
        raise
    remarks = [f"checkpoint has {others} lines of others, who are not checked"] if others else []
    if served == newest:
        return signed, remarks
    if served.size < newest.size:
        late = f"checkpoint shows {served.size} leaves of {newest.size}: {_CUT_SHORT}"
        return (), [*remarks, late]
    raise LogFaultError(
        CHECKPOINT_PATH, f"It is not the head of {newest.size} leaves that was kept as the newest."
    )


def _unfinished(log: PublishedLog, size: int) -> list[str]:
    """List a remark where tiles lie beyond the newest head."""
    count = sum(isinstance(one, TileFile) and one.leaves > size for one in log.files())
    if not count:
        return []
    return [f"{count} files lie beyond the newest head: {_CUT_SHORT}"]


class _Tree:
    """The tree, computed anew from entry bundles and held against everything published."""

    def __init__(self, log: PublishedLog, sizes: Sequence[int], keys: LogKeys) -> None:
        self._log = log
        self._keys = keys
        self._sizes = sizes
        self._next_head = 0
        self._frontier = Frontier()
        self._rows: list[list[bytes]] = [[]]

    def add(self, width: int) -> int:
        """Take the next entry bundle, of `width` leaves; return the width."""
        index = self._frontier.size // TILE_WIDTH
        commitments = published_commitments(self._log, index, width)
        self._compare_partial_bundles(index, commitments)
        for one in commitments:
            for level, at, node in self._frontier.append(leaf_hash(one)):
                if level % TILE_HEIGHT == 0:
                    self._add_node(level // TILE_HEIGHT, at, node)
            if self._frontier.size == self._sizes[self._next_head]:
                self._check_head()
        return width

    def finish(self) -> None:
        """Compare the tiles at the right edge, which are partial."""
        for level, row in enumerate(self._rows):
            if row:
                has = self._frontier.size >> (level * TILE_HEIGHT)
                self._compare_tiles(level, has // TILE_WIDTH, row)

    def _add_node(self, level: int, at: int, node: bytes) -> None:
        if level == len(self._rows):
            self._rows.append([])
        row = self._rows[level]
        row.append(node)
        if len(row) == TILE_WIDTH:
            self._compare_tiles(level, at // TILE_WIDTH, row)
            row.clear()

    def _check_head(self) -> None:
        path = checkpoint_path(self._frontier.size)
        head = self._keys.head(path, follows=True)
        if head.size != self._frontier.size:
            raise LogFaultError(path, f"It is the head of {head.size} leaves.")
        if head.root != self._frontier.root:
            raise LogFaultError(path, "Its root is not that of the leaves before it.")
        self._next_head = min(self._next_head + 1, len(self._sizes) - 1)

    def _compare_tiles(self, level: int, index: int, row: Sequence[bytes]) -> None:
        """Compare the tile that `row` makes and the partial tiles beside it."""
        data = b"".join(row)
        self._compare(tile_path(level, index, len(row)), data)
        for width in self._log.partial_widths(tile_path(level, index)):
            if width < len(row):
                self._compare(tile_path(level, index, width), data[: width * HASH_BYTES])

    def _compare_partial_bundles(self, index: int, commitments: Sequence[bytes]) -> None:
        for width in self._log.partial_widths(entries_path(index)):
            if width < len(commitments):
                found = published_commitments(self._log, index, width)
                if found != tuple(commitments[:width]):
                    raise LogFaultError(
                        entries_path(index, width),
                        "It holds other entries than its full bundle.",
                    )

    def _compare(self, path: str, data: bytes) -> None:
        if self._log.read(path, most_bytes=_MOST_TILE_BYTES) != data:
            raise LogFaultError(path, "It does not hold the hashes of the log's entries.")
