"""Opens the book of gates of a home: records that shipped, records made here, and moves."""

from __future__ import annotations

from collections.abc import Callable

from pipelines.evidence.entry import Entry, parse_entry
from pipelines.gates.book import Book, Shelf, shipped_shelf
from pipelines.gates.life import KIND, LifeState, job_of, state_after
from services.cli.networks_wiring import networks_of
from services.provenance.entry_reader import EntryReader
from services.provenance.key_ring import KeyRing
from services.settings.settings import Settings

GATES = "gates"


def gate_book(settings: Settings, signer: KeyRing) -> Book:
    """Return what is known of networks in the home of `settings`."""
    networks = networks_of(settings)
    own = Shelf(settings.home / GATES, (signer.public_key, *signer.retired))
    return Book(
        (shipped_shelf(), own),
        shipped=frozenset(networks.names()),
        state=_state(settings),
    )


def history(settings: Settings, network: str) -> tuple[Entry, ...]:
    """Every entry about a network in the home's log, oldest first; erased ones are left out."""
    path = settings.home / "log" / "entries.db"
    if not path.exists():
        return ()
    reader = EntryReader(path)
    try:
        rows = reader.of_job(job_of(network))
    finally:
        reader.close()
    return tuple(parse_entry(row.canonical) for row in rows if row.canonical is not None)


def _state(settings: Settings) -> Callable[[str], LifeState | None]:
    def state(network: str) -> LifeState | None:
        moves = [entry.body for entry in history(settings, network) if entry.kind == KIND]
        return state_after(moves, first=LifeState.IMPORTED) if moves else None

    return state
