"""`evident log add` and `evident log import`: facts from outside. Light: help imports no log."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from services.cli.every_verb import AsJson, HomeOfLog

app = typer.Typer(
    name="add",
    help="State what happened outside this system; it is recorded as your statement.",
    no_args_is_help=True,
    rich_markup_mode="rich",
)

Bytes = Annotated[
    str, typer.Option("--sha256", metavar="D|FILE", help="The bytes: a SHA-256, or a file.")
]
At = Annotated[
    str,
    typer.Option("--at", metavar="T", help="When it happened; UTC where no zone is given."),
]
Means = Annotated[
    str, typer.Option("--means", metavar="TEXT", help="How: by courier, sealed bag 17…")
]
Case = Annotated[str | None, typer.Option("--case", metavar="C", help="The case.")]
Item = Annotated[str | None, typer.Option("--item", metavar="N", help="The item.")]


@app.command()
def transfer(  # noqa: PLR0913 - one parameter per option of the verb
    *,
    sha256: Bytes,
    giver: Annotated[str, typer.Option("--from", metavar="A", help="Who handed it over.")],
    taker: Annotated[str, typer.Option("--to", metavar="B", help="Who received it.")],
    at: At,
    means: Means,
    case: Case = None,
    item: Item = None,
    home: HomeOfLog = None,
    as_json: AsJson = False,
) -> None:
    """State that bytes were handed over outside this system.

    [dim]evident log add transfer --sha256 clip.mp4 --from "Unit 4" --to "Lab" --at 2026-11-20
    --means "by courier"[/dim]
    """
    from services.cli import log_add_command as command  # noqa: PLC0415 - see above

    asked = command.Asked(sha256, at, means, case=case, item=item, home=home)
    raise typer.Exit(command.transfer(asked, giver=giver, taker=taker, as_json=as_json))


@app.command()
def access(
    *,
    sha256: Bytes,
    by: Annotated[str, typer.Option("--by", metavar="WHO", help="Who took or saw it.")],
    at: At,
    means: Means,
    case: Case = None,
    item: Item = None,
    home: HomeOfLog = None,
    as_json: AsJson = False,
) -> None:
    """State that somebody took or saw bytes outside this system.

    [dim]evident log add access --sha256 clip.mp4 --by "A. Expert" --at 2026-11-20T14:00:00Z
    --means "viewed in the lab"[/dim]
    """
    from services.cli import log_add_command as command  # noqa: PLC0415 - see above

    asked = command.Asked(sha256, at, means, case=case, item=item, home=home)
    raise typer.Exit(command.access(asked, principal=by, as_json=as_json))


def import_events(
    events: Annotated[
        Path, typer.Argument(metavar="EVENTS.JSONL", help="An older audit log, JSON Lines.")
    ],
    *,
    home: HomeOfLog = None,
    as_json: AsJson = False,
) -> None:
    """Take in an older audit log as what it is: imported, not sealed before this moment.

    All of its lines are taken or none; the same file is taken once.

    [dim]evident log import events.jsonl[/dim]
    """
    from services.cli import log_import_command  # noqa: PLC0415 - see above

    raise typer.Exit(log_import_command.main(events, home=home, as_json=as_json))
