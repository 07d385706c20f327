"""An index with an analyst's overrides applied, and sentences about what each of them changed.

Nothing is taken from the file that it states itself without saying so: every sentence names what
was stated and what counts instead. Raises UnsupportedError for what this file does not allow.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np

from pipelines.errors import UnsupportedError
from pipelines.graph.overrides import ClockValue, Overrides, RegionValue
from pipelines.media.picture import Family, FrameShape, Matrix
from pipelines.media.pixel_formats import FORMATS, MATRICES
from pipelines.media.stated import FALLBACK_RATE, RANGE_WORDS, timing_words
from pipelines.media.video import TimingSource, VideoFacts, VideoIndex
from pipelines.stages.inspect.aspect import Aspect, sample_aspect_for

_MATRIX_CODES = {
    matrix: max(code for code, one in MATRICES.items() if one is matrix)
    for matrix in set(MATRICES.values())
}
"""The code of ITU-T H.273 that names a matrix; of the two of BT.601 that of SMPTE 170M."""


def overridden(index: VideoIndex, given: Overrides) -> VideoIndex:
    """Apply overrides to an index; the other streams stay as they are."""
    video = index.video
    video = _ranged(video, given)
    video = _with_matrix(video, given)
    video = _shown_at(video, given)
    index = replace(index, video=video)
    index = _at_rate(index, given)
    index = _trimmed(index, given)
    for region in given.regions:
        _require_inside(region.value, video.shape)
    return index


def require_photo(shape: FrameShape, given: Overrides) -> None:
    """Refuse overrides that a photograph has no place for: all but regions."""
    for name in given.names:
        if name != "regions":
            raise UnsupportedError(
                f"A photograph has no {name.replace('_', ' ')} to override.",
                next_step="Leave the override out; regions alone apply to photographs.",
            )
    for region in given.regions:
        _require_inside(region.value, shape)


def effects(index: VideoIndex, given: Overrides) -> tuple[str, ...]:
    """What overrides changed, one sentence each, from the index that they were applied to."""
    return tuple(_effects(index, given))


def _effects(index: VideoIndex, given: Overrides) -> Iterator[str]:
    video = index.video
    if given.display_aspect is not None:
        shape = video.shape
        stated = Aspect(shape.width, shape.height, None).shown
        now = Aspect(shape.width, shape.height, video.sample_aspect).shown
        yield (
            f"Stored {shape.width} x {shape.height}, displayed {now[0]} x {now[1]} as overridden; "
            f"with square pixels it would be {stated[0]} x {stated[1]}."
        )
    if given.trim is not None:
        first, last = index.first_frame, index.first_frame + index.frames - 1
        yield (
            f"Frames {first} to {last} of {index.whole_frames} are worked on, and are numbered "
            "from 0 here; other streams are copied whole."
        )
    if given.clock is not None:
        yield clock_words(index, given.clock.value)


def clock_words(index: VideoIndex, clock: ClockValue) -> str:
    """The three clocks at one frame, and their difference where it can be told."""
    place = clock.frame - index.first_frame
    if not 0 <= place < index.frames:
        raise UnsupportedError(
            f"There is no frame {clock.frame} to set a clock by.",
            next_step=f"Name one of the {index.frames} frames that are worked on.",
        )
    if index.video.timing is TimingSource.ASSUMED:
        container = "the file has no time"
    else:
        moment = float(int(index.pts[place]) * index.video.stream.time_base)
        container = f"the container says {moment:.6f} s"
    said = [f"At frame {clock.frame} {container}"]
    if clock.burned_in is not None:
        said.append(f"the picture shows {clock.burned_in}")
    if clock.true is not None:
        said.append(f"the true time was {clock.true}")
    return "; ".join(said) + "." + _difference(clock)


def _difference(clock: ClockValue) -> str:
    """The burned-in clock against the true time, where both are ISO 8601 and comparable."""
    try:
        shown = datetime.fromisoformat(clock.burned_in or "")
        true = datetime.fromisoformat(clock.true or "")
        apart = shown - true
    except (ValueError, TypeError):
        return ""
    if not apart:
        return " The burned-in clock is right."
    way = "ahead" if apart > timedelta() else "behind"
    return f" The burned-in clock is {abs(apart).total_seconds():g} s {way}."


def _ranged(video: VideoFacts, given: Overrides) -> VideoFacts:
    if given.range is None:
        return video
    full = given.range.value == "full"
    layout = video.shape.layout
    if layout.family is Family.RGB and not full:
        raise UnsupportedError(
            "R, G, B pictures are full range.", next_step="Leave the override of the range out."
        )
    if not full and FORMATS[_planar(video)].states_full_range:
        raise UnsupportedError(
            f"{video.pixel_format} is full range by its name.",
            next_step="Leave the override of the range out.",
        )
    return replace(
        video,
        shape=replace(video.shape, layout=replace(layout, full_range=full)),
        colour=replace(video.colour, full_range=full),
        assumptions=tuple(one for one in video.assumptions if one != RANGE_WORDS),
    )


def _planar(video: VideoFacts) -> str:
    """The pixel format's own name where it is planar, else one that states nothing."""
    return video.pixel_format if video.pixel_format in FORMATS else "yuv420p"


