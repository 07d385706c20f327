"""`evident submit`, `status`, `watch`, `cancel`: options and help. Light: help asks nobody."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from services.cli.every_verb import AsJson
from services.cli.report_verb import ReportLanguage
from services.cli.run_work_options import PresetName

Gateway = Annotated[
    str | None,
    typer.Option("--gateway", metavar="URL", help="The gateway: EVIDENT_GATEWAY, or this machine."),
]
Home = Annotated[
    Path | None,
    typer.Option(
        "--home", metavar="DIR", help="The home whose key is used, unless EVIDENT_KEY is set."
    ),
]
JobId = Annotated[str, typer.Argument(metavar="JOB", help="The job's id.")]


def submit(  # noqa: PLR0913 - one parameter per option of the verb
    inputs: Annotated[
        list[Path], typer.Argument(metavar="INPUT...", help="Photographs and video files.")
    ],
    *,
    preset: Annotated[PresetName, typer.Option(help="The policy; see `evident run --help`.")] = (
        PresetName.FORENSIC_SAFE
    ),
    scale: Annotated[int | None, typer.Option(min=1, max=4, help="New size over old size.")] = None,
    model: Annotated[str | None, typer.Option(metavar="NAME", help="A network by name.")] = None,
    graph: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="A graph (JSON) instead of --preset and --scale."),
    ] = None,
    case: Annotated[str | None, typer.Option(metavar="C", help="The case.")] = None,
    item: Annotated[str | None, typer.Option(metavar="N", help="The item of the case.")] = None,
    exhibit: Annotated[
        str | None, typer.Option(metavar="MARK", help="The mark that it carries in proceedings.")
    ] = None,
    note: Annotated[str | None, typer.Option(metavar="TEXT", help="A note for the report.")] = None,
    language: Annotated[ReportLanguage | None, typer.Option(help="The report's language.")] = None,
    batch: Annotated[
        bool, typer.Option("--batch", help="Nobody waits for it: others go first.")
    ] = False,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", metavar="DIR", help="Wait, and fetch the results to here."),
    ] = None,
    gateway: Gateway = None,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Upload files to a gateway and ask for work; with --out wait for it and fetch the results.

    [dim]evident submit photo.jpg clip.mp4 --preset balanced --scale 2 --out results[/dim]
    """
    from services.cli import client_command  # noqa: PLC0415 - see the module docstring

    wish = client_command.Wish(
        preset=preset.value,
        scale=scale,
        model=model,
        graph=graph,
        case=case,
        item=item,
        exhibit=exhibit,
        note=note,
        language=None if language is None else language.value,
        priority="batch" if batch else "interactive",
    )
    asked = client_command.Gateway(gateway, home)
    raise typer.Exit(client_command.submit(asked, inputs, wish, out, as_json=as_json))


def status(
    job: Annotated[
        str | None, typer.Argument(metavar="JOB", help="The job's id; without it, the newest.")
    ] = None,
    *,
    gateway: Gateway = None,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Show how a job stands, or the newest jobs of the project.

    [dim]evident status[/dim]
    """
    from services.cli import client_command  # noqa: PLC0415 - see the module docstring

    asked = client_command.Gateway(gateway, home)
    raise typer.Exit(client_command.status(asked, job, as_json=as_json))


def watch(
    job: JobId, *, gateway: Gateway = None, home: Home = None, as_json: AsJson = False
) -> None:
    """Show what happens to a job until it is final. Exit code 1 where it failed.

    [dim]evident watch 0d9c4f5e-1c1b-4a55-8a53-6f6f3f0f5f10[/dim]
    """
    from services.cli import client_command  # noqa: PLC0415 - see the module docstring

    asked = client_command.Gateway(gateway, home)
    raise typer.Exit(client_command.watch(asked, job, as_json=as_json))


def cancel(
    job: JobId, *, gateway: Gateway = None, home: Home = None, as_json: AsJson = False
) -> None:
    """Call a job off.

    [dim]evident cancel 0d9c4f5e-1c1b-4a55-8a53-6f6f3f0f5f10[/dim]
    """
    from services.cli import client_command  # noqa: PLC0415 - see the module docstring

    asked = client_command.Gateway(gateway, home)
    raise typer.Exit(client_command.cancel(asked, job, as_json=as_json))
