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
from pipelines.stages.export.words import Words

Drawn = Mapping[str, NDArray[np.uint8]]
NOTHING_DRAWN: Drawn = MappingProxyType({})

_PICTURE_HEIGHT = 190.0
_LEGEND_HEIGHT = 6
_NAMES = 190.0


def map_section(quality: QualityFacts, drawn: Drawn, words: Words) -> list[Flowable]:
    """Return both maps; `drawn` are the steps (H, W) uint8 of the pictures by file name."""
    heading = paragraph(words.maps.heading, HEADING)
    if not quality.asked:
        return [heading, nothing(words.maps.not_asked)]
    story: list[Flowable] = [heading, paragraph(words.maps.units)]
    if quality.choice:
        story.append(paragraph(words.say(quality.choice)))
    for kind in MapKind:
        found = [one for one in quality.maps if one.kind is kind]
        story.extend(_kind(kind, found, drawn, words))
    return [*story, *_unrest(quality.unrest, words), *_drift(quality.drift, words)]


def scale_words(words: Words) -> str:
    """Return what the colours of a map mean."""
    return words.maps.scale.format(full_scale=words.forms.decimal(f"{FULL_SCALE:g}"))


def _unrest(unrest: UnrestFacts | None, words: Words) -> list[Flowable]:
    if unrest is None:
        return []
    said, decimal = words.maps, words.forms.decimal
    rows: list[Row] = [
        (words.files.as_received, said.codes.format(value=decimal(unrest.before))),
        (words.files.as_delivered, said.codes.format(value=decimal(unrest.after))),
        (words.files.frames, words.forms.whole(unrest.frames)),
    ]
    return [
        paragraph(said.unrest, SUBHEADING),
        paragraph(said.unrest_meaning),
        fact_list(rows, label=_NAMES),
    ]


def _drift(drift: DriftFacts | None, words: Words) -> list[Flowable]:
    if drift is None:
        return []
    said = words.maps
    title = paragraph(said.drift, SUBHEADING)
    if drift.standing is not Standing.MEASURED:
        reason = said.standings[drift.standing].format(reason=words.say(drift.reason))
        return [title, nothing(f"{reason} {said.no_comparison}")]
    small = said.too_small.format(side=drift.least_side)
    rows = [
        [str(one.track), str(one.pictures), str(one.side)]
        + [
            small if value is None else words.forms.decimal(value)
            for value in (one.mean, one.largest)
        ]
        for one in drift.tracks
    ]
    named = said.drift_by.format(embedding=drift.embedding)
    return [
        title,
        paragraph(f"{said.drift_meaning} {named} {said.no_comparison}"),
        grid(said.drift_columns, rows, (10, 12, 14, 25, 25)),
    ]


def _kind(kind: MapKind, found: Sequence[MapFacts], drawn: Drawn, words: Words) -> list[Flowable]:
    said = words.maps
    title = paragraph(said.titles[kind], SUBHEADING)
    measured = [one for one in found if one.standing is Standing.MEASURED]
    missing = [
        nothing(_missing(one, words)) for one in found if one.standing is not Standing.MEASURED
    ]
    if not measured:
        return [title, *(missing or [nothing(said.not_measured)])]
    sentence = {
        MapKind.CONTRADICTION: words.sentences.consistency,
        MapKind.SUPPLIED: words.sentences.supplied,
    }[kind]
    against = [words.say(one) for one in measured[0].against]
    story: list[Flowable] = [title, paragraph(sentence), *bullets(against, words), *missing]
    pictures = [_pictured(one, one.picture, drawn, words) for one in measured if one.picture]
    if len(measured) == 1 and measured[0].numbers is not None:
        rows = fact_list(_rows(measured[0].numbers, words), label=_NAMES)
        story.append(KeepTogether([*(one for picture in pictures for one in picture), rows]))
    else:
        story.extend(KeepTogether(picture) for picture in pictures)
        story.append(KeepTogether(_table(measured, words)))
    return [*story, Spacer(1, GAP)]


def _missing(one: MapFacts, words: Words) -> str:
    frame = "" if one.frame is None else words.maps.frame.format(frame=one.frame)
    return frame + words.maps.standings[one.standing].format(reason=words.say(one.reason))


def _pictured(one: MapFacts, facts: MapPictureFacts, drawn: Drawn, words: Words) -> list[Flowable]:
    """Return a map with its scale below; its file's name alone where it is not at hand."""
    said, dots = words.maps, facts.samples_per_dot
    frame = "" if one.frame is None else said.frame.format(frame=one.frame)
    made = said.one_sample if dots == 1 else said.strongest.format(dots=dots)
    steps = drawn.get(facts.file_name)
    if steps is None:
        return [paragraph(frame + said.elsewhere.format(file=facts.file_name), CAPTION)]
    described = said.picture.format(
        file=facts.file_name, width=facts.width, height=facts.height, made=made
    )
    ladder = np.arange(256, dtype=np.uint8)[None, :].repeat(_LEGEND_HEIGHT, axis=0)
    return [
        picture(PALETTE[steps], width=TEXT_WIDTH, height=_PICTURE_HEIGHT),
        Spacer(1, GAP / 4),
        picture(PALETTE[ladder], width=TEXT_WIDTH / 2, height=_LEGEND_HEIGHT),
        paragraph(f"{frame}{described} {scale_words(words)}", CAPTION),
        Spacer(1, GAP / 2),
    ]


def _rows(numbers: MapNumbers, words: Words) -> list[Row]:
    said, decimal = words.maps, words.forms.decimal
    allowed = said.allowed_value.format(planes=_planes(numbers.allowed, words))
    return [
        (said.largest, decimal(numbers.largest)),
        (said.percentile, decimal(numbers.percentile_99)),
        (said.noise, _planes(numbers.noise, words)),
        (said.allowed, allowed),
        (said.beyond, _beyond(numbers, words)),
    ]


def _table(measured: Sequence[MapFacts], words: Words) -> Flowable:
    decimal = words.forms.decimal
    rows = [
        [
            "-" if one.frame is None else str(one.frame),
            decimal(one.numbers.largest),
            decimal(one.numbers.percentile_99),
            _planes(one.numbers.noise, words),
            _planes(one.numbers.allowed, words),
            _beyond(one.numbers, words),
        ]
        for one in measured
        if one.numbers is not None
    ]
    return grid(words.maps.columns, rows, (9, 17, 17, 21, 22, 24))


def _beyond(numbers: MapNumbers, words: Words) -> str:
    whole = words.forms.whole
    return words.maps.beyond_value.format(
        beyond=whole(numbers.beyond), samples=whole(numbers.samples)
    )


def _planes(values: Sequence[str], words: Words) -> str:
    return " / ".join(words.forms.decimal(value) for value in values)
