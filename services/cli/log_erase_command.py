"""`evident log erase`: bodies of a job's entries are gone, and the log says so."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pipelines.errors import EvidentError
from services.cli.evidence_wiring import evidence_log, settings_for, signing_key
from services.cli.printing import (
    GOOD,
    WRONG_USE,
    console_on_stderr,
    print_error,
    print_json,
    print_text,
)
from services.provenance.log_view import forget_erased


@dataclass(frozen=True, slots=True)
class Asked:
    """Whose entries go: all of `job`, or entry `sequence` of it; and why."""

    home: Path | None
    job: str
    sequence: int | None
    reason: str


def main(asked: Asked, *, as_json: bool) -> int:
    """Erase, seal the record of it, print; returns the exit code."""
    try:
        settings = settings_for(asked.home)
        with evidence_log(settings, signing_key(settings)) as log:
            leaves = log.erase(asked.job, sequence=asked.sequence, reason=asked.reason)
            log.publish()
        forget_erased(settings.home / "log")
    except EvidentError as error:
        if as_json:
            print_json({"ok": False, "error": {"reason": str(error), "next_step": error.next_step}})
        print_error(console_on_stderr(), "", str(error), error.next_step)
        return WRONG_USE
    if as_json:
        print_json({"ok": True, "erased": list(leaves)})
    elif leaves:
        print_text(f"{len(leaves)} entries are erased, and the log says so.")
    else:
        print_text("They were erased before; nothing has changed.")
    return GOOD
