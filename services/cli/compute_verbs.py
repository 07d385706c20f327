"""`evident compute`: what the verbs may be asked. Light on purpose: help imports no cluster."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from services.cli.every_verb import AsJson, Home

app = typer.Typer(
    name="compute",
    help="The pool of machines that compute samples together.",
    no_args_is_help=True,
)

Host = Annotated[
    str,
    typer.Option("--host", metavar="ADDRESS", help="This machine's address to listen on."),
]
Token = Annotated[
    Path | None,
    typer.Option("--token", metavar="FILE", help="The pool's token: EVIDENT_COMPUTE_TOKEN."),
]
Processors = Annotated[
    int | None,
    typer.Option("--processors", min=0, max=4096, help="How many it offers; all unless given."),
]


@app.command()
def head(
    *,
    host: Host = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=1, max=65535)] = 6380,
    token: Token = None,
    processors: Processors = None,
    home: Home = None,
) -> None:
    """Be the first machine of a pool until stopped; makes the token where there is none.

    [dim]evident compute head --processors 4[/dim]
    """
    from services.cli import compute_command  # noqa: PLC0415 - see the module docstring

    asked = compute_command.Asked(host, port, None, token, processors, home)
    raise typer.Exit(compute_command.node(asked))


@app.command()
def join(
    address: Annotated[str, typer.Argument(metavar="HOST:PORT", help="Where the head is.")],
    *,
    host: Host = "127.0.0.1",
    token: Token = None,
    processors: Processors = None,
    home: Home = None,
) -> None:
    """Be another machine of a pool until stopped; the token is a copy of the head's.

    [dim]evident compute join 127.0.0.1:6380[/dim]
    """
    from services.cli import compute_command  # noqa: PLC0415 - see the module docstring

    asked = compute_command.Asked(host, 0, address, token, processors, home)
    raise typer.Exit(compute_command.node(asked))


@app.command()
def status(
    address: Annotated[
        str | None, typer.Argument(metavar="HOST:PORT", help="Where the head is.")
    ] = None,
    *,
    token: Token = None,
    as_json: AsJson = False,
    home: Home = None,
) -> None:
    """Show the machines of a pool; exit 1 where it does not answer. Run it on one of them.

    [dim]evident compute status 127.0.0.1:6380[/dim]
    """
    from services.cli import compute_command  # noqa: PLC0415 - see the module docstring

    raise typer.Exit(compute_command.status(address, token=token, home=home, as_json=as_json))
