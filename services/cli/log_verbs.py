"""`evident log`: the verbs about the evidence log, and what each may be asked.

Light on purpose: help needs no import of the log.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

app = typer.Typer(
    name="log",
    help="The evidence log: who did what, and when.",
    no_args_is_help=True,
    rich_markup_mode="rich",
)

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout.")]


class Form(StrEnum):
    """How a listing is printed."""

    TEXT = "text"
    JSON = "json"
    CSV = "csv"


@app.command()
def query(  # noqa: PLR0913 - one parameter per option of the verb
    *,
    user: Annotated[
        str | None,
        typer.Option(metavar="U", help="Made by U, or naming U (who took, who handed over)."),
    ] = None,
    session: Annotated[str | None, typer.Option(metavar="S", help="Of one run.")] = None,
    host: Annotated[str | None, typer.Option(metavar="H", help="Made on one machine.")] = None,
    job: Annotated[str | None, typer.Option(metavar="J", help="Of one job.")] = None,
    case: Annotated[str | None, typer.Option(metavar="C", help="Of one case.")] = None,
    item: Annotated[str | None, typer.Option(metavar="N", help="Of one item.")] = None,
    project: Annotated[str | None, typer.Option(metavar="P", help="Of one project.")] = None,
    kind: Annotated[
        str | None, typer.Option(metavar="K", help="Of one kind: access, transfer, export…")
    ] = None,
    digest: Annotated[
        str | None, typer.Option(metavar="D", help="Naming this SHA-256 in any way.")
    ] = None,
    since: Annotated[
        str | None,
        typer.Option(metavar="T", help="From this time on; UTC where no zone is given."),
    ] = None,
    until: Annotated[
        str | None,
        typer.Option(metavar="T", help="Before this time; a day alone is meant whole."),
    ] = None,
    stated: Annotated[
        bool,
        typer.Option("--stated", help="Times are those that a person stated, not of recording."),
    ] = False,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="The most entries.")] = 100,
    after: Annotated[
        str | None, typer.Option(metavar="CURSOR", help="Go on after this entry of a listing.")
    ] = None,
    form: Annotated[Form, typer.Option("--format", help="How to print it.")] = Form.TEXT,
    as_json: AsJson = False,
) -> None:
    """List entries of the log, oldest first: who did what, when, and where it is sealed.

    [dim]evident log query --user anna --since 2026-11-01 --kind access --format csv[/dim]
    """
    from services.cli import log_query_command  # noqa: PLC0415 - see the module docstring

    asked = log_query_command.Asked(
        user=user,
        session=session,
        host=host,
        job=job,
        case=case,
        item=item,
        project=project,
        kind=kind,
        digest=digest,
        since=since,
        until=until,
        stated=stated,
    )
    chosen = Form.JSON if as_json else form
    raise typer.Exit(log_query_command.main(asked, chosen.value, limit=limit, after=after))
