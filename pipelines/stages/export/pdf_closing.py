"""The document's last part: what may not be concluded, how to verify, who signs."""

from __future__ import annotations

import hashlib

from reportlab.platypus import Flowable, KeepTogether, Spacer, Table, TableStyle

from pipelines.stages.export.document import Report, report_bytes
from pipelines.stages.export.facts import ReportFacts
from pipelines.stages.export.facts_custody import PersonFacts, PersonRole
from pipelines.stages.export.pdf_blocks import LETTERS, box, bullets, fact_list
from pipelines.stages.export.pdf_style import (
    BOXED,
    CELL,
    CELL_BOLD,
    COMMAND,
    GAP,
    HEADING,
    INK,
    LABEL,
    LINE,
    PALE,
    SMALL,
    TEXT_WIDTH,
    paragraph,
)
from pipelines.stages.export.words import Words

_ROOM_TO_SIGN = 26.0
_MOST_SIGNERS = 6


def closing(report: Report, words: Words, *, original: Report) -> list[Flowable]:
    """Return limits, verification and signatures; `original` is the report as it was written."""
    said = words.closing
    checks: list[Flowable] = []
    for number, check in enumerate(report.verification, start=1):
        checks.append(paragraph(f"{number}. {check.text}", BOXED))
        checks.append(paragraph(check.command, COMMAND, longest=300))
    digest = hashlib.sha256(report_bytes(original)).hexdigest()
    return [
        paragraph(said.limits, HEADING),
        *bullets(report.limits, words),
        KeepTogether(
            [
                paragraph(said.verify, HEADING),
                paragraph(said.verify_introduction),
                box(checks, edge=LINE, fill=PALE),
            ]
        ),
        KeepTogether(
            [
                paragraph(said.signatures, HEADING),
                paragraph(said.signatures_introduction),
                *_signatures(report.facts, words),
                Spacer(1, GAP),
                paragraph(said.shows, SMALL),
                fact_list([(said.report_digest, digest)], label=110),
            ]
        ),
    ]


def _signatures(facts: ReportFacts, words: Words) -> list[Flowable]:
    """Return a block for everybody who signs: the operator, and reviewers or room for one."""
    signing = [one for one in facts.everybody if one.role is not PersonRole.REQUESTER]
    blocks: list[tuple[str, PersonFacts | None]] = [
        (words.custody.roles[person.role], person) for person in signing[:_MOST_SIGNERS]
    ]
    if all(person.role is not PersonRole.REVIEWER for person in signing):
        blocks.append((words.custody.roles[PersonRole.REVIEWER], None))
    story: list[Flowable] = []
    for role, signer in blocks:
        story.extend([Spacer(1, GAP), _signature(role, signer, words)])
    return story


def _signature(role: str, person: PersonFacts | None, words: Words) -> Table:
    """Return one block: what is known of the person is printed, the rest is room to write."""
    said = words.closing
    name = function = organisation = ""
    if person is not None:
        name, function = person.name, person.function or ""
        organisation = person.organisation or ""
    title = role[:1].upper() + role[1:]
    cells = [
        [paragraph(title, CELL_BOLD), "", "", ""],
        [
            paragraph(said.signature_name, LABEL),
            paragraph(name, CELL, longest=120),
            paragraph(said.signature_function, LABEL),
            paragraph(function, CELL, longest=120),
        ],
        [
            paragraph(said.signature_organisation, LABEL),
            paragraph(organisation, CELL, longest=120),
            paragraph(said.signature_date, LABEL),
            "",
        ],
        [paragraph(said.signature_sign, LABEL), "", "", ""],
    ]
    label = 70.0
    room = TEXT_WIDTH / 2 - label
    table = Table(
        cells,
        colWidths=[label, room, label, room],
        rowHeights=[None, None, None, _ROOM_TO_SIGN],
    )
    table.setStyle(
        TableStyle(
            [
                LETTERS,
                ("SPAN", (0, 0), (-1, 0)),
                ("SPAN", (1, 3), (-1, 3)),
                ("BACKGROUND", (0, 0), (-1, 0), PALE),
                ("BOX", (0, 0), (-1, -1), 0.5, LINE),
                ("LINEBELOW", (1, 1), (1, 3), 0.4, INK),
                ("LINEBELOW", (3, 1), (3, 3), 0.4, INK),
                ("VALIGN", (0, 0), (-1, -1), "BOTTOM"),
                ("TOPPADDING", (0, 1), (-1, -1), 6),
                ("BOTTOMPADDING", (0, 0), (-1, -1), 3),
                ("LEFTPADDING", (0, 0), (-1, -1), 6),
                ("RIGHTPADDING", (0, 0), (-1, -1), 6),
            ]
        )
    )
    return table
