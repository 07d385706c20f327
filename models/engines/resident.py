"""Sessions that come and go: loaded when they are first run, dropped when memory is wanted.

A room is one device's memory for networks. Before a session is loaded, those that were used
longest ago leave until the rest fits; one that is running never leaves, so a room that is too
small for what runs at once is exceeded rather than blocked. A dropped session is loaded again
when it is next run, from the same verified bytes.
"""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from models.engines.base import Batch, Session


class Room:
    """Memory of one device that networks may keep: `budget_bytes`, None without a bound."""

    def __init__(self, budget_bytes: int | None = None) -> None:
        if budget_bytes is not None and budget_bytes < 0:
            raise ValueError(f"a room of {budget_bytes} bytes")
        self.budget_bytes = budget_bytes
        self._warm: dict[ResidentSession, None] = {}  # the longest unused first
        self._lock = threading.RLock()

    @property
    def kept_bytes(self) -> int:
        """What the sessions that are loaded now may need at most."""
        with self._lock:
            return sum(each.need_bytes for each in self._warm)

    @property
    def kept(self) -> tuple[str, ...]:
        """The sessions that are loaded now, the longest unused first."""
        with self._lock:
            return tuple(each.name for each in self._warm)

    def empty(self) -> None:
        """Drop every session that is not running."""
        with self._lock:
            self._leave_until(lambda: False)

    @contextmanager
    def session(self, resident: ResidentSession) -> Iterator[Session]:
        """Hand out the loaded session, and keep it from leaving while it is used."""
        with self._lock:
            self._warm.pop(resident, None)
            loaded = resident.loaded
            if loaded is None:
                need = resident.need_bytes
                self._leave_until(lambda: self._fits(need))
                loaded = resident.loaded = resident.load()
            self._warm[resident] = None
            resident.users += 1
        try:
            yield loaded
        finally:
            with self._lock:
                resident.users -= 1

    def _fits(self, need: int) -> bool:
        return self.budget_bytes is None or self.kept_bytes + need <= self.budget_bytes

    def _leave_until(self, enough: Callable[[], bool]) -> None:
        leaving = [each for each in self._warm if not each.users]
        left = 0
        for each in leaving:
            if enough():
                break
            del self._warm[each]
            each.drop()
            left += 1
        if left:
            _return_pages()


class ResidentSession:
    """A `Session` in a room. `need_bytes` is the most that it keeps on the device.

    `afterwards` is called when the loaded session was dropped: some libraries keep its memory
    for the next one until they are asked to give it back.
    """

    def __init__(
        self,
        name: str,
        load: Callable[[], Session],
        room: Room,
        *,
        need_bytes: int,
        afterwards: Callable[[], None] | None = None,
    ) -> None:
        self.name = name
        self.load = load
        self.need_bytes = need_bytes
        self.loaded: Session | None = None
        self.users = 0
        self._room = room
        self._afterwards = afterwards

    def run(self, batch: Batch) -> Batch:
        """Run the loaded session, loading it first where it is not. Raises as `Session.run`."""
        with self._room.session(self) as session:
            return session.run(batch)

    def drop(self) -> None:
        """Let go of the loaded session. Called by the room, under its lock."""
        self.loaded = None
        if self._afterwards is not None:
            self._afterwards()

    def warm_up(self) -> None:
        """Load now what the first run would load."""
        with self._room.session(self):
            pass


def _return_pages() -> None:
    """Have the C library give freed pages back to the system, where it has a call for that."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)
