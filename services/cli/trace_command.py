"""`evident trace`: everything that happened to one digest."""

from __future__ import annotations

import sys
from pathlib import Path

from pipelines.errors import EvidentError
from services.cli.evidence_wiring import settings_for
from services.cli.named_bytes import digest_or_file
from services.cli.printing import (
    FAILED,
    GOOD,
    print_json,
    print_text,
    wrong_use,
)
from services.provenance.event_text import csv_text
from services.provenance.log_view import LogView
from services.provenance.trace import Trace, Way, trace
from services.provenance.trace_text import TRACE_COLUMNS, trace_json, trace_lines, trace_rows

_WAYS = {
    "back": (Way.BACK,),
    "forward": (Way.FORWARD,),
    "both": (Way.BACK, Way.FORWARD),
}


def main(what: str, direction: str, form: str, *, home: Path | None) -> int:
    """Print the trace; returns the exit code: 1 where the log does not know the bytes."""
    try:
        named = digest_or_file(what)
        with LogView(settings_for(home).home / "log") as view:
            found = trace(view, named.sha256, _WAYS[direction])
    except EvidentError as error:
        return wrong_use(error, as_json=form == "json")
    _print(found, form)
    return GOOD if found.is_known else FAILED


def _print(found: Trace, form: str) -> None:
    if form == "json":
        print_json(trace_json(found))
    elif form == "csv":
        sys.stdout.writelines(csv_text(TRACE_COLUMNS, trace_rows(found)))
        sys.stdout.flush()
    else:
        for line in trace_lines(found):
            print_text(line)
