"""`evident serve`: what the verb may be asked. Light on purpose: help imports no server."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def serve(
    *,
    host: Annotated[str, typer.Option(metavar="ADDRESS", help="Where to listen.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65_535, help="The port.")] = 8700,
    tls_certificate: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="The certificate chain (PEM), for another address."),
    ] = None,
    tls_key: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The certificate's key (PEM).")
    ] = None,
    behind_proxy: Annotated[
        str | None,
        typer.Option(
            metavar="ADDRESS", help="The proxy in front, which ends TLS; nobody else is believed."
        ),
    ] = None,
    gateway_only: Annotated[
        bool, typer.Option("--gateway-only", help="Take work in and do none: others do it.")
    ] = False,
    home: Annotated[
        Path | None,
        typer.Option("--home", metavar="DIR", help="The home that is meant: EVIDENT_HOME."),
    ] = None,
) -> None:
    """Serve the platform from this process: gateway, worker, evidence log.

    The first start makes the operator's key and prints it once. Logs are JSON on stderr. SIGTERM
    drains: what runs is given back, and goes on at the next start.

    [dim]evident serve[/dim]
    """
    from services.cli import serve_command  # noqa: PLC0415 - see the module docstring

    asked = serve_command.Asked(
        host, port, tls_certificate, tls_key, behind_proxy, gateway_only=gateway_only
    )
    raise typer.Exit(serve_command.main(asked, home=home))
