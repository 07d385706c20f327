"""The document's part about files: received, delivered, their pictures, streams and laws."""

from __future__ import annotations

from collections.abc import Sequence

from reportlab.platypus import Flowable, KeepTogether, Spacer, Table, TableStyle

from pipelines.stages.export.document import PreviewFacts, Rectangle, Report
from pipelines.stages.export.facts import ReportFacts
from pipelines.stages.export.facts_media import ClipFacts, FileFacts, PhotoFacts, StatedColour
from pipelines.stages.export.pdf_blocks import (
    LETTERS,
    MOST_ITEMS,
    Row,
    bullets,
    comparison,
    grid,
    nothing,
    picture,
    rest,
    strong,
)
from pipelines.stages.export.pdf_style import (
    CAPTION,
    CAPTION_BOLD,
    GAP,
    GREEN,
    HEADING,
    RED,
    SUBHEADING,
    TEXT_WIDTH,
    paragraph,
)
from pipelines.stages.export.plain_words import (
    ORIENTATION_WORDS,
    credential_words,
    picture_words,
    size_words,
)
from pipelines.stages.export.preview import Preview

_PICTURE_HEIGHT = 210.0
NOT_STATED = "not stated"


def file_section(report: Report) -> list[Flowable]:
    """Return what was received and what was delivered."""
    facts = report.facts
    return [
        paragraph("What was received and what was delivered", HEADING),
        paragraph(report.received_statement),
        comparison(("As received", "As delivered"), _compared(facts)),
        *_remarks("Remarks on the file as received", facts.received.remarks),
        *_remarks("Remarks on the file as delivered", facts.delivered.remarks),
    ]


def preview_section(previews: Sequence[Preview]) -> list[Flowable]:
    """Return the pictures before and after, side by side."""
    heading = paragraph("Before and after", HEADING)
    if not previews:
        return [heading, nothing("No pictures were chosen for this report.")]
    words = paragraph(
        "On the left a part of the picture as received, on the right the same part of the "
        "result. Samples are not resampled: each is drawn as a square of whole dots."
    )
    story: list[Flowable] = [KeepTogether([heading, words, *_pair(previews[0])])]
    story.extend(KeepTogether(_pair(preview)) for preview in previews[1:])
    return story


def stream_section(facts: ReportFacts) -> list[Flowable]:
    """Return what became of every stream of a clip; nothing for a photograph."""
    if not facts.streams:
        return []
    rows = [
        [str(one.index), one.kind, one.codec, one.language or "-", one.fate.value, one.remark]
        for one in facts.streams[:MOST_ITEMS]
    ]
    head = ("Stream", "Kind", "Coding", "Language", "What became of it", "Remark")
    return [
        paragraph("Streams of the file as received", HEADING),
        grid(head, rows, (12, 13, 18, 14, 22, 27)),
        *rest(len(facts.streams)),
    ]


def conservation_section(facts: ReportFacts) -> list[Flowable]:
    """Return the conservation laws with what the source and the result have."""
    story: list[Flowable] = [paragraph("What had to stay the same", HEADING)]
    if not facts.conservation:
        return [*story, nothing("No conservation law applies to this result.")]
    rows = [
        [
            law.name,
            law.source,
            law.result,
            strong("holds", GREEN) if law.holds else strong("DOES NOT HOLD", RED),
            law.declared or "-",
        ]
        for law in facts.conservation[:MOST_ITEMS]
    ]
    head = ("Law", "Source", "Result", "Finding", "Declared change")
    return [
        *story,
        paragraph("Checked on the delivered file after it was complete."),
        grid(head, rows, (26, 25, 25, 14, 22)),
        *rest(len(facts.conservation)),
    ]


def _compared(facts: ReportFacts) -> list[tuple[str, str, str]]:
    """Return every fact that either file has, in one order: name, received, delivered."""
    received, delivered = dict(_file_rows(facts.received)), dict(_file_rows(facts.delivered))
    names = [*received, *(name for name in delivered if name not in received)]
    return [(name, received.get(name, "-"), delivered.get(name, "-")) for name in names]


def _remarks(title: str, remarks: Sequence[str]) -> list[Flowable]:
    return [paragraph(title, SUBHEADING), *bullets(remarks)] if remarks else []


def _file_rows(file: FileFacts) -> list[Row]:
    rows: list[Row] = [
        ("File name", file.file_name),
        ("Size", size_words(file.bytes)),
        ("SHA-256", file.sha256),
        ("Kind", f"{file.kind.value}, {file.media_type}"),
        ("Picture", picture_words(file)),
    ]
    if file.lossless is not None:
        rows.append(("Coding", "keeps every sample" if file.lossless else "with loss"))
    if file.photo is not None:
        rows.extend(_photo_rows(file.photo))
    if file.clip is not None:
        rows.extend(_clip_rows(file.clip))
    if file.frames_sha256 is not None:
        rows.append(("Samples, SHA-256", file.frames_sha256))
    if file.credentials is not None:
        rows.append(("Content credentials", credential_words(file.credentials)))
    return rows


