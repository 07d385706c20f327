"""English words of the front page, the court's questions, files, pictures, streams and laws."""

from __future__ import annotations

from pipelines.stages.export.fact_types import MediaKind
from pipelines.stages.export.facts_media import StreamFate
from pipelines.stages.export.words.language import Plural
from pipelines.stages.export.words.parts_document import (
    CourtWords,
    FileWords,
    FrontWords,
    PictureWords,
    ShortWords,
    StreamWords,
)

FRONT = FrontWords(
    enhanced="ENHANCED",
    generative="ENHANCED - GENERATIVE",
    title="Evident: custody report",
    subtitle="Custody report on the enhancement of",
    case="Case",
    item="Item",
    exhibit="Exhibit",
    job="Job",
    created="Created",
    preset="Preset",
    rendering="This document in English shows a report.json that was written in another language "
    "({language}); the facts are the same.",
    note="Note of the operator:",
    read_first="Read this first",
    about_map='Map "{name}": {sentence}',
    page="Page {page} of ",
    job_line="Job {job}",
    subject="Custody report, job {job}",
)

SHORT = ShortWords(
    received={
        MediaKind.PHOTO: "A photograph was received.",
        MediaKind.VIDEO: "A clip was received.",
    },
    no_operation="No operation was applied to it",
    operations=Plural(
        "One operation was applied to it",
        "{count} operations were applied to it, in the order given below",
        "{count} operations were applied to it, in the order given below",
    ),
    no_network="with no network",
    networks=Plural("with one network", "with {count} networks", "with {count} networks"),
    no_law="Nothing had to be conserved.",
    laws_hold=Plural(
        "One conservation law was checked; it holds.",
        "{count} conservation laws were checked; all hold.",
        "{count} conservation laws were checked; all hold.",
    ),
    laws_broken=Plural(
        "One conservation law was checked; {broken} of them did not hold.",
        "{count} conservation laws were checked; {broken} of them did not hold.",
        "{count} conservation laws were checked; {broken} of them did not hold.",
    ),
)

COURT = CourtWords(
    heading="What a court asks about enhanced pictures",
    introduction="The same three questions are answered in every report, from the facts below.",
    training="What was the training data?",
    training_none="No network was used. No training data had any influence on the result.",
    training_network="{name} {version} was trained on: {data} It was trained for: {degradation} "
    "Its weights have the SHA-256 {sha256}.",
    detail="Does it generate detail?",
    detail_none="No. Every operation is a fixed calculation on recorded samples: no network took "
    "part, and nothing comes from other images. Such calculations can still strengthen or weaken "
    "artefacts that look like detail, such as rims, rings and blocks.",
    detail_enlarged="Samples that the enlargement added were computed from recorded ones; they "
    "were not recorded.",
    detail_mixed="Frames of the result combine neighbouring frames of the same clip, as listed "
    "with each operation.",
    detail_trained="Yes. {networks} predicts samples from what was learnt on other images. Detail "
    "can appear that was not recorded, and it can look plausible and be wrong.",
    detail_generative="Yes. {networks} is generative: it may invent content that was never in "
    "front of the camera, and such content can look plausible.",
    detail_mapped="The map `supplied` in this report shows where the result differs from a plain "
    "reconstruction of the input; what it does not show is stated beside it.",
    detail_unmapped="This report holds no map of where that happened.",
    repeat="Can someone else repeat it?",
    repeat_yes="Yes, with `evident replay bundle.zip`. It needs the bundle, which holds the file "
    "as received, the graph, the plan and the weights of every network that ran, and this "
    "program. Here it ran as {application}; {engine}; {threads}.",
    repeat_no_weights="Yes, by whoever holds these weights, which may not travel with the bundle: "
    "{weights}. Besides, it needs the bundle, which holds the file as received, the graph and the "
    "plan, and this program: `evident replay bundle.zip`. Here it ran as {application}; {engine}; "
    "{threads}.",
    repeat_same="With the same plan, engine build, device class and threads the samples handed to "
    "the encoder are identical; elsewhere the largest difference is stated, in code values, with "
    "frame and region.",
    repeat_elsewhere="Repeatability is not validity: it shows what was done, not that it was "
    "right.",
)

