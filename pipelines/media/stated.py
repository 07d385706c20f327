"""What a file states about its streams and its video, from the facts that a child sends.

What the file states is kept as stated; what it does not state and operations must know (a
matrix, a range, times) is assumed, and each assumption is a sentence for the report.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from pipelines.errors import UnsupportedError
from pipelines.media.picture import Family, FrameShape, Matrix
from pipelines.media.pixel_formats import FORMATS, MATRICES, PixelFormat
from pipelines.media.video import (
    UNSPECIFIED,
    ColourTags,
    FieldOrder,
    StreamFacts,
    StreamKind,
    TimingSource,
    VideoFacts,
)

FALLBACK_RATE = Fraction(25)
"""Frames per second where a file gives no hint at all."""

RANGE_WORDS = "The file states no range of values; studio range assumed where a step needs one."

PROPRIETARY_WORDS = (
    "The times of the frames are in a form of the recorder's maker and were taken as they stand."
)

_HD_HEIGHT = 720

_FIELD_ORDERS = {
    1: FieldOrder.PROGRESSIVE,
    2: FieldOrder.TOP_FIRST,
    3: FieldOrder.BOTTOM_FIRST,
    4: FieldOrder.BOTTOM_FIRST,
    5: FieldOrder.TOP_FIRST,
}
"""By FFmpeg's AVFieldOrder; of its two letters, order of coding and of display, the latter."""


def stated_streams(facts: Mapping[str, Any]) -> tuple[tuple[StreamFacts, ...], StreamFacts]:
    """All streams of a file, and the chosen one, from a child's facts."""
    streams = tuple(_stream(one) for one in facts["streams"])
    return streams, next(one for one in streams if one.index == facts["stream"])


def video_facts(facts: Mapping[str, Any], stream: StreamFacts, timing: TimingSource) -> VideoFacts:
    """What the chosen stream is, from a child's facts; what must be assumed is listed."""
    nominal = ratio(facts["rate"])
    form = FORMATS[facts["planar_format"]]
    spread, primaries, transfer, matrix_code = facts["colour"]
    stated_range = {1: False, 2: True}.get(spread)
    if form.states_full_range:
        stated_range = True
    colour = ColourTags(
        full_range=stated_range,
        primaries=primaries or UNSPECIFIED,
        transfer=transfer or UNSPECIFIED,
        matrix=matrix_code if form.family is not Family.RGB else 0,
    )
    assumptions: list[str] = []
    matrix = _matrix(form, matrix_code, int(facts["height"]), assumptions)
    full_range = _range(form, stated_range, assumptions)
    if timing is TimingSource.ASSUMED:
        assumptions.append(timing_words(nominal or FALLBACK_RATE))
    if timing is TimingSource.PROPRIETARY:
        assumptions.append(PROPRIETARY_WORDS)
    shape = FrameShape(
        int(facts["height"]),
        int(facts["width"]),
        form.layout(full_range=full_range, matrix=matrix),
    )
    turn = facts["display_matrix"]
    return VideoFacts(
        stream=stream,
        shape=shape,
        pixel_format=str(facts["pixel_format"]),
        colour=colour,
        sample_aspect=ratio(facts["sample_aspect"]),
        rotation=int(facts["rotation"]) % 360,
        display_matrix=None if turn is None else tuple(turn),
        nominal_rate=nominal or (FALLBACK_RATE if timing is TimingSource.ASSUMED else None),
        timing=timing,
        assumptions=tuple(assumptions),
        hdr_metadata=tuple(str(one) for one in facts["hdr"]),
        field_order=_FIELD_ORDERS.get(int(facts["field_order"]), FieldOrder.UNSTATED),
    )


def timing_words(rate: Fraction) -> str:
    """What is said of a clip without times."""
    return (
        f"The file carries no timing; {float(rate):g} fps assumed. Derive no duration, speed or "
        "time of event."
    )


def _matrix(form: PixelFormat, code: int, height: int, assumptions: list[str]) -> Matrix:
    if form.family is not Family.YCBCR:
        return Matrix.BT601
    if code in MATRICES:
        return MATRICES[code]
    if code not in (UNSPECIFIED, 3):
        raise UnsupportedError(
            f"The colour matrix with H.273 code {code} is not worked on.",
            next_step="Convert the clip to BT.709 or BT.601 first; the conversion is on record.",
        )
    assumed = Matrix.BT709 if height >= _HD_HEIGHT else Matrix.BT601
    name = "BT.709" if assumed is Matrix.BT709 else "BT.601"
    assumptions.append(
        f"The file states no colour matrix; {name} assumed where a step needs one. The result "
        "states none either."
    )
    return assumed


def _range(form: PixelFormat, stated: bool | None, assumptions: list[str]) -> bool:  # noqa: FBT001
    if stated is not None:
        return stated
    if form.family is not Family.YCBCR:
        return True
    assumptions.append(RANGE_WORDS)
    return False


def _stream(facts: Mapping[str, Any]) -> StreamFacts:
    kinds = {kind.value: kind for kind in StreamKind}
    return StreamFacts(
        index=int(facts["index"]),
        kind=kinds.get(facts["kind"], StreamKind.DATA),
        codec=str(facts["codec"]),
        time_base=Fraction(facts["time_base"]),
        language=str(facts["language"]),
        disposition=tuple(facts["disposition"]),
        metadata=dict(facts["metadata"]),
        attached_picture=bool(facts["attached"]),
        sample_rate=facts["sample_rate"],
    )


def ratio(text: str | None) -> Fraction | None:
    """A ratio as a child spells it; None stays None."""
    return None if text is None else Fraction(text)
