"""`evident log query`: entries of the log by who, what, when and which bytes."""

from __future__ import annotations

import sys
from pathlib import Path

from pipelines.errors import EvidentError
from pipelines.stages.export.sanitise import shown
from services.cli.evidence_wiring import settings_for
from services.cli.printing import (
    GOOD,
    console_on_stderr,
    print_json,
    print_text,
    wrong_use,
)
from services.provenance.asked import Asked, filter_of
from services.provenance.event_text import CSV_COLUMNS, csv_text, event_line, event_row
from services.provenance.log_view import LogView, Page

__all__ = ["Asked", "main"]


def main(asked: Asked, form: str, *, limit: int, after: str | None, home: Path | None) -> int:
    """Print one page of entries; returns the exit code."""
    try:
        wanted = filter_of(asked)
        with LogView(settings_for(home).home / "log") as view:
            page = view.page(wanted, cursor=after, most=limit)
    except EvidentError as error:
        return wrong_use(error, as_json=form == "json")
    if form == "json":
        print_json({"events": [one.as_json() for one in page.events], "next": page.next_cursor})
    elif form == "csv":
        sys.stdout.writelines(csv_text(CSV_COLUMNS, map(event_row, page.events)))
        sys.stdout.flush()
        _say_more(page)
    else:
        for event in page.events:
            print_text(event_line(event))
        if not page.events:
            print_text("No entry is like that.")
        _say_more(page)
    return GOOD


def _say_more(page: Page) -> None:
    if page.next_cursor is not None:
        console_on_stderr().print(f"More follow: --after {shown(page.next_cursor)}")
