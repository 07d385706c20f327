"""English words of the operations, the networks, the notes and the run."""

from __future__ import annotations

from pipelines.graph.descriptors import FrameUse, OperationClass, ParameterSource, PlaneUse
from pipelines.graph.region import Space
from pipelines.stages.export.fact_types import Chosen
from pipelines.stages.export.words.language import Plural
from pipelines.stages.export.words.parts_work import NetworkWords, NoteWords, RunWords, StepWords

STEPS = StepWords(
    heading="What was done, in order",
    title="Step {number}: {name}",
    looks_at="Looks at",
    own_position="its own position only",
    around=Plural(
        "{count} sample on each side",
        "{count} samples on each side",
        "{count} samples on each side",
    ),
    frames_around="{near}; {before} before and {after} after",
    frames=Plural("{count} frame", "{count} frames", "{count} frames"),
    network="Network",
    size="Size",
    size_value="{width} x {height} to {wide} x {high} samples",
    region="Region drawn by a person",
    region_named='named "{name}"',
    region_rectangle="from {left}, {top}: {width} x {height}",
    region_polygon="polygon {corners}",
    region_spaces={
        Space.DISPLAYED: "in pixels as displayed",
        Space.STORED: "in samples as stored",
    },
    region_frames="frames {first} to {last} of the file only",
    region_hard="hard border",
    region_feather=Plural(
        "faded in over {count} sample inside the border",
        "faded in over {count} samples inside the border",
        "faded in over {count} samples inside the border",
    ),
    region_because="because: {reason}",
    outside="Outside the region",
    outside_value="unchanged: this operation touches no sample there; at a border that cuts "
    "through samples of colour shared by several pixels, colour is left as it was",
    residual="Registration residual",
    not_measured="not measured (frames were not aligned)",
    columns=("Setting", "Value", "Default", "Chosen", "Meaning"),
    facts="{operation_class}, {use}, settings {source}",
    classes={
        OperationClass.CONVENTIONAL: "conventional",
        OperationClass.TRAINED: "trained",
        OperationClass.GENERATIVE: "generative",
    },
    uses={FrameUse.SINGLE: "single frame", FrameUse.MIXES: "mixes frames"},
    sources={ParameterSource.GIVEN: "given", ParameterSource.ESTIMATED: "estimated"},
    chosen={
        Chosen.GIVEN: "set for this job",
        Chosen.DEFAULT: "default",
        Chosen.ESTIMATED: "estimated",
    },
    made="The result comes from {made_by}.",
    made_by={
        OperationClass.CONVENTIONAL: "a fixed calculation on the recorded samples",
        OperationClass.TRAINED: "a network that predicts samples from what it learnt on other "
        "images",
        OperationClass.GENERATIVE: "a generative network, which may invent content",
    },
    alone="Every picture was treated by itself",
    combined="Each result frame combines up to {before} before and {after} after it",
    chose={
        ParameterSource.GIVEN: "its settings were given, not estimated from the picture",
        ParameterSource.ESTIMATED: "software estimated settings from the picture itself",
    },
    planes="It may change {planes}.",
    changes={
        PlaneUse.LUMA: "brightness only",
        PlaneUse.COLOUR: "brightness and colour, not opacity",
        PlaneUse.ALL: "all samples, opacity included",
    },
    yes="yes",
    no="no",
    none="none",
)

NETWORKS = NetworkWords(
    heading="Networks",
    none="No network was used.",
    title="Title",
    network_class="Class",
    weights="Weights",
    weights_value="{file}, {count} trained numbers",
    weights_digest="Weights, SHA-256",
    weights_travel="Where they are",
    weights_in_bundle="in the bundle, under data/networks/",
    weights_not_in_bundle="not in the bundle: their licence does not let them travel",
    licence="Licence",
    origin="Origin",
    trained_on="Trained on",
    trained_for="Trained for",
    cutting="How it may be cut",
    gate="gate: {gate}",
    gates={"passed": "passed", "failed": "failed", "ungated": "ungated", "withdrawn": "withdrawn"},
    gate_judged='judged on the golden set "{judged_set}" (n = {pictures})',
    gate_not_judged="no gate has judged it (n = 0)",
    failures="Known failures",
    score="PSNR {psnr} dB, {gain} dB above {reference}. {sentence}",
)

NOTES = NoteWords(
    heading="Assumptions, warnings and defects",
    assumptions="Assumptions",
    no_assumptions="Nothing had to be assumed.",
    overrides="Overrides by the operator",
    no_overrides="No rule was overridden.",
    warnings="Warnings",
    no_warnings="There are no warnings.",
    replans="Changes of the plan while it ran",
    no_replans="The plan was not changed.",
    defects="Defects already in the file as received",
    no_defects="None was found.",
    more="{count} more; all of them are in report.json.",
)

RUN = RunWords(
    heading="How it was computed",
    graph="Graph, SHA-256",
    plan="Plan, SHA-256",
    engine="Engine",
    engine_value="{engine}, {precision}, on {device}",
    no_engine="no network engine, {precision}, on {device}",
    threads="Threads",
    tile="Tile",
    not_cut="not cut",
    segments="Segments",
    segments_value="{count}, up to {frames}",
    segments_seconds="{count}, up to {frames} ({seconds} s)",
    resumed="Resumed",
    resumed_value=Plural("once", "{count} times", "{count} times"),
    reused="Reused",
    reused_value=(
        "Job {job} had rendered the same file by the same plan. What it rendered was held against "
        "its digests and taken, whole or in part, instead of being computed again; what follows "
        "(file, laws, digests of this report) was made and checked anew."
    ),
    time="Computing time",
    software="Software",
    application="Application",
    hardware="Hardware",
    host="Host",
)
