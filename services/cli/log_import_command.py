"""`evident log import`: an older audit log becomes entries that say what they are."""

from __future__ import annotations

from pathlib import Path

from pipelines.errors import EvidentError
from services.cli.evidence_wiring import evidence_log, settings_for, signing_key
from services.cli.printing import GOOD, print_json, print_text, wrong_use
from services.provenance.import_events import Imported, import_events
from services.provenance.log_view import LogView


def main(path: Path, *, home: Path | None, as_json: bool) -> int:
    """Import, seal and print; returns the exit code."""
    try:
        settings = settings_for(home)
        directory = settings.home / "log"
        with evidence_log(settings, signing_key(settings)) as log, LogView(directory) as view:
            found = import_events(path, directory, log, view)
            size = log.publish().size
    except EvidentError as error:
        return wrong_use(error, as_json=as_json)
    if as_json:
        print_json(_json(found, size))
    else:
        print_text(_sentence(found, size))
    return GOOD


def _json(found: Imported, size: int) -> dict[str, object]:
    older, before = found.older, found.before
    return {
        "ok": True,
        "job": older.job,
        "sha256": older.sha256,
        "events": older.events,
        "blank_lines": older.blank,
        "imported_before": None if before is None else {"at": before.at, "leaf": before.leaf},
        "checkpoint": size,
    }


def _sentence(found: Imported, size: int) -> str:
    older = found.older
    if found.before is not None:
        return (
            f"{older.name} was imported before, at {found.before.at} "
            f"(leaf {found.before.leaf}); nothing has changed."
        )
    return (
        f"{older.events} events of {older.name} (sha256 {older.sha256}) are entries of kind "
        f"imported, sealed under checkpoint {size} and not before this moment."
    )
