"""`evident queue`: how the queue stands, and what whoever runs it sets. Light: opens no records."""

from __future__ import annotations

from typing import Annotated

import typer

from services.cli.every_verb import AsJson, Home

app = typer.Typer(
    name="queue",
    help="The queue of a deployment: lanes, limits, errors, and what was given up.",
    no_args_is_help=True,
    rich_markup_mode="rich",
)

Lane = Annotated[str, typer.Argument(metavar="LANE", help="photo or video.")]
Because = Annotated[str, typer.Option("--because", metavar="TEXT", help="Why; kept and shown.")]
Limit = Annotated[
    int | None, typer.Option(min=0, max=1_000_000, metavar="N", help="At most N; 0: no limit.")
]


@app.command()
def lanes(*, home: Home = None, as_json: AsJson = False) -> None:
    """Show every lane: what is ready, since when the oldest waits, what runs, whether it is paused.

    [dim]evident queue lanes[/dim]
    """
    from services.cli import queue_command  # noqa: PLC0415 - see the module docstring

    raise typer.Exit(queue_command.lanes(home, as_json=as_json))


@app.command()
def pause(lane: Lane, *, because: Because, home: Home = None, as_json: AsJson = False) -> None:
    """Let nothing of a lane begin; what runs goes on, and jobs are taken in as before.

    [dim]evident queue pause video --because "new driver on the GPU hosts"[/dim]
    """
    from services.cli import queue_command  # noqa: PLC0415 - see the module docstring

    raise typer.Exit(queue_command.pause(home, lane, because=because, as_json=as_json))


@app.command()
def resume(lane: Lane, *, home: Home = None, as_json: AsJson = False) -> None:
    """Let a paused lane go on.

    [dim]evident queue resume video[/dim]
    """
    from services.cli import queue_command  # noqa: PLC0415 - see the module docstring

    raise typer.Exit(queue_command.resume(home, lane, as_json=as_json))


@app.command()
def project(
    name: Annotated[
        str | None, typer.Argument(metavar="PROJECT", help="The project; all of them without it.")
    ] = None,
    *,
    share: Annotated[
        int | None, typer.Option(min=1, max=1000, metavar="N", help="Turns, beside others' 1.")
    ] = None,
    running: Limit = None,
    queued: Limit = None,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Show projects, or set one's share and limits: stages at once, and unfinished jobs.

    [dim]evident queue project harbour --share 2 --running 4 --queued 5000[/dim]
    """
    from services.cli import queue_command  # noqa: PLC0415 - see the module docstring

    asked = queue_command.Terms(share, running, queued)
    raise typer.Exit(queue_command.project(home, name, asked, as_json=as_json))


@app.command()
def network(
    name: Annotated[
        str | None, typer.Argument(metavar="NETWORK", help="The network; all limits without it.")
    ] = None,
    *,
    running: Limit = None,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Show limits of networks, or set how many stages run one at once.

    [dim]evident queue network evident-sr-x4 --running 2[/dim]
    """
    from services.cli import queue_command  # noqa: PLC0415 - see the module docstring

    raise typer.Exit(queue_command.network(home, name, running, as_json=as_json))


@app.command()
def errors(*, home: Home = None, as_json: AsJson = False) -> None:
    """Show errors by class: how often, the last of them, and what was done about it.

    [dim]evident queue errors[/dim]
    """
    from services.cli import queue_command  # noqa: PLC0415 - see the module docstring

    raise typer.Exit(queue_command.errors(home, as_json=as_json))


@app.command()
def resolve(
    error: Annotated[str, typer.Argument(metavar="CLASS", help="As `queue errors` names it.")],
    *,
    because: Annotated[
        str, typer.Option("--because", metavar="TEXT", help="What was done about it.")
    ],
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Write down what was done about a class of errors; it is open again when it comes back.

    [dim]evident queue resolve DiskFullError --because "a second disk is in"[/dim]
    """
    from services.cli import queue_command  # noqa: PLC0415 - see the module docstring

    raise typer.Exit(queue_command.resolve(home, error, because=because, as_json=as_json))


@app.command()
def dead(
    *,
    project: Annotated[
        str | None, typer.Option("--project", metavar="P", help="Of one project.")
    ] = None,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Show what was given up, with its diagnosis.

    [dim]evident queue dead --project harbour[/dim]
    """
    from services.cli import queue_command  # noqa: PLC0415 - see the module docstring

    raise typer.Exit(queue_command.dead(home, project, as_json=as_json))


@app.command()
def retry(
    job: Annotated[list[str], typer.Argument(metavar="JOB...", help="Jobs that were given up.")],
    *,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Send jobs back with all their chances; what was finished of them stays finished.

    [dim]evident queue retry 2f6c1a8e-0b3c-4c7d-9d3e-1f2a3b4c5d6e[/dim]
    """
    from services.cli import queue_command  # noqa: PLC0415 - see the module docstring

    raise typer.Exit(queue_command.retry(home, job, as_json=as_json))
