"""`evident orchestrator`: what the verb may be asked. Light on purpose: help imports no queue."""

from __future__ import annotations

from typing import Annotated

import typer

from services.cli.every_verb import Home


def orchestrator(
    *,
    only: Annotated[
        str | None,
        typer.Option("--only", metavar="DUTY", help="keeper or worker; both unless given."),
    ] = None,
    lane: Annotated[
        list[str] | None,
        typer.Option("--lane", metavar="LANE", help="Work on this lane; may be given again."),
    ] = None,
    slots: Annotated[
        int | None, typer.Option("--slots", min=1, max=64, help="Stages at once: EVIDENT_SLOTS.")
    ] = None,
    metrics_port: Annotated[
        int | None,
        typer.Option(
            min=0, max=65_535, metavar="PORT", help="Show counts here: EVIDENT_METRICS_PORT."
        ),
    ] = None,
    home: Home = None,
) -> None:
    """Run jobs that are on record until stopped; SIGTERM gives what runs back to others.

    [dim]evident orchestrator --only worker --slots 2[/dim]
    """
    from services.cli import orchestrator_command  # noqa: PLC0415 - see the module docstring

    lanes = tuple(lane or ())
    asked = orchestrator_command.Asked(only, lanes, slots, metrics_port)
    raise typer.Exit(orchestrator_command.main(asked, home=home))