def _photo_rows(photo: PhotoFacts) -> list[Row]:
    orientation = photo.orientation
    turned = NOT_STATED
    if orientation is not None:
        turned = f"{orientation}, {ORIENTATION_WORDS[orientation]}"
    profile = "none" if photo.icc_bytes is None else f"ICC, {size_words(photo.icc_bytes)}"
    present = [name for name, there in (("EXIF", photo.exif), ("XMP", photo.xmp)) if there]
    rows = [
        ("File kind", photo.file_kind + (", palette" if photo.palette else "")),
        ("Orientation", turned),
        ("Colour profile", profile),
        ("Metadata", ", ".join(present) or "none"),
        ("Resolution", photo.resolution or NOT_STATED),
    ]
    if photo.pages != 1:
        rows.append(("Pictures in file", str(photo.pages)))
    return rows


def _clip_rows(clip: ClipFacts) -> list[Row]:
    timing = f"assumed, {clip.assumed_rate} frames per second"
    if clip.assumed_rate is None:
        spread = {True: ", variable rate", False: ", constant rate", None: ""}[clip.variable_rate]
        timing = f"from the file{spread}"
    turn = f"{clip.rotation} degrees counter-clockwise" if clip.rotation else "none"
    rows = [
        ("Container, coding", f"{clip.container}, {clip.codec}, {clip.pixel_format}"),
        ("Frames", f"{clip.frames:,}"),
        ("Timing", timing),
        ("Duration", f"{clip.duration_seconds} s" if clip.duration_seconds else NOT_STATED),
        ("Time base, rate", f"{clip.time_base} s, nominal {clip.nominal_rate or NOT_STATED}"),
        ("Turn for display", turn),
        ("Sample aspect", clip.sample_aspect or NOT_STATED),
        ("Colour tags", _colour_words(clip.colour)),
    ]
    if clip.encoder_options:
        rows.append(("Encoder", ", ".join(clip.encoder_options)))
    return rows


def _colour_words(colour: StatedColour) -> str:
    stated = colour.model_dump()
    return ", ".join(f"{name} {value or NOT_STATED}" for name, value in stated.items())


def _pair(preview: Preview) -> list[Flowable]:
    """Return two pictures of the same size with their captions."""
    width = (TEXT_WIDTH - GAP) / 2
    facts = preview.facts
    sides = (
        ("Before: as received", preview.before, facts.before, facts.before_scale),
        ("After: enhanced", preview.after, facts.after, facts.after_scale),
    )
    rows: list[list[Flowable]] = [
        [paragraph(title, CAPTION_BOLD) for title, _, _, _ in sides],
        [picture(rgb, width=width, height=_PICTURE_HEIGHT) for _, rgb, _, _ in sides],
        [paragraph(_frame_words(facts), CAPTION_BOLD) for _ in sides],
        [paragraph(_part_words(part, dots), CAPTION) for _, _, part, dots in sides],
    ]
    table = Table(rows, colWidths=[width + GAP / 2] * 2)
    table.setStyle(
        TableStyle(
            [
                LETTERS,
                ("ALIGN", (0, 0), (-1, -1), "CENTER"),
                ("VALIGN", (0, 0), (-1, -1), "TOP"),
                ("LEFTPADDING", (0, 0), (0, -1), 0),
                ("RIGHTPADDING", (0, 0), (0, -1), GAP / 2),
                ("LEFTPADDING", (1, 0), (1, -1), GAP / 2),
                ("RIGHTPADDING", (1, 0), (1, -1), 0),
                ("TOPPADDING", (0, 0), (-1, -1), 1.5),
                ("BOTTOMPADDING", (0, 0), (-1, -1), 1.5),
            ]
        )
    )
    turned = f", turned {facts.turn} degrees counter-clockwise" if facts.turn else ""
    note = paragraph(f"Both sides {facts.conversion}{turned}.", CAPTION)
    return [table, note, Spacer(1, GAP)]


def _frame_words(facts: PreviewFacts) -> str:
    if facts.frame is None:
        return "Still picture"
    return f"Frame {facts.frame}, pts {facts.pts} ({facts.seconds} s)"


def _part_words(part: Rectangle, dots: int) -> str:
    drawn = "1 dot" if dots == 1 else f"{dots} x {dots} dots"
    return (
        f"{part.width} x {part.height} samples from column {part.left}, row {part.top}; "
        f"each sample drawn as {drawn}"
    )
