"""The pictures of a report as files of the bundle, so that the document can be made again.

Before and after are portable pixmaps (netpbm P6, https://netpbm.sourceforge.net/doc/ppm.html) of
the samples as shown, one dot each; maps are the PNG files that go with the result. What is read
back must have exactly the size and the digest that the report states: the files may have been
through other hands, and nothing else about them is believed.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Iterator, Sequence

import numpy as np

from pipelines.errors import EvidenceError
from pipelines.quality.indexed_png_reader import thumbnail_of
from pipelines.stages.export.display import Rgb8
from pipelines.stages.export.document import PreviewFacts, Rectangle, Report
from pipelines.stages.export.facts_tracks import TrackingFacts
from pipelines.stages.export.pdf_maps import Drawn
from pipelines.stages.export.preview import Preview

MOST_SIDE = 4096
"""No side of a picture of the report is longer, in samples."""

Pictures = tuple[tuple[Preview, ...], Drawn]
"""The pairs before and after, and what is drawn of the maps."""

ReadFile = Callable[[str], bytes | None]
"""Gives the content of an attachment by its name, None where it is not there."""


def picture_files(previews: Sequence[Preview]) -> Iterator[tuple[str, bytes]]:
    """Yield name and content of every picture of a report, two for each pair."""
    for number, preview in enumerate(previews, start=1):
        facts = preview.facts
        sides = ((preview.before, facts.before_scale), (preview.after, facts.after_scale))
        for name, (rgb, scale) in zip(_names(number), sides, strict=True):
            yield name, _pixmap(rgb[::scale, ::scale])


def track_picture_file(
    facts: TrackingFacts | None, rgb: Rgb8 | None
) -> Iterator[tuple[str, bytes]]:
    """Yield name and content of the picture with tracks, where there is one."""
    if facts is not None and facts.picture is not None and rgb is not None:
        yield facts.picture.file_name, _pixmap(rgb)


def read_pictures(report: Report, read: ReadFile) -> Pictures | None:
    """Return all pictures of a report, None where one of their files is missing.

    Raises EvidenceError where a file is not the one that the report describes.
    """
    previews = []
    for number, facts in enumerate(report.previews, start=1):
        pair = [read(name) for name in _names(number)]
        if any(one is None for one in pair):
            return None
        before, after = (one or b"" for one in pair)
        previews.append(_preview(facts, before, after))
    drawn = {}
    for one in report.facts.quality.maps:
        if one.picture is None:
            continue
        data = read(one.picture.file_name)
        if data is None:
            return None
        _require(data, one.picture.sha256)
        steps = thumbnail_of(io.BytesIO(data), width=one.picture.width, height=one.picture.height)
        _require(steps.tobytes(), one.picture.drawn_sha256)
        drawn[one.picture.file_name] = steps
    tracking = report.facts.tracking
    if tracking is not None and tracking.picture is not None:
        shown = tracking.picture
        data = read(shown.file_name)
        if data is None:
            return None
        drawn[shown.file_name] = _samples(data, shown.height, shown.width)
        _require(drawn[shown.file_name].tobytes(), shown.sha256)
    return tuple(previews), drawn


def _names(number: int) -> tuple[str, str]:
    return f"report-{number}-before.ppm", f"report-{number}-after.ppm"


def _preview(facts: PreviewFacts, before: bytes, after: bytes) -> Preview:
    return Preview(
        facts,
        _drawn(before, facts.before, facts.before_scale, facts.before_sha256, turn=facts.turn),
        _drawn(after, facts.after, facts.after_scale, facts.after_sha256, turn=facts.turn),
    )


def _drawn(data: bytes, part: Rectangle, scale: int, digest: str, *, turn: int) -> Rgb8:
    """Return one side as the report draws it, (H, W, 3) uint8."""
    height, width = part.height, part.width
    if turn % 180:
        height, width = width, height
    if not 0 < max(height, width) * scale <= MOST_SIDE:
        raise _refused()
    samples = _samples(data, height, width)
    rgb = np.ascontiguousarray(samples.repeat(scale, axis=0).repeat(scale, axis=1))
    _require(rgb.tobytes(), digest)
    return rgb


def _samples(data: bytes, height: int, width: int) -> Rgb8:
    """Return the samples of a pixmap that must have this size."""
    head = _head(height, width)
    if not 0 < max(height, width) <= MOST_SIDE:
        raise _refused()
    if len(data) != len(head) + 3 * height * width or not data.startswith(head):
        raise _refused()
    return np.frombuffer(data, np.uint8, offset=len(head)).reshape(height, width, 3)


def _pixmap(rgb: Rgb8) -> bytes:
    height, width = rgb.shape[:2]
    return _head(height, width) + np.ascontiguousarray(rgb).tobytes()


def _head(height: int, width: int) -> bytes:
    return b"P6\n%d %d\n255\n" % (width, height)


def _require(data: bytes, digest: str) -> None:
    if hashlib.sha256(data).hexdigest() != digest:
        raise _refused()


def _refused() -> EvidenceError:
    return EvidenceError(
        "A picture of the report is not the one that the report describes.",
        next_step="Verify the bundle: evident verify bundle.zip.",
    )
