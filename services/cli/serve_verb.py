"""`evident serve` and `evident gateway`: what they may be asked. Light: help imports no server."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from services.cli.every_verb import Home

Host = Annotated[str, typer.Option(metavar="ADDRESS", help="Where to listen.")]
Port = Annotated[int, typer.Option(min=0, max=65_535, help="The port.")]
Certificate = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="The certificate chain (PEM), for another address."),
]
Key = Annotated[Path | None, typer.Option(metavar="FILE", help="The certificate's key (PEM).")]
Proxy = Annotated[
    str | None,
    typer.Option(
        metavar="ADDRESS", help="The proxy in front, which ends TLS; nobody else is believed."
    ),
]

LOOPBACK = "127.0.0.1"
PORT = 8700


def serve(
    *,
    host: Host = LOOPBACK,
    port: Port = PORT,
    tls_certificate: Certificate = None,
    tls_key: Key = None,
    behind_proxy: Proxy = None,
    home: Home = None,
) -> None:
    """Serve the platform from this process: gateway, worker, evidence log.

    The first start makes the operator's key and prints it once. Logs are JSON on stderr. SIGTERM
    drains: what runs is given back, and goes on at the next start.

    [dim]evident serve[/dim]
    """
    from services.cli import serve_command  # noqa: PLC0415 - see the module docstring

    asked = serve_command.Asked(host, port, tls_certificate, tls_key, behind_proxy, works=True)
    raise typer.Exit(serve_command.main(asked, home=home))


def gateway(
    *,
    host: Host = LOOPBACK,
    port: Port = PORT,
    tls_certificate: Certificate = None,
    tls_key: Key = None,
    behind_proxy: Proxy = None,
    home: Home = None,
) -> None:
    """Take work in over HTTP and do none of it: `evident orchestrator` does, in other processes.

    For a deployment; `evident serve` is everything in one process.

    [dim]evident gateway --host 0.0.0.0 --behind-proxy 10.0.0.7[/dim]
    """
    from services.cli import serve_command  # noqa: PLC0415 - see the module docstring

    asked = serve_command.Asked(host, port, tls_certificate, tls_key, behind_proxy, works=False)
    raise typer.Exit(serve_command.main(asked, home=home))
