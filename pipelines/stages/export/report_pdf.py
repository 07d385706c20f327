"""`report.pdf`: the report as a document that a lawyer can read, on A4.

The same facts and previews give the same bytes: reportlab runs with `invariant=1`, the letters
are embedded from this package, and no clock is read.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import BaseDocTemplate, Flowable, Frame, PageTemplate, Paragraph

from pipelines.stages.export.document import Report, translated
from pipelines.stages.export.pdf_closing import closing
from pipelines.stages.export.pdf_custody import custody_section
from pipelines.stages.export.pdf_files import (
    conservation_section,
    file_section,
    preview_section,
    stream_section,
)
from pipelines.stages.export.pdf_front import court_section, front, label_colours, label_words
from pipelines.stages.export.pdf_fusion import fusion_section
from pipelines.stages.export.pdf_maps import NOTHING_DRAWN, Drawn, map_section
from pipelines.stages.export.pdf_steps import (
    network_section,
    note_section,
    run_section,
    step_section,
)
from pipelines.stages.export.pdf_style import (
    BOLD,
    BOTTOM,
    HEADING,
    LINE,
    MARGIN,
    PAGE_HEIGHT,
    PAGE_WIDTH,
    QUIET,
    SANS,
    TEXT_WIDTH,
    TOP,
    letters,
    ready,
)
from pipelines.stages.export.pdf_tracks import track_section
from pipelines.stages.export.preview import Preview
from pipelines.stages.export.sanitise import shown
from pipelines.stages.export.words import Language, words_in

_SMALL = 7.4
_LONGEST_JOB = 70
_TOTAL = "total-of-pages"


def report_pdf(
    report: Report,
    previews: Sequence[Preview],
    drawn: Drawn = NOTHING_DRAWN,
    *,
    language: Language | None = None,
) -> bytes:
    """Return the document; `previews` are the pictures that `report.previews` describes.

    `drawn` are the maps' thumbnails by file name. `language` None means the report's own; in
    another, the document says so on its first page. Raises UnsupportedError where the letters
    are not installed.
    """
    ready()
    buffer = io.BytesIO()
    shown_report = translated(report, language or report.language)
    document = _Document(buffer, shown_report)
    document.build(_story(shown_report, previews, drawn, original=report), canvasmaker=_Canvas)
    return buffer.getvalue()


class _Canvas(Canvas):  # type: ignore[misc]  # reportlab ships no types
    """A canvas that writes the number of pages once it is known."""

    def __init__(self, *arguments: Any, **settings: Any) -> None:
        super().__init__(*arguments, **{**settings, "initialFontName": SANS})

    def save(self) -> None:
        if self._code:
            self.showPage()
        self.beginForm(_TOTAL, 0, -3, 60, 12)
        self.setFont(SANS, _SMALL)
        self.setFillColor(QUIET)
        self.drawString(0, 0, str(self.getPageNumber() - 1))
        self.endForm()
        super().save()


class _Document(BaseDocTemplate):  # type: ignore[misc]  # reportlab ships no types
    """A4 pages with the label in every header, the job and the page in every footer."""

    def __init__(self, buffer: io.BytesIO, report: Report) -> None:
        words = words_in(report.language)
        super().__init__(
            buffer,
            pagesize=(PAGE_WIDTH, PAGE_HEIGHT),
            invariant=1,
            pageCompression=1,
            lang=report.language.value,
            title=shown(f"{label_words(report, words)}: {report.facts.received.file_name}"),
            author="Evident",
            subject=shown(words.front.subject.format(job=report.facts.origin.job)),
            creator=shown(report.facts.origin.application),
        )
        self._report = report
        self._words = words
        self._sections = 0
        frame = Frame(
            MARGIN,
            BOTTOM,
            TEXT_WIDTH,
            PAGE_HEIGHT - TOP - BOTTOM,
            leftPadding=0,
            rightPadding=0,
            topPadding=0,
            bottomPadding=0,
        )
        self.addPageTemplates([PageTemplate(frames=[frame], onPage=self._furnish)])

    def afterFlowable(self, flowable: Flowable) -> None:  # noqa: N802 - reportlab's name
        """Enter every heading into the document's outline."""
        if isinstance(flowable, Paragraph) and flowable.style is HEADING:
            self._sections += 1
            key = f"section-{self._sections}"
            self.canv.bookmarkPage(key)
            self.canv.addOutlineEntry(flowable.getPlainText(), key)

    def _furnish(self, canvas: Canvas, _: Any) -> None:
        """Draw header and footer."""
        report, words = self._report, self._words
        colour = label_colours(report)[0]
        canvas.saveState()
        top = PAGE_HEIGHT - 15 * MARGIN / 20
        canvas.setFont(BOLD, 9)
        canvas.setFillColor(colour)
        canvas.drawString(MARGIN, top, label_words(report, words))
        canvas.setFont(SANS, _SMALL)
        canvas.setFillColor(QUIET)
        canvas.drawRightString(PAGE_WIDTH - MARGIN, top, words.front.title)
        canvas.setStrokeColor(colour)
        canvas.setLineWidth(1.2)
        canvas.line(MARGIN, top - 6, PAGE_WIDTH - MARGIN, top - 6)
        low = 13 * MARGIN / 20
        canvas.setStrokeColor(LINE)
        canvas.setLineWidth(0.5)
        canvas.line(MARGIN, low + 10, PAGE_WIDTH - MARGIN, low + 10)
        job = words.front.job_line.format(job=report.facts.origin.job)
        job = shown(job, letters=letters(SANS), longest=_LONGEST_JOB)
        canvas.drawString(MARGIN, low, job)
        page = words.front.page.format(page=canvas.getPageNumber())
        right = PAGE_WIDTH - MARGIN - canvas.stringWidth("00", SANS, _SMALL)
        canvas.drawRightString(right, low, page)
        canvas.translate(right, low)
        canvas.doForm(_TOTAL)
        canvas.restoreState()


def _story(
    report: Report, previews: Sequence[Preview], drawn: Drawn, *, original: Report
) -> list[Flowable]:
    facts, words = report.facts, words_in(report.language)
    return [
        *front(report, words, written=original.language),
        *court_section(report, words),
        *file_section(report, words),
        *preview_section(report, previews, words),
        *track_section(facts.tracking, drawn, words),
        *fusion_section(facts.fusions, words),
        *map_section(facts.quality, drawn, words),
        *step_section(facts, words),
        *network_section(facts, words),
        *note_section(facts, words),
        *conservation_section(facts, words),
        *stream_section(facts, words),
        *custody_section(report, words),
        *run_section(facts, words),
        *closing(report, words, original=original),
    ]
