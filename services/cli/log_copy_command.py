"""`evident log copy` and `evident log fetch`: the log's public files in the store of artifacts."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

from pipelines.errors import EvidenceError, EvidentError
from pipelines.stages.export.sanitise import shown
from services.cli.evidence_wiring import settings_for
from services.cli.printing import (
    FAILED,
    GOOD,
    console_on_stderr,
    print_error,
    print_json,
    print_text,
    wrong_use,
)
from services.cli.storage_wiring import storage
from services.provenance.local_log import system_clock
from services.provenance.log_copy import LogCopy, fetch_copy
from services.settings.settings import Settings
from services.storage.port import ObjectStore

_LONGEST = 1000


def log_copy(settings: Settings, store: ObjectStore) -> LogCopy:
    """Return what copies the log of this home into `store`, locked as the settings say."""
    days = settings.log_lock_days
    return LogCopy(
        store,
        settings.home / "log" / "public",
        system_clock,
        lock_for=None if days is None else timedelta(days=days),
    )


def copy(*, home: Path | None, as_json: bool) -> int:
    """Copy what the store lacks, print what it holds; returns the exit code."""

    def work() -> tuple[dict[str, Any], str]:
        settings = settings_for(home)
        done = log_copy(settings, storage(settings).objects).copy()
        text = f"The store holds the head of {done.size} leaves; {done.files} files were new."
        return {"leaves": done.size, "new_files": done.files}, text

    return _told(work, as_json=as_json)


def fetch(folder: Path, *, home: Path | None, as_json: bool) -> int:
    """Write the store's copy into `folder`, print what it is; returns the exit code."""

    def work() -> tuple[dict[str, Any], str]:
        leaves = fetch_copy(storage(settings_for(home)).objects, folder)
        name = shown(str(folder), longest=_LONGEST)
        text = f"{name}: the log's public files up to its head of {leaves} leaves."
        return {"log": str(folder.absolute()), "leaves": leaves}, text

    return _told(work, as_json=as_json)


def _told(work: Callable[[], tuple[dict[str, Any], str]], *, as_json: bool) -> int:
    try:
        facts, text = work()
    except EvidenceError as error:
        if as_json:
            problem = {"reason": str(error), "next_step": error.next_step}
            print_json({"ok": False, "error": problem})
        print_error(console_on_stderr(), "", str(error), error.next_step)
        return FAILED
    except EvidentError as error:
        return wrong_use(error, as_json=as_json)
    if as_json:
        print_json({"ok": True, **facts})
    else:
        print_text(text)
    return GOOD