def _with_matrix(video: VideoFacts, given: Overrides) -> VideoFacts:
    if given.matrix is None:
        return video
    layout = video.shape.layout
    if layout.family is not Family.YCBCR:
        raise UnsupportedError(
            f"A {layout.family.value} picture has no matrix.",
            next_step="Leave the override of the matrix out.",
        )
    matrix = Matrix(given.matrix.value)
    kept = tuple(one for one in video.assumptions if "no colour matrix" not in one)
    return replace(
        video,
        shape=replace(video.shape, layout=replace(layout, matrix=matrix)),
        colour=replace(video.colour, matrix=_MATRIX_CODES[matrix]),
        assumptions=kept,
    )


def _shown_at(video: VideoFacts, given: Overrides) -> VideoFacts:
    if given.display_aspect is None:
        return video
    shape = video.shape
    sample = sample_aspect_for(shape.width, shape.height, given.display_aspect.ratio)
    if max(sample.numerator, sample.denominator) > 65_535:
        raise UnsupportedError(
            f"No container states pixels of {sample}.",
            next_step="Give an aspect of smaller numbers, such as 4:3.",
        )
    return replace(video, sample_aspect=sample)


def _at_rate(index: VideoIndex, given: Overrides) -> VideoIndex:
    if given.frame_rate is None:
        return index
    video = index.video
    if video.timing is not TimingSource.ASSUMED:
        raise UnsupportedError(
            "The file states the times of its frames; a frame rate would replace them.",
            next_step="Leave the override of the frame rate out; it is for files without times.",
        )
    rate = given.frame_rate.rate
    own = replace(video.stream, time_base=1 / rate)
    was = timing_words(video.nominal_rate or FALLBACK_RATE)
    said = tuple(timing_words(rate) if one == was else one for one in video.assumptions)
    return replace(
        index,
        video=replace(video, stream=own, nominal_rate=rate, assumptions=said),
        streams=tuple(own if one.index == own.index else one for one in index.streams),
    )


def _trimmed(index: VideoIndex, given: Overrides) -> VideoIndex:
    if given.trim is None:
        return index
    first, last = given.trim.value.first, given.trim.value.last
    if last >= index.frames:
        raise UnsupportedError(
            f"There is no frame {last}: the clip has {index.frames} frames, from 0 on.",
            next_step="Trim within the clip; `evident inspect` counts its frames.",
        )
    part = slice(first, last + 1)
    moved = 0
    if index.video.timing is TimingSource.ASSUMED:
        moved = int(index.pts[first])
    return replace(
        index,
        pts=index.pts[part] - np.int64(moved),
        duration=index.duration[part],
        digest=index.digest[part],
        keyframe=index.keyframe[part],
        picture_type=index.picture_type[part],
        corrupt=index.corrupt[part],
        interlaced=index.interlaced[part],
        fields=None if index.fields is None else index.fields[part],
        first_frame=first,
        whole_frames=index.frames,
    )


def _require_inside(region: RegionValue, shape: FrameShape) -> None:
    if region.left + region.width > shape.width or region.top + region.height > shape.height:
        raise UnsupportedError(
            f"The region {region.name} reaches beyond the picture of {shape.width} x "
            f"{shape.height}.",
            next_step="Draw it inside the picture, in samples of the stored size.",
        )
