"""Options that mean the same at every verb. Light on purpose: help imports nothing heavy."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout.")]

Home = Annotated[
    Path | None,
    typer.Option("--home", metavar="DIR", help="The home that is meant: EVIDENT_HOME."),
]

HomeOfLog = Annotated[
    Path | None,
    typer.Option("--home", metavar="DIR", help="The home whose log is meant: EVIDENT_HOME."),
]
