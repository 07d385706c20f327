"""`evident provenance`: what the verb may be asked. Light on purpose: help imports no server."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from services.cli.every_verb import HomeOfLog
from services.cli.serve_verb import LOOPBACK, Certificate, Host, Key, Proxy


def provenance(  # noqa: PLR0913 - one parameter per option
    *,
    port: Annotated[int, typer.Option(min=0, max=65_535, help="The port.")] = 8701,
    make_key: Annotated[
        bool,
        typer.Option("--make-key", help="Make the key for evidence first, and print it once."),
    ] = False,
    seals: Annotated[
        bool,
        typer.Option("--seals", help="Seal and sign for workers on other hosts as well."),
    ] = False,
    tokens: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Where worker.token and gateway.token lie; made in the home unless given.",
        ),
    ] = None,
    host: Host = LOOPBACK,
    tls_certificate: Certificate = None,
    tls_key: Key = None,
    behind_proxy: Proxy = None,
    home: HomeOfLog = None,
) -> None:
    """Serve the log over HTTP: tiles and proofs for all, evidence with the key.

    With --seals it is the one process that seals and signs for workers and gateways on other
    hosts, which have the tokens that it makes; it reaches the records then.

    [dim]evident provenance --make-key[/dim]
    [dim]evident provenance --seals[/dim]
    """
    from services.cli import provenance_command, serve_command  # noqa: PLC0415 - see the docstring

    door = serve_command.Asked(host, port, tls_certificate, tls_key, behind_proxy, works=False)
    asked = provenance_command.Asked(door, make_key, seals, tokens)
    raise typer.Exit(provenance_command.main(asked, home=home))
