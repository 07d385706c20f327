"""`evident report`: its options and its help. Nothing heavy is imported before it runs."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from services.cli.every_verb import AsJson


class ReportLanguage(StrEnum):
    """The languages of reports, spelt here so that help needs no import."""

    EN = "en"
    RU = "ru"


def report(
    source: Annotated[
        Path, typer.Argument(metavar="BUNDLE", help="A bundle.zip, or a report.json.")
    ],
    *,
    language: Annotated[
        ReportLanguage | None, typer.Option(help="The language; that of the report unless given.")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", "-o", metavar="FILE", help="Where it goes; report-LANGUAGE.pdf beside it."
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Make the report's document again from its facts, in either language.

    From a bundle, and in the report's own language, it has the same bytes as the one delivered.
    From report.json alone it shows no pictures. Nothing is verified; `evident verify` does that.

    [dim]evident report results/clip.mp4/bundle.zip --language ru[/dim]
    """
    from services.cli import report_command  # noqa: PLC0415 - see the module docstring

    asked = report_command.Asked(
        source=source, language=None if language is None else language.value, out=out
    )
    raise typer.Exit(report_command.main(asked, as_json=as_json))
