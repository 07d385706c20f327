"""Everything that happened to one digest: back to what it was made from, forward to what was made.

A walk over the entries' derivations (inputs to outputs), breadth first, so that the nearest is
found first. Bounded in depth, width and number, and says so where a bound was met; a digest
that is reached twice, as in a cycle or where two ways meet, is opened at its first place only.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from pipelines.evidence.mentions import Part
from services.provenance.index_file import IndexFile
from services.provenance.log_event import LogEvent
from services.provenance.log_view import LogView

MOST_NODES = 500
MOST_DEPTH = 40
MOST_FAN = 50
MOST_ROOT_EVENTS = 100
MOST_NODE_EVENTS = 20

_MOST_DERIVATIONS = 2_000
_MOST_LOOKED_AT = 2_000


class Way(StrEnum):
    """Which way a walk goes."""

    BACK = "back"
    FORWARD = "forward"


@dataclass(frozen=True, slots=True)
class Traced:
    """One digest with the names it went by and the events that name it, in the log's order.

    Who had the bytes comes first: where there are more events than can be read, accesses and
    hand-overs are kept and of the others the first and the last. `more_events` says so.
    """

    sha256: str
    names: tuple[str, ...]
    events: tuple[LogEvent, ...]
    more_events: bool


@dataclass(frozen=True, slots=True)
class Branch:
    """One step of the walk: to which digest, by which event, and the steps from there.

    `again` says that the digest is opened elsewhere in the tree; `more` that steps from here
    were left out because a bound was met.
    """

    to: Traced
    by: LogEvent
    branches: tuple[Branch, ...]
    again: bool
    more: bool


@dataclass(frozen=True, slots=True)
class Trace:
    """A digest and the walks from it; a way that was not asked for is absent."""

    root: Traced
    ways: dict[Way, tuple[Branch, ...]]
    more: dict[Way, bool]

    @property
    def is_known(self) -> bool:
        """Whether any entry names the digest."""
        return bool(self.root.events)


def trace(view: LogView, sha256: str, ways: tuple[Way, ...] = (Way.BACK, Way.FORWARD)) -> Trace:
    """Walk from `sha256` (64 lower-case hexadecimal digits) through the log behind `view`."""
    root = _traced(view, sha256, most=MOST_ROOT_EVENTS)
    walks = {way: _Walk(view, way, root) for way in ways}
    return Trace(
        root,
        {way: walk.branches(sha256) for way, walk in walks.items()},
        {way: sha256 in walk.cut for way, walk in walks.items()},
    )


@dataclass(frozen=True, slots=True)
class _Step:
    """One derivation: the digest at its far end and the leaf of the entry that states it."""

    sha256: str
    leaf: int


class _Walk:
    """One walk: the steps from every digest, and where a bound was met."""

    def __init__(self, view: LogView, way: Way, root: Traced) -> None:
        self._view = view
        self._steps: dict[str, list[_Step]] = {}
        self._places: dict[str, str] = {}
        self._nodes = {root.sha256: root}
        self.cut: set[str] = set()
        waiting = deque([(root.sha256, 0)])
        while waiting:
            here, depth = waiting.popleft()
            if depth == MOST_DEPTH:
                self.cut.add(here)
                continue
            for step in self._found(way, here):
                if step.sha256 in self._nodes:
                    self._steps.setdefault(here, []).append(step)
                elif len(self._nodes) < MOST_NODES:
                    self._steps.setdefault(here, []).append(step)
                    self._nodes[step.sha256] = _traced(view, step.sha256, most=MOST_NODE_EVENTS)
                    self._places[step.sha256] = here
                    waiting.append((step.sha256, depth + 1))
                else:
                    self.cut.add(here)
        leaves = sorted({step.leaf for steps in self._steps.values() for step in steps})
        self._by = dict(zip(leaves, view.events(leaves), strict=True))

    def branches(self, here: str) -> tuple[Branch, ...]:
        """Return the tree of steps from `here`; each digest is opened where it was found first."""
        return tuple(self._branch(here, step) for step in self._steps.get(here, ()))

    def _branch(self, here: str, step: _Step) -> Branch:
        again = self._places.get(step.sha256) != here
        return Branch(
            to=self._nodes[step.sha256],
            by=self._by[step.leaf],
            branches=() if again else self.branches(step.sha256),
            again=again,
            more=not again and step.sha256 in self.cut,
        )

    def _found(self, way: Way, here: str) -> list[_Step]:
        steps = self._view.index.ask(_derived(way, here))
        if len(steps) > MOST_FAN:
            self.cut.add(here)
        return steps[:MOST_FAN]


def _derived(way: Way, sha256: str) -> Callable[[IndexFile], list[_Step]]:
    """Ask for the digests one step away, those of exports first, then in the log's order.

    The newest derivations are looked at where there are more than anybody can read.
    """
    near, far = (Part.OUTPUT, Part.INPUT) if way is Way.BACK else (Part.INPUT, Part.OUTPUT)
    query = (
        "SELECT o.sha256, MIN(o.leaf) FROM"  # noqa: S608 - made of this file's own words
        f" (SELECT leaf FROM mentions INDEXED BY mentions_{near.caption}"
        f"  WHERE sha256 = ?1 AND part = {near:d} ORDER BY leaf DESC LIMIT ?2) i"
        " CROSS JOIN mentions o ON o.leaf = i.leaf"
        " CROSS JOIN entries e ON e.leaf = i.leaf"
        f" WHERE o.part = {far:d} AND o.sha256 <> ?1"
        " GROUP BY o.sha256 ORDER BY MAX(e.kind IS ?3) DESC, MIN(o.leaf), o.sha256 LIMIT ?4"
    )

    def answer(index: IndexFile) -> list[_Step]:
        export = index.word("export")
        values = (bytes.fromhex(sha256), _MOST_DERIVATIONS, export, MOST_FAN + 1)
        return [_Step(digest, leaf) for digest, leaf in index.digests(query, values)]

    return answer


def _traced(view: LogView, sha256: str, *, most: int) -> Traced:
    leaves, more = view.index.ask(_naming(sha256, most))
    events = view.events(leaves)
    names = dict.fromkeys(
        one.name for event in events for one in event.mentions if one.sha256 == sha256 and one.name
    )
    return Traced(sha256, tuple(names), events, more_events=more)


def _naming(sha256: str, most: int) -> Callable[[IndexFile], tuple[list[int], bool]]:
    """Ask for the entries that name a digest: who had it, and the first and last of the others.

    A clip that was worked on in hundreds of steps still shows who took it.
    """
    named = "SELECT DISTINCT leaf FROM mentions WHERE sha256 = ? ORDER BY leaf "
    held = (
        f"SELECT e.leaf FROM ({named} DESC LIMIT ?) m CROSS JOIN entries e ON e.leaf = m.leaf"  # noqa: S608
        " WHERE e.kind IN (?, ?) ORDER BY e.leaf DESC LIMIT ?"
    )

    def answer(index: IndexFile) -> tuple[list[int], bool]:
        digest = bytes.fromhex(sha256)
        kinds = [index.word(kind) for kind in ("access", "transfer")]
        had = index.rows(held, (digest, _MOST_LOOKED_AT, *kinds, most))
        first = index.rows(named + "LIMIT ?", (digest, most + 1))
        last = index.rows(named + "DESC LIMIT ?", (digest, most // 2))
        more = len(first) > most
        others = first[: most // 2] + last if more else first
        return sorted({row[0] for row in had + others}), more

    return answer
