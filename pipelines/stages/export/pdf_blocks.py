"""The building blocks of the document: fact lists, tables, lists, boxes, pictures.

Every block fits the width of the text, breaks long words, and goes on over a page's end. Text is
shortened (`sanitise.LONGEST`) so that no row of a table can grow beyond a page.
"""

from __future__ import annotations

import io
from collections.abc import Sequence

from reportlab.lib.colors import Color
from reportlab.lib.styles import ParagraphStyle
from reportlab.platypus import Flowable, Image, Paragraph, Table, TableStyle

from pipelines.stages.export.display import Rgb8
from pipelines.stages.export.pdf_style import (
    AMBER,
    AMBER_PALE,
    BODY,
    BOLD,
    BOXED,
    BULLET,
    CELL,
    CELL_MONO,
    HEAD_CELL,
    LABEL,
    LINE,
    PALE,
    QUIET,
    SANS,
    SMALL,
    TEXT_WIDTH,
    paragraph,
    safe,
)
from pipelines.stages.export.words import Words

Row = tuple[str, str]
MOST_ITEMS = 40
"""Longer lists are cut; the whole list is in report.json."""

LETTERS = ("FONTNAME", (0, 0), (-1, -1), SANS)
"""Without it a table would name letters that the document does not embed."""

_DIGEST = 64
_HALF = 32


def fact_list(rows: Sequence[Row], *, width: float = TEXT_WIDTH, label: float = 96) -> Table:
    """Return names and values in two columns; a digest is set in even letters."""
    cells = [[paragraph(name, LABEL), _fact(value)] for name, value in rows]
    table = Table(cells, colWidths=[label, width - label])
    table.setStyle(
        TableStyle(
            [
                LETTERS,
                ("VALIGN", (0, 0), (-1, -1), "TOP"),
                ("LEFTPADDING", (0, 0), (-1, -1), 0),
                ("RIGHTPADDING", (0, 0), (-1, -1), 4),
                ("TOPPADDING", (0, 0), (-1, -1), 1.6),
                ("BOTTOMPADDING", (0, 0), (-1, -1), 1.6),
            ]
        )
    )
    return table


def grid(
    head: Sequence[str],
    rows: Sequence[Sequence[str | Paragraph]],
    shares: Sequence[float],
    *,
    mono: Sequence[int] = (),
) -> Table:
    """Return a table whose head repeats on every page.

    `shares` are the columns' parts of the text's width; `mono` names columns in even letters.
    """
    total = sum(shares)
    body = [
        [
            one
            if isinstance(one, Paragraph)
            else paragraph(one, CELL_MONO if column in mono else CELL)
            for column, one in enumerate(row)
        ]
        for row in rows
    ]
    table = Table(
        [[paragraph(one, HEAD_CELL) for one in head], *body],
        colWidths=[TEXT_WIDTH * share / total for share in shares],
        repeatRows=1,
    )
    table.setStyle(
        TableStyle(
            [
                LETTERS,
                ("VALIGN", (0, 0), (-1, -1), "TOP"),
                ("BACKGROUND", (0, 0), (-1, 0), PALE),
                ("LINEBELOW", (0, 0), (-1, -1), 0.4, LINE),
                ("LEFTPADDING", (0, 0), (-1, -1), 5),
                ("RIGHTPADDING", (0, 0), (-1, -1), 5),
                ("TOPPADDING", (0, 0), (-1, -1), 3),
                ("BOTTOMPADDING", (0, 0), (-1, -1), 3.4),
            ]
        )
    )
    return table


def comparison(sides: tuple[str, str], rows: Sequence[tuple[str, str, str]]) -> Table:
    """Return two things side by side: a name and the value that each side has."""
    cells: list[list[str | Paragraph]] = [
        [paragraph(name, LABEL), _fact(first, _HALF), _fact(second, _HALF)]
        for name, first, second in rows
    ]
    return grid(("", *sides), cells, (19, 40, 40))


def bullets(
    texts: Sequence[str], words: Words, *, style: ParagraphStyle = BULLET
) -> list[Flowable]:
    """Return a list of texts from outside, the first `MOST_ITEMS` of them."""
    shown: list[Flowable] = [
        Paragraph(safe(text, style), style, bulletText="\u2022") for text in texts[:MOST_ITEMS]
    ]
    return [*shown, *rest(len(texts), words)]


def rest(count: int, words: Words, *, most: int = MOST_ITEMS) -> list[Flowable]:
    """Return a line that says how many of `count` items were left out, if any."""
    left = count - most
    if left <= 0:
        return []
    return [paragraph(words.notes.more.format(count=words.forms.whole(left)), SMALL)]


def box(
    content: Sequence[Flowable],
    *,
    edge: Color = AMBER,
    fill: Color = AMBER_PALE,
    width: float = TEXT_WIDTH,
) -> Table:
    """Return flowables on a tinted ground with a coloured edge; it may break between them."""
    table = Table([[one] for one in content], colWidths=[width])
    table.setStyle(
        TableStyle(
            [
                LETTERS,
                ("BACKGROUND", (0, 0), (-1, -1), fill),
                ("LINEBEFORE", (0, 0), (0, -1), 3, edge),
                ("LEFTPADDING", (0, 0), (-1, -1), 11),
                ("RIGHTPADDING", (0, 0), (-1, -1), 9),
                ("TOPPADDING", (0, 0), (-1, -1), 2),
                ("BOTTOMPADDING", (0, 0), (-1, -1), 2),
                ("TOPPADDING", (0, 0), (-1, 0), 8),
                ("BOTTOMPADDING", (0, -1), (-1, -1), 8),
            ]
        )
    )
    return table


def boxed(texts: Sequence[str]) -> list[Flowable]:
    """Return texts of ours as paragraphs for a box."""
    return [paragraph(text, BOXED) for text in texts]


def nothing(text: str) -> Paragraph:
    """Return a quiet line that says that there is nothing."""
    return Paragraph(safe(text), ParagraphStyle("nothing", parent=BODY, textColor=QUIET))


def strong(text: str, color: Color, style: ParagraphStyle = CELL) -> Paragraph:
    """Return a few bold words in a colour."""
    bold = ParagraphStyle(f"{style.name}-strong", parent=style, fontName=BOLD, textColor=color)
    return Paragraph(safe(text, bold), bold)


def picture(rgb: Rgb8, *, width: float, height: float) -> Image:
    """Return (H, W, 3) uint8 as it is, drawn as large as fits into `width` x `height` points."""
    rows, columns = rgb.shape[:2]
    # A portable pixmap (netpbm P6) is the samples themselves behind one line of text.
    pixmap = io.BytesIO(b"P6 %d %d 255\n" % (columns, rows) + rgb.tobytes())
    scale = min(width / columns, height / rows)
    return Image(pixmap, width=columns * scale, height=rows * scale)


def _fact(value: str, line: int = _DIGEST) -> Paragraph:
    """Return a value; a digest is set in even letters, `line` of them on a line."""
    if len(value) != _DIGEST or value.strip("0123456789abcdef"):
        return paragraph(value, CELL)
    return even(value, line)


def even(digest: str, line: int = _DIGEST) -> Paragraph:
    """Return a digest in even letters, `line` of them on a line."""
    lines = (digest[start : start + line] for start in range(0, len(digest), line))
    return Paragraph("<br/>".join(lines), CELL_MONO)
