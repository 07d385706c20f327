"""The document's part about tracks: what looked, what it found, and one picture with boxes.

Boxes and numbers are drawn over the picture by the document; the picture itself holds none.
"""

from __future__ import annotations

from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Flowable, KeepTogether, Spacer

from pipelines.stages.export.display import Rgb8
from pipelines.stages.export.facts_tracks import PictureBox, TrackingFacts, TrackLine
from pipelines.stages.export.pdf_blocks import (
    MOST_ITEMS,
    Row,
    fact_list,
    grid,
    nothing,
    picture,
    rest,
)
from pipelines.stages.export.pdf_maps import Drawn
from pipelines.stages.export.pdf_style import (
    AMBER,
    AMBER_PALE,
    BOLD,
    CAPTION,
    GAP,
    HEADING,
    SUBHEADING,
    TEXT_WIDTH,
    paragraph,
)
from pipelines.stages.export.words import Words

_PICTURE_HEIGHT = 260.0
_NAMES = 150.0
_LABEL = 7.0


def track_section(tracking: TrackingFacts | None, drawn: Drawn, words: Words) -> list[Flowable]:
    """Return the tracks; nothing at all where the graph looked for none."""
    if tracking is None:
        return []
    said = words.tracks
    story: list[Flowable] = [
        paragraph(said.heading, HEADING),
        paragraph(said.meaning),
        fact_list(_facts(tracking, words), label=_NAMES),
        *_pictured(tracking, drawn, words),
    ]
    if not tracking.tracks:
        return [*story, nothing(said.none)]
    rows = [_row(one, words) for one in tracking.tracks[:MOST_ITEMS]]
    story += [
        paragraph(said.table, SUBHEADING),
        grid(said.columns, rows, (9, 14, 22, 14, 14, 22, 16)),
        *rest(len(tracking.tracks), words),
        Spacer(1, GAP),
    ]
    if tracking.edits:
        edits = [(words.say(one.what), one.who, one.why) for one in tracking.edits[:MOST_ITEMS]]
        story += [
            paragraph(said.edits, SUBHEADING),
            grid(said.edit_columns, edits, (45, 22, 35)),
            *rest(len(tracking.edits), words),
        ]
    return story


class BoxedPicture(Flowable):  # type: ignore[misc]  # reportlab ships no types
    """A picture with numbered boxes over it, as large as fits."""

    def __init__(self, rgb: Rgb8, boxes: tuple[PictureBox, ...]) -> None:
        super().__init__()
        self._image = picture(rgb, width=TEXT_WIDTH, height=_PICTURE_HEIGHT)
        self._boxes = boxes
        self._scale = self._image.drawWidth / rgb.shape[1]

    def wrap(self, *_: float) -> tuple[float, float]:
        """Tell the size in points."""
        return TEXT_WIDTH, self._image.drawHeight

    def draw(self) -> None:
        """Draw the picture, then box after box."""
        canvas: Canvas = self.canv
        high = self._image.drawHeight
        canvas.saveState()
        canvas.translate((TEXT_WIDTH - self._image.drawWidth) / 2, 0)
        self._image.drawOn(canvas, 0, 0)
        for box in self._boxes:
            self._draw_box(canvas, box, high)
        canvas.restoreState()

    def _draw_box(self, canvas: Canvas, box: PictureBox, high: float) -> None:
        left, width = box.left * self._scale, box.width * self._scale
        top, height = high - box.top * self._scale, box.height * self._scale
        canvas.setStrokeColor(AMBER_PALE)
        canvas.setLineWidth(2.2)
        canvas.rect(left, top - height, width, height)
        canvas.setStrokeColor(AMBER)
        canvas.setLineWidth(1)
        canvas.rect(left, top - height, width, height)
        number = str(box.track)
        wide = canvas.stringWidth(number, BOLD, _LABEL) + 4
        canvas.setFillColor(AMBER)
        canvas.rect(left, top - _LABEL - 2, wide, _LABEL + 2, stroke=0, fill=1)
        canvas.setFillColor(AMBER_PALE)
        canvas.setFont(BOLD, _LABEL)
        canvas.drawString(left + 2, top - _LABEL, number)


def _facts(tracking: TrackingFacts, words: Words) -> list[Row]:
    said, whole = words.tracks, words.forms.whole
    detector = tracking.detector
    return [
        (said.looked_for, ", ".join(said.targets.get(one, one) for one in tracking.targets)),
        (said.detector, f"{detector.name} {detector.version} ({detector.engine})"),
        (said.digest, detector.sha256),
        (said.licence, detector.licence),
        (said.warning, words.say(detector.warning)),
        (
            said.looked_at,
            said.looked_at_value.format(
                looked=whole(tracking.looked_at),
                frames=whole(tracking.frames),
                side=whole(tracking.longest_side),
            ),
        ),
        (said.least_score, words.forms.decimal(tracking.least_score)),
        (said.file, said.file_value.format(file=tracking.file_name)),
        (said.file_digest, tracking.sha256),
    ]


def _pictured(tracking: TrackingFacts, drawn: Drawn, words: Words) -> list[Flowable]:
    facts = tracking.picture
    if facts is None:
        return []
    said = words.tracks
    frame = "" if facts.frame is None else words.maps.frame.format(frame=facts.frame)
    rgb = drawn.get(facts.file_name)
    if rgb is None:
        return [paragraph(frame + words.maps.elsewhere.format(file=facts.file_name), CAPTION)]
    return [
        Spacer(1, GAP / 2),
        KeepTogether(
            [BoxedPicture(rgb, facts.boxes), paragraph(f"{frame}{said.caption}", CAPTION)]
        ),
        Spacer(1, GAP / 2),
    ]


def _row(one: TrackLine, words: Words) -> list[str]:
    said, decimal = words.tracks, words.forms.decimal
    corrected = f" ({said.corrected})" if one.corrected else ""
    return [
        str(one.track),
        said.targets.get(one.target, one.target),
        f"{one.first} - {one.last}",
        words.forms.whole(one.places),
        said.drawn if one.best_score is None else decimal(one.best_score),
        f"{decimal(one.least_side)} - {decimal(one.most_side)}",
        f"{said.by_detector}{corrected}",
    ]
