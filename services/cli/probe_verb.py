"""`evident probe`: what the verb may be asked. Light on purpose: help imports no server."""

from __future__ import annotations

from typing import Annotated

import typer

from services.cli.every_verb import Home


def probe(
    *,
    gateway: Annotated[
        str, typer.Option(metavar="URL", help="Where the gateway answers.")
    ] = "http://127.0.0.1:8700",
    every: Annotated[
        float | None,
        typer.Option(
            min=1, max=86_400, metavar="SECONDS", help="Go on, a probe this often: for a service."
        ),
    ] = None,
    limit: Annotated[
        float,
        typer.Option(min=1, max=3600, metavar="SECONDS", help="How long a probe may take."),
    ] = 120.0,
    home: Home = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON on stdout.")] = False,
) -> None:
    """Send a tiny picture through gateway, queue, worker, store and evidence log, and check it.

    Its jobs belong to the project `probe`, its files are given up at once. The gateway tells the
    age of the last good one: `evident_probe_age_seconds`. Exit code 1 where the probe failed.

    [dim]evident probe --every 300[/dim]
    """
    from services.cli import probe_command  # noqa: PLC0415 - see the module docstring

    asked = probe_command.Asked(gateway, every, limit)
    raise typer.Exit(probe_command.main(asked, home=home, as_json=as_json))
