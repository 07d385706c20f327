"""`evident run`: the options that say what is done, and by which networks."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from models.spec import Precision as PrecisionName


class PresetName(StrEnum):
    """The presets, spelt here so that help needs no import."""

    FORENSIC_SAFE = "forensic-safe"
    BALANCED = "balanced"
    PRESENTATION = "presentation"


_DONE = "What is done"
_NETS = "Networks"
_TRACKS = "Tracks"

Preset = Annotated[
    PresetName | None,
    typer.Option(
        help="The policy. forensic-safe (the default) admits conventional operations with "
        "given parameters; balanced adds trained networks; presentation adds "
        "generative ones: --preset balanced.",
        rich_help_panel=_DONE,
    ),
]

Scale = Annotated[
    int | None,
    typer.Option(
        min=1,
        max=4,
        help="New size over old size, 2 unless given; 1 keeps it and removes noise: --scale 1.",
        rich_help_panel=_DONE,
    ),
]

Model = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help="A network by name, see `evident models list`: --model evident-sr-x4.",
        rich_help_panel=_DONE,
    ),
]

Denoise = Annotated[
    float | None,
    typer.Option(
        min=0,
        max=1,
        metavar="S",
        help="Mix it with its twin that takes out less noise, from 1 (itself) to 0 (the "
        "twin): --model realesr-general-x4v3 --denoise 0.5.",
        rich_help_panel=_DONE,
    ),
]

Graph = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="A graph (JSON) that says everything, instead of --preset and --scale; "
        "`--explain --json` prints one to start from: --graph graph.json.",
        rich_help_panel=_DONE,
    ),
]

Region = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help="Work only in this region, drawn with --override region=...: --scale 1 "
        "--region plate.",
        rich_help_panel=_DONE,
    ),
]

Engine = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help="What runs networks; `evident doctor` lists them. The fastest that gates "
        "admit, unless given: --engine onnxruntime.",
        rich_help_panel=_NETS,
    ),
]

Precision = Annotated[
    PrecisionName | None,
    typer.Option(
        help="What networks compute in; their cards say what is proven: --precision fp32.",
        rich_help_panel=_NETS,
    ),
]

Tile = Annotated[
    int | None,
    typer.Option(
        min=16,
        max=65536,
        metavar="PIXELS",
        help="The side of a network's tiles; one that is given never gets smaller: --tile 256.",
        rich_help_panel=_NETS,
    ),
]

AllowUngated = Annotated[
    str | None,
    typer.Option(
        metavar="REASON",
        help="Why a network may run that no gate has passed; on record, and in the report: "
        '--allow-ungated "trial on request".',
        rich_help_panel=_NETS,
    ),
]

AllowLicence = Annotated[
    str | None,
    typer.Option(
        metavar="REASON",
        help="Why a network may be used whose licence is not open to every use; on record: "
        '--allow-licence "research".',
        rich_help_panel=_NETS,
    ),
]

Track = Annotated[
    list[str] | None,
    typer.Option(
        metavar="WHAT",
        help="Follow what is named; it is reported; may be repeated: --track face.",
        rich_help_panel=_TRACKS,
    ),
]

Detector = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help="What looks for it: yunet, lbp-cascade, plugin:NAME ...: --detector yunet.",
        rich_help_panel=_TRACKS,
    ),
]

TrackEvery = Annotated[
    int | None,
    typer.Option(
        min=1,
        metavar="N",
        help="Look at every N-th frame of a clip: --track-every 5.",
        rich_help_panel=_TRACKS,
    ),
]

TracksEdit = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="Corrections of tracks (JSON, docs/tracks.md); each is on record: "
        "--tracks-edit edits.json.",
        rich_help_panel=_TRACKS,
    ),
]
