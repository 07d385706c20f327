"""`evident watcher`: what the verb may be asked. Light on purpose: help imports no watcher."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def watcher(  # noqa: PLR0913 - one parameter per option of the verb
    place: Annotated[
        str, typer.Argument(metavar="PLACE", help="A folder, or s3://bucket/prefix/.")
    ],
    *,
    rules: Annotated[
        Path, typer.Option(metavar="FILE", help="What becomes of which prefix: a TOML file.")
    ],
    keys: Annotated[
        Path,
        typer.Option(metavar="FILE", help="Keys of the gateway by project: a private TOML file."),
    ],
    gateway: Annotated[
        str, typer.Option(metavar="URL", help="Where the gateway answers.")
    ] = "http://127.0.0.1:8700",
    every: Annotated[
        float,
        typer.Option(min=0.1, max=86_400, metavar="SECONDS", help="How often the place is listed."),
    ] = 5.0,
    bell: Annotated[
        str | None,
        typer.Option(
            metavar="HOST:PORT",
            help="Where a bucket's notifications are sent: a POST begins a round at once.",
        ),
    ] = None,
    once: Annotated[
        bool,
        typer.Option("--once", help="Go on until nothing waits any more, then end."),
    ] = False,
    check: Annotated[
        bool,
        typer.Option("--check", help="Say what would become of each file now there, and end."),
    ] = False,
    home: Annotated[
        Path | None,
        typer.Option("--home", metavar="DIR", help="Where the book is kept: EVIDENT_HOME."),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print every event as a JSON object on a line.")
    ] = False,
) -> None:
    """Turn files that appear in a folder or bucket into jobs; results lie beside them.

    Each finished file is processed once, also after a crash. SIGHUP begins a round at once, and
    so does a POST to --bell, whatever it carries; SIGTERM ends after the round in hand. Exit code
    1 where files were rejected under --once, or would be under --check, which touches nothing and
    asks no gateway.

    [dim]evident watcher /srv/in --rules rules.toml --keys keys.toml[/dim]
    """
    from services.cli import watcher_command  # noqa: PLC0415 - see the module docstring

    asked = watcher_command.Asked(
        place, rules, keys, gateway, every, bell=bell, once=once, check=check
    )
    raise typer.Exit(watcher_command.main(asked, home=home, as_json=as_json))
