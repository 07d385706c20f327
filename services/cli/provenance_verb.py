"""`evident provenance`: what the verb may be asked. Light on purpose: help imports no server."""

from __future__ import annotations

from typing import Annotated

import typer

from services.cli.every_verb import HomeOfLog


def provenance(
    *,
    port: Annotated[int, typer.Option(min=0, max=65_535, help="The port on 127.0.0.1.")] = 8701,
    make_key: Annotated[
        bool,
        typer.Option("--make-key", help="Make the key for evidence first, and print it once."),
    ] = False,
    home: HomeOfLog = None,
) -> None:
    """Serve the log over HTTP on this machine: tiles and proofs for all, evidence with the key.

    [dim]evident provenance --make-key[/dim]
    """
    from services.cli import provenance_command  # noqa: PLC0415 - see the module docstring

    raise typer.Exit(provenance_command.main(port=port, make_new_key=make_key, home=home))
