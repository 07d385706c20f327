"""`fusion.pdf`: what a fusion of frames combined, on A4, for whoever gets the picture.

It says what was asked, the product's sentence or why nothing was made, shows the fused region
beside the plain one, and lists every frame that was looked at with its type, shift, residual and
the reason where it was not used. Equal facts give equal bytes: no clock is read. In English.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from reportlab.platypus import Flowable, KeepTogether, SimpleDocTemplate, Spacer

from pipelines.stages.export.display import Rgb8
from pipelines.stages.export.pdf_blocks import box, boxed, fact_list, grid, picture
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

_PICTURE_HEIGHT = 190.0
_NAMES = 130.0
_COLUMNS = ("Frame", "Type", "Shift, rows", "Shift, columns", "Residual", "Independent", "Weight",
            "Used")  # fmt: skip
_WIDTHS = (9, 7, 12, 14, 11, 14, 10, 40)
_READING = (
    "Shift is in samples of the chosen frame. The residual is what is left between a frame and "
    "the chosen one after registration, in 8-bit code values. Independent is the part of the "
    "region that the codec did not copy from another frame. Weight is the frame's share in the "
    "result; a frame without one was looked at and left out."
)
_CONTENT = (
    "Conventional processing with estimated parameters that mixes frames. No network took part, "
    "and no detail comes from anywhere but the listed frames."
)


@dataclass(frozen=True, slots=True)
class FusedLine:
    """One frame of the list, each value as it stands in `fusion.json`."""

    index: int
    picture_type: str
    shift: tuple[str, str]
    residual: str
    independent: str
    share: str
    reason: str


@dataclass(frozen=True, slots=True)
class FusionPage:
    """What the document says. `said` is the product's sentence, or why nothing was made.

    `fused` and `plain` are gray samples (H, W) uint8, both or neither.
    """

    facts: tuple[tuple[str, str], ...]
    said: str
    remark: str
    frames: tuple[FusedLine, ...]
    fused: np.ndarray[tuple[int, int], np.dtype[np.uint8]] | None = None
    plain: np.ndarray[tuple[int, int], np.dtype[np.uint8]] | None = None


def fusion_pdf(page: FusionPage) -> bytes:
    """Return the document. Raises UnsupportedError where the letters are not installed."""
    ready()
    buffer = io.BytesIO()
    document = SimpleDocTemplate(
        buffer,
        pagesize=(PAGE_WIDTH, PAGE_HEIGHT),
        leftMargin=MARGIN,
        rightMargin=MARGIN,
        topMargin=TOP,
        bottomMargin=BOTTOM,
        invariant=1,
        lang="en",
        title="Fusion of frames",
        author="Evident",
    )
    document.build(_story(page))
    return buffer.getvalue()


def _story(page: FusionPage) -> list[Flowable]:
    facts = [(name, shown(value)) for name, value in page.facts]
    told = [shown(one, longest=2000) for one in (page.said, page.remark) if one]
    return [
        paragraph("Fusion of frames", TITLE),
        Spacer(1, GAP),
        box(boxed([*told, _CONTENT])),
        Spacer(1, GAP),
        fact_list(facts, label=_NAMES),
        *_pictured(page),
        paragraph("Frames that were looked at", HEADING),
        grid(_COLUMNS, [_row(one) for one in page.frames], _WIDTHS),
        Spacer(1, GAP),
        paragraph(_READING, SMALL),
    ]


def _pictured(page: FusionPage) -> Sequence[Flowable]:
    if page.fused is None or page.plain is None:
        return ()
    made: list[Flowable] = [paragraph("The region", HEADING)]
    for caption, gray in (
        ("Fused", page.fused),
        ("The chosen frame alone, enlarged by cubic interpolation", page.plain),
    ):
        rgb: Rgb8 = np.repeat(gray[..., None], 3, axis=2)
        drawn = picture(rgb, width=TEXT_WIDTH, height=_PICTURE_HEIGHT)
        made.append(KeepTogether([drawn, paragraph(caption, CAPTION), Spacer(1, GAP)]))
    return made


def _row(one: FusedLine) -> tuple[str, ...]:
    used = shown(one.reason, longest=200) if one.reason else "yes"
    kind = one.picture_type
    return (str(one.index), kind, *one.shift, one.residual, one.independent, one.share, used)
