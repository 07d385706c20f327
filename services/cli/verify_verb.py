"""`evident verify`: what the verb may be asked. Light on purpose: help imports no engine."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from services.cli.every_verb import AsJson


def verify(
    bundle: Annotated[Path, typer.Argument(metavar="BUNDLE", help="A bundle.zip.")],
    *,
    trust: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="KEY",
            help="A file of public keys that you know by another way, as PEM or as signed-note "
            "verifier keys; any other key fails.",
        ),
    ] = None,
    supplement: Annotated[
        list[Path] | None,
        typer.Option(metavar="FILE", help="A supplement of the bundle, checked beside it."),
    ] = None,
    tsa_ca: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Certificates (PEM) of time-stamping authorities that you know."
        ),
    ] = None,
    credential_ca: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Certificates (PEM) of issuers of content credentials you know."
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Check every digest, proof and signature of a bundle. Needs no network and no server.

    [dim]evident verify results/clip.mp4/bundle.zip --trust their-key.pem[/dim]
    """
    from services.cli import verify_command  # noqa: PLC0415 - see the module docstring

    raise typer.Exit(
        verify_command.main(
            verify_command.Asked(
                bundle, tuple(trust or ()), tuple(supplement or ()), credential_ca, tsa_ca
            ),
            as_json=as_json,
        )
    )
