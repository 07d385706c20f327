"""`evident bundle ...`: its options and its help. Nothing heavy is imported before it runs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from services.cli.every_verb import AsJson

app = typer.Typer(
    name="bundle",
    help="What may follow a bundle: later facts about it, and copies that leave things out.",
    no_args_is_help=True,
)

_Bundle = Annotated[Path, typer.Argument(metavar="BUNDLE", help="A bundle.zip.")]


@app.command()
def supplement(
    bundle: _Bundle,
    *,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", "-o", metavar="FILE", help="Where it goes; supplement.zip beside the bundle."
        ),
    ] = None,
    attach: Annotated[
        list[Path] | None,
        typer.Option(metavar="FILE", help="A file to go along, such as a replay's verdict."),
    ] = None,
    time_stamp: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="TSR",
            help="A RFC 3161 response over the bytes of the bundle's statement/statement.sig.",
        ),
    ] = None,
    stamp: Annotated[
        bool,
        typer.Option("--stamp", help="Ask the authority of EVIDENT_TSA_URL for such a response."),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Write what became known since: later entries, the log's growth, stamps, attachments.

    The bundle is not touched. The supplement names it by digest, is signed, and is checked
    beside it: `evident verify BUNDLE --supplement FILE`.

    [dim]evident bundle supplement results/clip.mp4/bundle.zip --attach verdict.json[/dim]
    """
    from services.cli import supplement_command  # noqa: PLC0415 - see the module docstring

    asked = supplement_command.Asked(
        bundle=bundle,
        out=out,
        attach=tuple(attach or ()),
        time_stamps=tuple(time_stamp or ()),
        ask_for_stamp=stamp,
    )
    raise typer.Exit(supplement_command.main(asked, as_json=as_json))


@app.command()
def disclose(
    bundle: _Bundle,
    *,
    without: Annotated[
        list[str],
        typer.Option(
            metavar="WHAT",
            help="A role (received, result, report-pdf, ledger, network, attachment...), weights, "
            "entries, entries:KIND, or a path such as data/attachments/map.png.",
        ),
    ],
    out: Annotated[Path, typer.Option("--out", "-o", metavar="FILE", help="Where it goes.")],
    reason: Annotated[
        str, typer.Option(metavar="TEXT", help="Why; printed wherever the disclosure is checked.")
    ],
    as_json: AsJson = False,
) -> None:
    """Write a copy of a bundle without what may not travel; it says what was left out.

    The copy is signed, names the whole bundle by digest, and never passes for it. What was left
    out stays named by the bundle's own statement, and `evident verify` says so.

    [dim]evident bundle disclose results/clip.mp4/bundle.zip --without received --without weights
    --reason "licence of the weights" --out disclosure.zip[/dim]
    """
    from services.cli import disclose_command  # noqa: PLC0415 - see the module docstring

    asked = disclose_command.Asked(bundle=bundle, without=tuple(without), out=out, reason=reason)
    raise typer.Exit(disclose_command.main(asked, as_json=as_json))
