"""The document's part about the two maps: their pictures, their numbers, their sentences.

Every map is printed with the sentence that says what it cannot show. Counts are printed as
counts: a share in percent would be read as a share of truth.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray
from reportlab.platypus import Flowable, KeepTogether, Spacer

from pipelines.quality.ramp import FULL_SCALE, PALETTE
from pipelines.stages.export.facts_quality import (
    DriftFacts,
    MapFacts,
    MapKind,
    MapNumbers,
    MapPictureFacts,
    QualityFacts,
    Standing,
    UnrestFacts,
)
from pipelines.stages.export.pdf_blocks import Row, bullets, fact_list, grid, nothing, picture
from pipelines.stages.export.pdf_style import (
    CAPTION,
    GAP,
    HEADING,
    SUBHEADING,
    TEXT_WIDTH,
    paragraph,
)
from pipelines.stages.export.sentences import CONSISTENCY, SUPPLIED

Drawn = Mapping[str, NDArray[np.uint8]]
NOTHING_DRAWN: Drawn = MappingProxyType({})

SENTENCES = {MapKind.CONTRADICTION: CONSISTENCY, MapKind.SUPPLIED: SUPPLIED}
TITLES = {
    MapKind.CONTRADICTION: "Contradiction: the result, degraded again, minus the input",
    MapKind.SUPPLIED: "Supplied: the result minus a plain reconstruction of the input",
}
SCALE = (
    f"Black: no difference that is drawn. From dark blue to light yellow: more than 0 up to "
    f"{FULL_SCALE:g} 8-bit code values and above. The scale is the same in every report."
)
UNITS = (
    "Differences are in 8-bit code values (1/255 of full scale), the largest over the colour "
    "planes at each sample. The noise of the input is estimated from the input itself."
)
UNREST = (
    "How far the mean brightness of a part of the picture lies from midway between the frames "
    "before and after, over 18 x 32 parts and all frames within segments. Flicker raises it; "
    "removed noise lowers it, and so does smearing."
)
DRIFT = (
    "1 minus the cosine between the embeddings of a face as received and as delivered: how "
    "differently a network sees the two."
)
NO_COMPARISON = "Not a facial comparison."
NOT_ASKED = "The graph left the maps out; nothing was held against the input."
_PICTURE_HEIGHT = 190.0
_LEGEND_HEIGHT = 6
_NAMES = 150.0


def map_section(quality: QualityFacts, drawn: Drawn) -> list[Flowable]:
    """Return both maps; `drawn` are the steps (H, W) uint8 of the pictures by file name."""
    heading = paragraph("Held against the input", HEADING)
    if not quality.asked:
        return [heading, nothing(NOT_ASKED)]
    story: list[Flowable] = [heading, paragraph(UNITS)]
    if quality.choice:
        story.append(paragraph(quality.choice))
    for kind in MapKind:
        found = [one for one in quality.maps if one.kind is kind]
        story.extend(_kind(kind, found, drawn))
    return [*story, *_unrest(quality.unrest), *_drift(quality.drift)]


def _unrest(unrest: UnrestFacts | None) -> list[Flowable]:
    if unrest is None:
        return []
    return [
        paragraph("Unrest of brightness", SUBHEADING),
        paragraph(UNREST),
        fact_list(
            [
                ("As received", f"{unrest.before} code values"),
                ("As delivered", f"{unrest.after} code values"),
                ("Frames", f"{unrest.frames:,}"),
            ],
            label=_NAMES,
        ),
    ]


def _drift(drift: DriftFacts | None) -> list[Flowable]:
    if drift is None:
        return []
    title = paragraph("Embedding drift per face track", SUBHEADING)
    if drift.standing is not Standing.MEASURED:
        standing = drift.standing.value.capitalize()
        return [title, nothing(f"{standing}: {drift.reason} {NO_COMPARISON}")]
    small = f"below {drift.least_side} samples: not applicable"
    rows = [
        [str(one.track), str(one.pictures), str(one.side), one.mean or small, one.largest or small]
        for one in drift.tracks
    ]
    head = ("Track", "Pictures", "Shorter side", "Mean drift", "Largest drift")
    return [
        title,
        paragraph(f"{DRIFT} Embedding: {drift.embedding}. {NO_COMPARISON}"),
        grid(head, rows, (10, 12, 14, 25, 25)),
    ]


def _kind(kind: MapKind, found: Sequence[MapFacts], drawn: Drawn) -> list[Flowable]:
    title = paragraph(TITLES[kind], SUBHEADING)
    measured = [one for one in found if one.standing is Standing.MEASURED]
    missing = [nothing(_missing(one)) for one in found if one.standing is not Standing.MEASURED]
    if not measured:
        return [title, *(missing or [nothing("Not measured.")])]
    story: list[Flowable] = [
        title,
        paragraph(SENTENCES[kind]),
        *bullets(measured[0].against),
        *missing,
    ]
    story.extend(
        KeepTogether(_pictured(one, one.picture, drawn[one.picture.file_name]))
        for one in measured
        if one.picture is not None and one.picture.file_name in drawn
    )
    if len(measured) == 1 and measured[0].numbers is not None:
        story.append(fact_list(_rows(measured[0].numbers), label=_NAMES))
    else:
        story.append(_table(measured))
    return [*story, Spacer(1, GAP)]


def _missing(one: MapFacts) -> str:
    frame = "" if one.frame is None else f"Frame {one.frame}. "
    return f"{frame}{one.standing.value.capitalize()}: {one.reason}"


def _pictured(one: MapFacts, facts: MapPictureFacts, steps: NDArray[np.uint8]) -> list[Flowable]:
    """Return a map with its scale below."""
    frame = "" if one.frame is None else f"Frame {one.frame}. "
    dots = facts.samples_per_dot
    made = (
        "every dot is one sample"
        if dots == 1
        else f"every dot is the strongest of {dots} x {dots} samples"
    )
    ladder = np.arange(256, dtype=np.uint8)[None, :].repeat(_LEGEND_HEIGHT, axis=0)
    return [
        picture(PALETTE[steps], width=TEXT_WIDTH, height=_PICTURE_HEIGHT),
        Spacer(1, GAP / 4),
        picture(PALETTE[ladder], width=TEXT_WIDTH / 2, height=_LEGEND_HEIGHT),
        paragraph(
            f"{frame}{facts.file_name}, {facts.width} x {facts.height} samples; here {made}. "
            f"{SCALE}",
            CAPTION,
        ),
        Spacer(1, GAP / 2),
    ]


def _rows(numbers: MapNumbers) -> list[Row]:
    return [
        ("Largest difference", numbers.largest),
        ("99 of 100 samples differ by at most", numbers.percentile_99),
        ("Estimated noise of the input", _planes(numbers.noise)),
        ("Explained by noise and rounding", f"up to {_planes(numbers.allowed)}"),
        ("Samples beyond that", f"{numbers.beyond:,} of {numbers.samples:,}"),
    ]


def _table(measured: Sequence[MapFacts]) -> Flowable:
    head = ("Frame", "Largest", "99 of 100 at most", "Noise", "Explained up to", "Samples beyond")
    rows = [
        [
            "-" if one.frame is None else str(one.frame),
            one.numbers.largest,
            one.numbers.percentile_99,
            _planes(one.numbers.noise),
            _planes(one.numbers.allowed),
            f"{one.numbers.beyond:,} of {one.numbers.samples:,}",
        ]
        for one in measured
        if one.numbers is not None
    ]
    return grid(head, rows, (10, 13, 15, 22, 22, 26))


def _planes(values: Sequence[str]) -> str:
    return " / ".join(values)
