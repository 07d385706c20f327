"""The document's part about files: received, delivered, their pictures, streams and laws."""

from __future__ import annotations

from collections.abc import Sequence

from reportlab.platypus import Flowable, KeepTogether, Spacer, Table, TableStyle

from pipelines.stages.export.document import PreviewFacts, Rectangle, Report
from pipelines.stages.export.facts import ReportFacts
from pipelines.stages.export.facts_media import (
    ClipFacts,
    FieldFacts,
    FileFacts,
    PhotoFacts,
    StatedColour,
    TimingOrigin,
)
from pipelines.stages.export.pdf_blocks import (
    LETTERS,
    MOST_ITEMS,
    Row,
    bullets,
    comparison,
    fact_list,
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
from pipelines.stages.export.plain_words import credential_words, picture_words, size_words
from pipelines.stages.export.preview import Preview
from pipelines.stages.export.words import Words

_PICTURE_HEIGHT = 210.0


def file_section(report: Report, words: Words) -> list[Flowable]:
    """Return what was received and what was delivered, and where the file as received is."""
    facts, said = report.facts, words.files
    where: list[Row] = []
    if facts.preservation is not None:
        where = [
            (said.original_path, facts.preservation.original_path),
            (said.bundle_path, facts.preservation.bundle_path),
        ]
    return [
        paragraph(said.heading, HEADING),
        paragraph(report.received_statement),
        *([fact_list(where), Spacer(1, GAP)] if where else []),
        comparison((said.as_received, said.as_delivered), _compared(facts, words)),
        *_remarks(said.remarks_received, facts.received.remarks, words),
        *_remarks(said.remarks_delivered, facts.delivered.remarks, words),
    ]


def preview_section(report: Report, previews: Sequence[Preview], words: Words) -> list[Flowable]:
    """Return the pictures before and after, side by side."""
    said = words.pictures
    heading = paragraph(said.heading, HEADING)
    if not previews:
        return [heading, nothing(said.absent if report.previews else said.none)]
    introduction = paragraph(said.introduction)
    story: list[Flowable] = [KeepTogether([heading, introduction, *_pair(previews[0], words)])]
    story.extend(KeepTogether(_pair(preview, words)) for preview in previews[1:])
    return story


def stream_section(facts: ReportFacts, words: Words) -> list[Flowable]:
    """Return what became of every stream of a clip; nothing for a photograph."""
    if not facts.streams:
        return []
    said = words.streams
    rows = [
        [
            str(one.index),
            words.phrases.value(one.kind),
            one.codec,
            one.language or "-",
            said.fates[one.fate],
            words.say(one.remark),
        ]
        for one in facts.streams[:MOST_ITEMS]
    ]
    return [
        paragraph(said.heading, HEADING),
        grid(said.columns, rows, (12, 13, 18, 14, 22, 27)),
        *rest(len(facts.streams), words),
    ]


def conservation_section(facts: ReportFacts, words: Words) -> list[Flowable]:
    """Return the conservation laws with what the source and the result have."""
    said = words.streams
    story: list[Flowable] = [paragraph(said.laws_heading, HEADING)]
    if not facts.conservation:
        return [*story, nothing(said.laws_none)]
    rows = [
        [
            words.say(law.name),
            words.phrases.value(law.source),
            words.phrases.value(law.result),
            strong(said.holds, GREEN) if law.holds else strong(said.broken, RED),
            words.say(law.declared) or "-",
        ]
        for law in facts.conservation[:MOST_ITEMS]
    ]
    return [
        *story,
        paragraph(said.laws_introduction),
        grid(said.laws_columns, rows, (26, 25, 25, 17, 22)),
        *rest(len(facts.conservation), words),
    ]


def _compared(facts: ReportFacts, words: Words) -> list[tuple[str, str, str]]:
    """Return every fact that either file has, in one order: name, received, delivered."""
    received = dict(_file_rows(facts.received, words))
    delivered = dict(_file_rows(facts.delivered, words))
    names = [*received, *(name for name in delivered if name not in received)]
    return [(name, received.get(name, "-"), delivered.get(name, "-")) for name in names]


def _remarks(title: str, remarks: Sequence[str], words: Words) -> list[Flowable]:
    if not remarks:
        return []
    listed = bullets([words.say(remark) for remark in remarks], words)
    return [paragraph(title, SUBHEADING), *listed]


def _file_rows(file: FileFacts, words: Words) -> list[Row]:
    said = words.files
    rows: list[Row] = [
        (said.file_name, file.file_name),
        (said.size, size_words(file.bytes, words)),
        ("SHA-256", file.sha256),
        (said.kind, f"{said.kinds[file.kind]}, {file.media_type}"),
        (said.picture, picture_words(file, words)),
    ]
    if file.lossless is not None:
        rows.append((said.coding, said.lossless if file.lossless else said.lossy))
    if file.photo is not None:
        rows.extend(_photo_rows(file.photo, words))
    if file.clip is not None:
        rows.extend(_clip_rows(file.clip, words))
    if file.frames_sha256 is not None:
        rows.append((said.samples, file.frames_sha256))
    if file.credentials is not None:
        rows.append((said.credentials, credential_words(file.credentials, words)))
    return rows


def _photo_rows(photo: PhotoFacts, words: Words) -> list[Row]:
    said = words.files
    turned, profile = said.not_stated, said.none
    if photo.orientation is not None:
        turned = f"{photo.orientation}, {said.orientations[photo.orientation]}"
    if photo.icc_bytes is not None:
        profile = said.icc.format(size=size_words(photo.icc_bytes, words))
    present = [name for name, there in (("EXIF", photo.exif), ("XMP", photo.xmp)) if there]
    resolution = photo.resolution
    rows = [
        (said.file_kind, photo.file_kind + (said.palette if photo.palette else "")),
        (said.orientation, turned),
        (said.profile, profile),
        (said.metadata, ", ".join(present) or said.none),
        (said.resolution, words.phrases.value(resolution) if resolution else said.not_stated),
    ]
    if photo.pages != 1:
        rows.append((said.pages, words.forms.whole(photo.pages)))
    return rows


def _clip_rows(clip: ClipFacts, words: Words) -> list[Row]:
    said, decimal = words.files, words.forms.decimal
    duration = said.not_stated
    if clip.duration_seconds:
        duration = said.seconds.format(seconds=decimal(clip.duration_seconds))
    rate = said.rate_value.format(base=clip.time_base, rate=clip.nominal_rate or said.not_stated)
    turn = said.turn_value.format(degrees=clip.rotation) if clip.rotation else said.none
    rows = [
        (said.container, f"{clip.container}, {clip.codec}, {clip.pixel_format}"),
        (said.frames, words.forms.whole(clip.frames)),
        (said.timing, _timing(clip, words)),
        (said.duration, duration),
        (said.rate, rate),
        (said.turn, turn),
        (said.aspect, clip.sample_aspect or said.not_stated),
        (said.colour, _colour_words(clip.colour, words)),
    ]
    if clip.fields is not None:
        rows.append((said.fields, _field_words(clip.fields, words)))
    if clip.encoder_options:
        rows.append((said.encoder, ", ".join(clip.encoder_options)))
    return rows


def _field_words(fields: FieldFacts, words: Words) -> str:
    said = words.files
    return said.fields_value.format(
        stated=said.field_orders[fields.stated],
        flagged=words.forms.whole(fields.flagged),
        measured=said.weaves[fields.measured],
    )


def _timing(clip: ClipFacts, words: Words) -> str:
    said = words.files
    if clip.assumed_rate is not None:
        return said.timing_assumed.format(rate=words.forms.decimal(clip.assumed_rate))
    if clip.timing is TimingOrigin.PROPRIETARY:
        return said.timing_proprietary
    if clip.variable_rate is None:
        return said.timing_stated
    return said.timing_variable if clip.variable_rate else said.timing_constant


def _colour_words(colour: StatedColour, words: Words) -> str:
    said = words.files
    stated = {
        name: words.phrases.value(value) if value else said.not_stated
        for name, value in colour.model_dump().items()
    }
    listed = (
        said.colour_value.format(name=said.colour_names[name], value=value)
        for name, value in stated.items()
    )
    return words.forms.comma.join(listed)


def _pair(preview: Preview, words: Words) -> list[Flowable]:
    """Return two pictures of the same size with their captions."""
    width = (TEXT_WIDTH - GAP) / 2
    facts, said = preview.facts, words.pictures
    sides = (
        (said.before, preview.before, facts.before, facts.before_scale),
        (said.after, preview.after, facts.after, facts.after_scale),
    )
    rows: list[list[Flowable]] = [
        [paragraph(title, CAPTION_BOLD) for title, _, _, _ in sides],
        [picture(rgb, width=width, height=_PICTURE_HEIGHT) for _, rgb, _, _ in sides],
        [paragraph(_frame_words(facts, words), CAPTION_BOLD) for _ in sides],
        [paragraph(_part_words(part, dots, words), CAPTION) for _, _, part, dots in sides],
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
    form = said.turned if facts.turn else said.conversion
    note = form.format(conversion=words.say(facts.conversion), turn=facts.turn)
    return [table, paragraph(note, CAPTION), Spacer(1, GAP)]


def _frame_words(facts: PreviewFacts, words: Words) -> str:
    if facts.frame is None:
        return words.pictures.still
    seconds = words.forms.decimal(facts.seconds or "")
    return words.pictures.frame.format(frame=facts.frame, pts=facts.pts, seconds=seconds)


def _part_words(part: Rectangle, dots: int, words: Words) -> str:
    said = words.pictures
    return said.part.format(
        width=part.width,
        height=part.height,
        left=part.left,
        top=part.top,
        drawn=said.dot if dots == 1 else said.dots.format(dots=dots),
    )
