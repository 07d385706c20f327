"""`evident run`: the options that say what comes out, and what its report states."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from services.cli.report_verb import ReportLanguage


class PreviewKind(StrEnum):
    """What a copy to look at is coded as."""

    WEBP = "webp"
    AVIF = "avif"


class ResultKind(StrEnum):
    """What kind of file an enhanced photograph becomes."""

    PNG = "png"
    SOURCE = "source"


_MADE = "What comes out"
_PAPER = "Case and report"
_RUN = "How it runs"

Out = Annotated[
    Path,
    typer.Option(
        "--out",
        "-o",
        metavar="DIR",
        help="Where results go, one folder per file: --out results.",
        rich_help_panel=_MADE,
    ),
]

Output = Annotated[
    ResultKind | None,
    typer.Option(
        help="File kind of enhanced photographs, png or that of the source: --output source.",
        rich_help_panel=_MADE,
    ),
]

Preview = Annotated[
    list[PreviewKind] | None,
    typer.Option(
        help="Also make a small lossy copy of an enhanced photograph to look at; may be "
        "repeated: --preview webp.",
        rich_help_panel=_MADE,
    ),
]

Pyramid = Annotated[
    bool,
    typer.Option(
        "--pyramid",
        help="Also make a pyramid of tiles of an enhanced photograph for a zooming viewer "
        "(Deep Zoom Image, in a ZIP): --pyramid.",
        rich_help_panel=_MADE,
    ),
]

NoCredentials = Annotated[
    bool,
    typer.Option(
        "--no-credentials",
        help="Put no content credentials (C2PA) into results: --no-credentials.",
        rich_help_panel=_MADE,
    ),
]

Case = Annotated[
    str | None,
    typer.Option(
        metavar="C",
        help="The case; in graph, report and bundle: --case 2026/114.",
        rich_help_panel=_PAPER,
    ),
]

Item = Annotated[
    str | None,
    typer.Option(metavar="N", help="The item of the case: --item 3.", rich_help_panel=_PAPER),
]

Exhibit = Annotated[
    str | None,
    typer.Option(
        metavar="MARK",
        help='The mark that it carries in proceedings: --exhibit "K 3".',
        rich_help_panel=_PAPER,
    ),
]

Note = Annotated[
    str | None,
    typer.Option(
        metavar="TEXT",
        help='A note for the report: --note "handed over by unit 4".',
        rich_help_panel=_PAPER,
    ),
]

RequestedBy = Annotated[
    str | None,
    typer.Option(
        metavar="WHO",
        help='Who asked for it, "Name; function; organisation": --requested-by "R. Ortiz; '
        'examiner; Lab 3".',
        rich_help_panel=_PAPER,
    ),
]

Reviewer = Annotated[
    list[str] | None,
    typer.Option(
        metavar="WHO",
        help='Who reviews and signs it, written likewise; may be repeated: --reviewer "A. Berg".',
        rich_help_panel=_PAPER,
    ),
]

Language = Annotated[
    ReportLanguage | None,
    typer.Option(help="The language of the report: --language ru.", rich_help_panel=_PAPER),
]

Resume = Annotated[
    bool,
    typer.Option(
        "--resume",
        help="Go on where an earlier run was stopped; the same command with --resume.",
        rich_help_panel=_RUN,
    ),
]

Explain = Annotated[
    bool,
    typer.Option(
        "--explain",
        help="Print the graph and the plan, and do nothing: --explain.",
        rich_help_panel=_RUN,
    ),
]
