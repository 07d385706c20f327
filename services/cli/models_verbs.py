"""`evident models`: the catalog's verbs, and what each may be asked. Light on purpose."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from services.cli.every_verb import AsJson

app = typer.Typer(
    name="models",
    help="The networks that can be used: facts, gates, and who released them.",
    no_args_is_help=True,
    rich_markup_mode="rich",
)

Name = Annotated[str, typer.Argument(metavar="NAME", help="A network's name.")]


class StateName(StrEnum):
    """Where a network can be moved, spelt here so that help needs no import."""

    CANDIDATE = "candidate"
    GATED = "gated"
    RELEASED = "released"
    WITHDRAWN = "withdrawn"


@app.command("list")
def models_list(*, as_json: AsJson = False) -> None:
    """List the networks: what each is for, its class, and where it stands."""
    from services.cli import models_command  # noqa: PLC0415 - see the module docstring

    raise typer.Exit(models_command.list_networks(as_json=as_json))


@app.command("show")
def models_show(name: Name, *, as_json: AsJson = False) -> None:
    """Show all facts about one network."""
    from services.cli import models_command  # noqa: PLC0415 - see the module docstring

    raise typer.Exit(models_command.show_network(name, as_json=as_json))


@app.command("import")
def models_import(
    path: Annotated[
        Path, typer.Argument(metavar="FILE", help="Weights: ONNX, safetensors or torch.")
    ],
    *,
    wanted: Annotated[
        str | None,
        typer.Option("--as", metavar="NAME", help="Which network it is, where no card says so."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Install weights from this disk; who states their digest, if anybody, goes on record.

    [dim]evident models import realesr-general-x4v3.safetensors[/dim]
    """
    from services.cli import models_install_command  # noqa: PLC0415 - see the module docstring

    raise typer.Exit(models_install_command.import_from(path, wanted=wanted, as_json=as_json))


@app.command("fetch")
def models_fetch(
    names: Annotated[list[str], typer.Argument(metavar="NAME...", help="Networks to fetch.")],
    *,
    again: Annotated[
        bool, typer.Option("--again", help="Ask an origin that did not answer a moment ago.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Fetch networks from where their makers publish them: https, digest pinned, resumed.

    One that cannot be had does not keep the others from coming; an origin that answers nothing
    is left alone for a minute, then longer.

    [dim]evident models fetch realesr-general-x4v3 realesr-general-wdn-x4v3[/dim]
    """
    from services.cli import models_install_command  # noqa: PLC0415 - see the module docstring

    raise typer.Exit(
        models_install_command.fetch_networks(tuple(names), again=again, as_json=as_json)
    )


@app.command("export")
def models_export(
    name: Name,
    *,
    out: Annotated[Path, typer.Option(metavar="DIR", help="A folder for card and weights.")],
    as_json: AsJson = False,
) -> None:
    """Write a network's card and weights into a folder; as ONNX too where that holds.

    [dim]evident models export evident-sr-x2 --out exported[/dim]
    """
    from services.cli import models_export_command  # noqa: PLC0415 - see the module docstring

    raise typer.Exit(models_export_command.export(name, out, as_json=as_json))


@app.command("move")
def models_move(
    name: Name,
    to: Annotated[StateName, typer.Argument(metavar="STATE", help="Where it shall stand.")],
    *,
    reason: Annotated[str, typer.Option(metavar="TEXT", help="Why; it goes on record.")],
    as_json: AsJson = False,
) -> None:
    """Move a network in its life: candidate, gated, released or withdrawn; on record.

    [dim]evident models move evident-sr-x2 withdrawn --reason "plates misread, see case 4711"[/dim]
    """
    from services.cli import models_life_command  # noqa: PLC0415 - see the module docstring

    raise typer.Exit(models_life_command.move(name, to.value, reason=reason, as_json=as_json))


@app.command("history")
def models_history(name: Name, *, as_json: AsJson = False) -> None:
    """Show a network's gates and moves: what was found, who moved it, when and why."""
    from services.cli import models_life_command  # noqa: PLC0415 - see the module docstring

    raise typer.Exit(models_life_command.show_history(name, as_json=as_json))
