"""`fusion.pdf`: what a fusion of frames combined, on A4, for whoever gets the picture.

It says what was asked, the product's sentence or why nothing was made, shows the fused region
beside the plain one, and lists every frame that was looked at with its time, type, shift,
residual and the reason where it was not used. Equal facts give equal bytes: no clock is read.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from reportlab.platypus import Flowable, KeepTogether, SimpleDocTemplate, Spacer

from pipelines.stages.export.display import Rgb8
from pipelines.stages.export.facts_fusion import FusionFacts, FusionRole
from pipelines.stages.export.pdf_blocks import Row, box, boxed, fact_list, picture
from pipelines.stages.export.pdf_fusion import NAMES, asked_rows, frame_table, outcome_words
from pipelines.stages.export.pdf_style import (
    BOTTOM,
    CAPTION,
    GAP,
    HEADING,
    MARGIN,
    PAGE_HEIGHT,
    PAGE_WIDTH,
    SMALL,
    TEXT_WIDTH,
    TITLE,
    TOP,
    paragraph,
    ready,
)
from pipelines.stages.export.sanitise import shown
from pipelines.stages.export.words import Language, Words, words_in

Gray8 = NDArray[np.uint8]
_PICTURE_HEIGHT = 190.0


@dataclass(frozen=True, slots=True)
class FusionPage:
    """What the document says. `sources` are (role, name, SHA-256) of what was looked into.

    `pictures` are gray samples (H, W) uint8, fused and plain; none where it declined.
    """

    facts: FusionFacts
    sources: tuple[tuple[str, str, str], ...]
    pictures: Mapping[FusionRole, Gray8] = field(default_factory=dict)


def fusion_pdf(page: FusionPage, *, language: Language = Language.EN) -> bytes:
    """Return the document. Raises UnsupportedError where the letters are not installed."""
    ready()
    words = words_in(language)
    buffer = io.BytesIO()
    document = SimpleDocTemplate(
        buffer,
        pagesize=(PAGE_WIDTH, PAGE_HEIGHT),
        leftMargin=MARGIN,
        rightMargin=MARGIN,
        topMargin=TOP,
        bottomMargin=BOTTOM,
        invariant=1,
        lang=language.value,
        title=words.fusion.title,
        author="Evident",
    )
    document.build(_story(page, words))
    return buffer.getvalue()


def _story(page: FusionPage, words: Words) -> list[Flowable]:
    told = [shown(one, longest=2000) for one in outcome_words(page.facts, words)]
    rows = [*_source_rows(page, words), *asked_rows(page.facts, words)]
    return [
        paragraph(words.fusion.title, TITLE),
        Spacer(1, GAP),
        box(boxed([*told, words.fusion.content])),
        Spacer(1, GAP),
        fact_list(rows, label=NAMES),
        *_pictured(page, words),
        paragraph(words.fusion.frames, HEADING),
        frame_table(page.facts, words),
        Spacer(1, GAP),
        paragraph(words.fusion.reading, SMALL),
    ]


def _source_rows(page: FusionPage, words: Words) -> list[Row]:
    roles = words.fusion.sources
    return [
        (f"{roles.get(role, role)}, {shown(name)}", sha256) for role, name, sha256 in page.sources
    ]


def _pictured(page: FusionPage, words: Words) -> Sequence[Flowable]:
    if not page.pictures:
        return ()
    made: list[Flowable] = [paragraph(words.fusion.pictures, HEADING)]
    for role, gray in page.pictures.items():
        rgb: Rgb8 = np.repeat(gray[..., None], 3, axis=2)
        drawn = picture(rgb, width=TEXT_WIDTH, height=_PICTURE_HEIGHT)
        caption = paragraph(words.fusion.captions[role], CAPTION)
        made.append(KeepTogether([drawn, caption, Spacer(1, GAP)]))
    return made
