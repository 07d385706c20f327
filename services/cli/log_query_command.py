"""`evident log query`: entries of the log by who, what, when and which bytes."""

from __future__ import annotations

import sys

from pipelines.errors import EvidentError
from pipelines.stages.export.sanitise import shown
from services.cli.printing import (
    GOOD,
    WRONG_USE,
    console_on_stderr,
    print_error,
    print_json,
    print_text,
)
from services.provenance.asked import Asked, filter_of
from services.provenance.event_text import CSV_COLUMNS, csv_text, event_line, event_row
from services.provenance.log_view import LogView, Page
from services.settings.settings import Settings

__all__ = ["Asked", "main"]


def main(asked: Asked, form: str, *, limit: int, after: str | None) -> int:
    """Print one page of entries; returns the exit code."""
    try:
        wanted = filter_of(asked)
        with LogView(Settings().home / "log") as view:
            page = view.page(wanted, cursor=after, most=limit)
    except EvidentError as error:
        if form == "json":
            print_json({"error": {"reason": str(error), "next_step": error.next_step}})
        print_error(console_on_stderr(), "", str(error), error.next_step)
        return WRONG_USE
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
