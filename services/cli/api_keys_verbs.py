"""Verbs of `evident keys` about API keys: options and help. Light: help opens no records."""

from __future__ import annotations

from typing import Annotated

import typer

from services.cli.every_verb import AsJson
from services.cli.keys_verbs import Home


def create(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Whose key it is; on record.")],
    *,
    project: Annotated[
        str, typer.Option("--project", metavar="P", help="The project whose work it may do.")
    ] = "default",
    scope: Annotated[
        list[str] | None,
        typer.Option(
            "--scope",
            metavar="S",
            help="What it may do, such as project:jobs:read; several. Without it: all that work "
            "in a project needs.",
        ),
    ] = None,
    days: Annotated[
        int | None, typer.Option("--days", min=1, metavar="N", help="It expires after N days.")
    ] = None,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Make a key for the gateway and print it, the only time.

    [dim]evident keys create ingest-station --project harbour --days 365[/dim]
    """
    from services.cli import api_keys_command  # noqa: PLC0415 - see the module docstring

    raise typer.Exit(
        api_keys_command.create(
            home, name, project=project, scopes=scope or (), days=days, as_json=as_json
        )
    )


def list_keys(*, home: Home = None, as_json: AsJson = False) -> None:
    """List the keys for the gateway: ids, projects, scopes; never a key.

    [dim]evident keys list[/dim]
    """
    from services.cli import api_keys_command  # noqa: PLC0415 - see the module docstring

    raise typer.Exit(api_keys_command.list_keys(home, as_json=as_json))


def revoke(
    key_id: Annotated[str, typer.Argument(metavar="ID", help="The key's id, as in `keys list`.")],
    *,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Shut a key for the gateway out, from now on and for good.

    [dim]evident keys revoke 0f3a5c7e9b1d2f40[/dim]
    """
    from services.cli import api_keys_command  # noqa: PLC0415 - see the module docstring

    raise typer.Exit(api_keys_command.revoke(home, key_id, as_json=as_json))
