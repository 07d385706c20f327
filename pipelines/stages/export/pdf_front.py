"""The document's first page and its last part: the label, the sentences, limits, verification."""

from __future__ import annotations

import hashlib
import re

from reportlab.lib.colors import Color
from reportlab.lib.styles import ParagraphStyle
from reportlab.platypus import Flowable, Paragraph, Spacer

from pipelines.stages.export.document import GENERATIVE, Report, report_bytes
from pipelines.stages.export.facts import Origin
from pipelines.stages.export.pdf_blocks import MOST_ITEMS, Row, box, bullets, fact_list, rest
from pipelines.stages.export.pdf_style import (
    AMBER,
    AMBER_PALE,
    BODY,
    BOXED,
    BOXED_BOLD,
    COMMAND,
    GAP,
    HEADING,
    LINE,
    NAME,
    PALE,
    RED,
    RED_PALE,
    SMALL,
    SUBTITLE,
    TITLE,
    paragraph,
    safe,
)
from pipelines.stages.export.plain_words import in_short


def label_colours(report: Report) -> tuple[Color, Color]:
    """Return the colour of the label and of the ground behind the sentences."""
    return (RED, RED_PALE) if report.label == GENERATIVE else (AMBER, AMBER_PALE)


def front(report: Report) -> list[Flowable]:
    """Return the first page: label, file, job, the whole in short, and what must be read."""
    facts = report.facts
    edge, fill = label_colours(report)
    title = ParagraphStyle("title-coloured", parent=TITLE, textColor=edge)
    sentences: list[Flowable] = [paragraph("Read this first", BOXED_BOLD)]
    sentences.extend(paragraph(one.text, BOXED) for one in report.sentences)
    return [
        paragraph(report.label, title),
        paragraph("Report of the enhancement of", SUBTITLE),
        paragraph(facts.received.file_name, NAME, longest=300),
        Spacer(1, GAP),
        fact_list(_origin_rows(facts.origin, facts.preset)),
        *_note(facts.origin),
        Spacer(1, GAP),
        paragraph(in_short(facts)),
        *_preset(report),
        Spacer(1, GAP / 2),
        box(sentences, edge=edge, fill=fill),
    ]


def closing(report: Report) -> list[Flowable]:
    """Return what may not be concluded and how to verify."""
    checks: list[Flowable] = []
    for number, check in enumerate(report.verification, start=1):
        checks.append(paragraph(f"{number}. {check.text}", BOXED))
        checks.append(paragraph(check.command, COMMAND, longest=300))
    return [
        paragraph("What may not be concluded", HEADING),
        *bullets(report.limits),
        paragraph("How to verify", HEADING),
        paragraph("Anyone can check this without a connection to us or to any server."),
        box(checks, edge=LINE, fill=PALE),
        Spacer(1, GAP),
        paragraph("This document shows the facts of report.json and nothing else.", SMALL),
        fact_list([("report.json, SHA-256", hashlib.sha256(report_bytes(report)).hexdigest())]),
    ]


def _origin_rows(origin: Origin, preset: str) -> list[Row]:
    rows: list[Row] = []
    if origin.case is not None:
        rows.append(("Case", origin.case))
    if origin.item is not None:
        rows.append(("Item", origin.item))
    rows.extend(
        [
            ("Job", origin.job),
            ("Created", f"{origin.created.replace('T', ' ').replace('Z', '')} UTC"),
            ("Operator", origin.operator),
            ("Preset", preset),
        ]
    )
    return rows


def _preset(report: Report) -> list[Flowable]:
    """Return the preset's sentence unless the box below says it."""
    if any(one.text == report.preset_sentence for one in report.sentences):
        return []
    return [paragraph(report.preset_sentence)]


def _note(origin: Origin) -> list[Flowable]:
    if origin.note is None:
        return []
    lines = [safe(line.strip()) for line in re.split(r"\r\n|\r|\n", origin.note) if line.strip()]
    words = "<br/>".join(["Note of the operator:", *lines[:MOST_ITEMS]])
    return [Spacer(1, GAP / 2), Paragraph(words, BODY), *rest(len(lines))]
