"""`evident run`: the verb and what it hands on. Light on purpose: help imports no engine."""

from __future__ import annotations

import typer

from services.cli.every_verb import AsJson
from services.cli.run_file_options import (
    Because,
    DropStream,
    Hashes,
    Inputs,
    Override,
    Overrides,
    VideoStream,
)
from services.cli.run_result_options import (
    Case,
    Exhibit,
    Explain,
    Item,
    Language,
    NoCredentials,
    Note,
    Out,
    Output,
    Preview,
    Pyramid,
    RequestedBy,
    Resume,
    Reviewer,
)
from services.cli.run_work_options import (
    AllowLicence,
    AllowUngated,
    Denoise,
    Detector,
    Engine,
    Graph,
    Model,
    Precision,
    Preset,
    Region,
    Scale,
    Tile,
    Track,
    TrackEvery,
    TracksEdit,
)


def run(  # noqa: PLR0913 - one parameter per option of the verb
    inputs: Inputs,
    *,
    out: Out,
    preset: Preset = None,
    scale: Scale = None,
    model: Model = None,
    denoise: Denoise = None,
    graph: Graph = None,
    output: Output = None,
    preview: Preview = None,
    pyramid: Pyramid = False,
    video_stream: VideoStream = None,
    drop_stream: DropStream = None,
    engine: Engine = None,
    precision: Precision = None,
    tile: Tile = None,
    override: Override = None,
    region: Region = None,
    because: Because = None,
    overrides: Overrides = None,
    hashes: Hashes = None,
    allow_ungated: AllowUngated = None,
    allow_licence: AllowLicence = None,
    track: Track = None,
    detector: Detector = None,
    track_every: TrackEvery = None,
    tracks_edit: TracksEdit = None,
    no_credentials: NoCredentials = False,
    case: Case = None,
    item: Item = None,
    exhibit: Exhibit = None,
    note: Note = None,
    requested_by: RequestedBy = None,
    reviewer: Reviewer = None,
    language: Language = None,
    resume: Resume = False,
    explain: Explain = False,
    as_json: AsJson = False,
) -> None:
    """Enhance files and prove what was done: result, report and bundle per input.

    [dim]evident run photo.jpg clip.mp4 --preset balanced --scale 2 --out results[/dim]

    [dim]evident run door.png --scale 1 --override region=plate:120,80,60,24
    --because "the plate" --region plate --case 2026/114 --out results[/dim]
    """
    from services.cli import run_command  # noqa: PLC0415 - see the module docstring
    from services.cli.matter import Matter  # noqa: PLC0415 - see the module docstring

    asked = run_command.Asked(
        inputs=tuple(inputs),
        out=out,
        preset=None if preset is None else preset.value,
        scale=scale,
        model=model,
        denoise=denoise,
        graph=graph,
        image_kind=None if output is None else output.value,
        previews=tuple(one.value for one in preview or ()),
        pyramid=pyramid,
        region=region,
        video_stream=video_stream,
        drop_streams=tuple(drop_stream or ()),
        credentials=not no_credentials,
        override=tuple(override or ()),
        because=because,
        overrides=overrides,
        hashes=hashes,
        allow_ungated=allow_ungated,
        allow_licence=allow_licence,
        tracking=run_command.Tracking(tuple(track or ()), detector, track_every, tracks_edit),
        resume=resume,
        engine=engine,
        precision=precision,
        tile=tile,
        matter=Matter(
            case=case,
            item=item,
            exhibit=exhibit,
            note=note,
            requested_by=requested_by,
            reviewers=tuple(reviewer or ()),
            language=None if language is None else language.value,
        ),
    )
    raise typer.Exit(run_command.main(asked, explain_only=explain, as_json=as_json))
