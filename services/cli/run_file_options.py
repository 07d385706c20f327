"""`evident run`: the options about the file, and what is decided about it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

_FILE = "The file, and what is decided about it"

Inputs = Annotated[
    list[Path], typer.Argument(metavar="INPUT...", help="Photographs and video files.")
]

VideoStream = Annotated[
    int | None,
    typer.Option(
        "--video-stream",
        "--stream",
        min=0,
        metavar="N",
        help="Which video stream, where there are several; each is an item: --stream 2.",
        rich_help_panel=_FILE,
    ),
]

DropStream = Annotated[
    list[int] | None,
    typer.Option(
        min=0,
        metavar="N",
        help="Leave stream N out of the result; on record; may be repeated: --drop-stream 3.",
        rich_help_panel=_FILE,
    ),
]

Override = Annotated[
    list[str] | None,
    typer.Option(
        metavar="NAME=VALUE",
        help="Decide otherwise than the file states: range, matrix, display_aspect, "
        "field_order, frame_rate, clock, stream, trim, region (docs/intake.md); may "
        "be repeated: --override trim=250-499, --override region=plate:120,80,60,24.",
        rich_help_panel=_FILE,
    ),
]

Because = Annotated[
    str | None,
    typer.Option(
        metavar="REASON",
        help='Why; on record for every override: --because "test chart at 00:12".',
        rich_help_panel=_FILE,
    ),
]

Overrides = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="Overrides, each with its own reason, TOML or JSON: --overrides decided.toml.",
        rich_help_panel=_FILE,
    ),
]

Hashes = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="A supplier's list of digests; every input must be as it says: --hashes export.md5.",
        rich_help_panel=_FILE,
    ),
]
