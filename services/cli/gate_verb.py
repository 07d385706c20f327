"""`evident gate`: what it may be asked. Light on purpose: help needs no import of an engine."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from models.spec import Precision
from services.cli.every_verb import AsJson


def gate(  # noqa: PLR0913 - one parameter per option of the verb
    networks: Annotated[
        list[str], typer.Argument(metavar="NETWORK...", help="Networks of the catalog.")
    ],
    *,
    engine: Annotated[
        list[str] | None,
        typer.Option(metavar="E", help="On this engine; several times: on each of them."),
    ] = None,
    precision: Annotated[
        Precision, typer.Option(help="In this precision; the network's card has to list it.")
    ] = Precision.FP32,
    golden: Annotated[
        Path | None,
        typer.Option("--set", metavar="DIR", help="A golden set; the small one unless given."),
    ] = None,
    out: Annotated[
        Path, typer.Option("--out", "-o", metavar="DIR", help="Where reports and records go.")
    ] = Path("gates"),
    baseline: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Compare with these results instead of the golden set's own baseline.",
        ),
    ] = None,
    write_baseline: Annotated[
        bool,
        typer.Option(
            "--write-baseline",
            help="Keep these results as the golden set's baseline, if the thresholds hold.",
        ),
    ] = False,
    thresholds: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Judge by these thresholds instead, for a network of your own.",
        ),
    ] = None,
    compare: Annotated[
        bool,
        typer.Option("--compare", help="Compare the first with every other, case by case (A/B)."),
    ] = False,
    pack: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Judge nothing; write all that a laboratory needs to repeat the gate as a zip.",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Judge networks on the golden set through the real pipeline; writes a signed record.

    [dim]evident gate evident-sr-x2 --engine onnxruntime --engine torch --compare[/dim]
    """
    from services.cli import gate_command  # noqa: PLC0415 - see the module docstring

    asked = gate_command.Asked(
        networks=tuple(networks),
        engines=tuple(engine or ()),
        precision=precision,
        thresholds=thresholds,
        golden=golden,
        out=out,
        baseline=baseline,
        write_baseline=write_baseline,
        compare=compare,
    )
    if pack is not None:
        raise typer.Exit(gate_command.write(asked, pack, as_json=as_json))
    raise typer.Exit(gate_command.main(asked, as_json=as_json))