FILES = FileWords(
    heading="What was received and what was delivered",
    received_statement="The file as received was not altered. It is in the bundle under "
    "data/received/, byte for byte, with the SHA-256 given here.",
    original_path="As named by the operator",
    bundle_path="In the bundle",
    as_received="As received",
    as_delivered="As delivered",
    remarks_received="Remarks on the file as received",
    remarks_delivered="Remarks on the file as delivered",
    file_name="File name",
    size="Size",
    kind="Kind",
    kinds={MediaKind.PHOTO: "photograph", MediaKind.VIDEO: "video"},
    picture="Picture",
    picture_value="{width} x {height} samples, {depth} bit, {layout}",
    with_opacity=", with opacity",
    coding="Coding",
    lossless="keeps every sample",
    lossy="with loss",
    samples="Samples, SHA-256",
    file_kind="File kind",
    palette=", palette",
    orientation="Orientation",
    orientations={
        1: "upright",
        2: "mirrored left to right",
        3: "turned by 180 degrees",
        4: "mirrored top to bottom",
        5: "mirrored and turned",
        6: "to be turned 90 degrees clockwise",
        7: "mirrored and turned",
        8: "to be turned 90 degrees counter-clockwise",
    },
    profile="Colour profile",
    icc="ICC, {size}",
    metadata="Metadata",
    resolution="Resolution",
    pages="Pictures in file",
    container="Container, coding",
    frames="Frames",
    timing="Timing",
    timing_assumed="assumed, {rate} frames per second",
    timing_stated="from the file",
    timing_proprietary="from the file, in a form of the recorder's maker",
    timing_variable="from the file, variable rate",
    timing_constant="from the file, constant rate",
    duration="Duration",
    seconds="{seconds} s",
    rate="Time base, rate",
    rate_value="{base} s, nominal {rate}",
    turn="Turn for display",
    turn_value="{degrees} degrees counter-clockwise",
    aspect="Sample aspect",
    colour="Colour tags",
    colour_value="{name} {value}",
    fields="Fields",
    fields_value="stated: {stated}, frames flagged as interlaced: {flagged}; measured: {measured}",
    field_orders={
        "unstated": "nothing",
        "progressive": "progressive",
        "top-first": "top field first",
        "bottom-first": "bottom field first",
    },
    weaves={
        "not-measured": "not measured",
        "still": "nothing moves, so nothing shows",
        "progressive": "progressive",
        "interlaced-top-first": "interlaced, top field first",
        "interlaced-bottom-first": "interlaced, bottom field first",
        "interlaced-order-unclear": "interlaced, order of fields unclear",
        "telecined": "film spread over video (2:3)",
        "partly-interlaced": "interlaced in part",
    },
    colour_names={
        "primaries": "primaries",
        "transfer": "transfer",
        "matrix": "matrix",
        "range": "range",
        "siting": "siting",
    },
    encoder="Encoder",
    credentials="Content credentials",
    credentials_none="none: {reason}",
    credentials_found="C2PA, {where}; {library} found them {state}.{vouched} Manifest store "
    "{manifest}, certificate {certificate} (SHA-256).",
    credentials_inside="in the file",
    credentials_beside="beside it, {file}",
    credentials_unvouched=" No known issuer vouches for the signer.",
    not_stated="not stated",
    none="none",
    bytes=Plural("{count} byte", "{count} bytes", "{count} bytes"),
    units=("GB", "MB", "kB"),
)

PICTURES = PictureWords(
    heading="Before and after",
    introduction="On the left a part of the picture as received, on the right the same part of "
    "the result. Samples are not resampled: each is drawn as a square of whole dots.",
    none="No pictures were chosen for this report.",
    absent="This document was made from report.json alone and shows no pictures. They are in the "
    "bundle: `evident report bundle.zip` makes the document with them.",
    before="Before: as received",
    after="After: enhanced",
    still="Still picture",
    frame="Frame {frame}, pts {pts} ({seconds} s)",
    part="{width} x {height} samples from column {left}, row {top}; each sample drawn as {drawn}",
    dot="1 dot",
    dots="{dots} x {dots} dots",
    conversion="Both sides {conversion}.",
    turned="Both sides {conversion}, turned {turn} degrees counter-clockwise.",
)

STREAMS = StreamWords(
    heading="Streams of the file as received",
    columns=("Stream", "Kind", "Coding", "Language", "What became of it", "Remark"),
    fates={
        StreamFate.ENHANCED: "enhanced",
        StreamFate.COPIED: "copied",
        StreamFate.DROPPED: "dropped",
    },
    laws_heading="What had to stay the same",
    laws_introduction="Checked on the delivered file after it was complete.",
    laws_none="No conservation law applies to this result.",
    laws_columns=("Law", "Source", "Result", "Finding", "Declared change"),
    holds="holds",
    broken="DOES NOT HOLD",
)
