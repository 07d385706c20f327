"""Events as lines and cells: nothing that was put into a name can act where it is shown."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

from services.provenance.event_text import (
    CSV_COLUMNS,
    csv_text,
    event_line,
    event_row,
    safe_cell,
)
from services.provenance.index_search import Filter
from services.provenance.log_event import LogEvent
from services.provenance.log_view import LogView
from tests.unit.services.provenance.view_kit import digest, writing

HOSTILE = '=HYPERLINK("http://x")\x1b[2J\u202egpj.exe\r\n@SUM(1)'


def events(home: Path) -> tuple[LogEvent, ...]:
    """Events with hostile text in every place that takes text."""
    with writing(home, operator="+cmd|' /C calc'!A0", session="-1+1") as log:
        body = {"principal": HOSTILE, "means": HOSTILE, "case": "@x", "stated_at": "=1+1",
                "inputs": [{"sha256": digest("x"), "name": HOSTILE}]}  # fmt: skip
        log.record("=job", "access", body)
        log.seal("=job")
    with LogView(home / "log") as view:
        return view.page(Filter()).events


def test_a_line_stays_one_line(tmp_path: Path) -> None:
    """Control characters, line breaks and direction overrides of an entry are written out."""
    (event,) = events(tmp_path)
    line = event_line(event)
    assert line.isprintable()
    assert "\u202e" not in line
    assert "leaf 0, checkpoint 1" in line
    assert digest("x")[:16] in line


def test_no_cell_is_a_formula(tmp_path: Path) -> None:
    """No cell of the CSV begins like a formula, and every row has every column."""
    found = events(tmp_path)
    text = "".join(csv_text(CSV_COLUMNS, map(event_row, found)))
    rows = list(csv.reader(io.StringIO(text, newline="")))
    assert [len(row) for row in rows] == [len(CSV_COLUMNS)] * 2
    cells = dict(zip(CSV_COLUMNS, rows[1], strict=True))
    assert cells["job"] == "'=job"
    assert cells["operator"].startswith("'+cmd")
    assert not [cell for row in rows for cell in row if cell[:1] in "=+-@\t\r\n" and cell]
    assert json.loads(cells["body"]) == found[0].body
    assert text.isascii() or "\u202e" not in text


@pytest.mark.parametrize(
    "text", ["=1", "+1", "-1", "@x", " =1", "'=1", "\uff1d1", "\t=1", "\r=1", "\n@x"]
)
def test_every_beginning_of_a_formula_is_known(text: str) -> None:
    """Whatever a spreadsheet takes for a formula gets an apostrophe or loses its power."""
    cell = safe_cell(text)
    assert cell.startswith("'") or cell[0] == "\\"


def test_plain_cells_stay_plain() -> None:
    """Numbers, names, times and nothing are not changed."""
    assert [safe_cell(one) for one in (7, "anna", "2026-01-01T00:00:00Z", None, "a=b")] == [
        "7", "anna", "2026-01-01T00:00:00Z", "", "a=b",
    ]  # fmt: skip
