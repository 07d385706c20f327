"""The document's part about custody: people, lines, digests, entries of the log, proofs."""

from __future__ import annotations

from reportlab.platypus import Flowable, KeepTogether, Paragraph, Spacer

from pipelines.stages.export.document import Report
from pipelines.stages.export.facts import ReportFacts
from pipelines.stages.export.facts_custody import CustodyLine, CustodySource, DigestLine
from pipelines.stages.export.pdf_blocks import MOST_ITEMS, even, fact_list, grid, nothing, rest
from pipelines.stages.export.pdf_style import GAP, HEADING, SMALL, SUBHEADING, paragraph
from pipelines.stages.export.words import Words

MOST_LINES = 2_000
"""Every transfer and access is printed; beyond this many, the rest are in report.json."""

_PROOF_NAMES = 190.0


def custody_section(report: Report, words: Words) -> list[Flowable]:
    """Return who had what and when, with every digest and every entry."""
    facts = report.facts
    return [
        KeepTogether(
            [
                paragraph(words.custody.heading, HEADING),
                paragraph(words.custody.introduction),
                *_people(facts, words),
            ]
        ),
        *_lines(facts, words),
        *_digests(report, words),
        *_entries(facts, words),
        *_proofs(facts, words),
    ]


def _people(facts: ReportFacts, words: Words) -> list[Flowable]:
    said = words.custody
    rows = [
        [said.roles[one.role], one.name, one.function or "-", one.organisation or "-"]
        for one in facts.everybody[:MOST_ITEMS]
    ]
    return [
        paragraph(said.people, SUBHEADING),
        grid(said.people_columns, rows, (20, 30, 30, 30)),
        *rest(len(facts.everybody), words),
        Spacer(1, GAP / 2),
        paragraph(said.identity, SMALL),
    ]


def _lines(facts: ReportFacts, words: Words) -> list[Flowable]:
    said = words.custody
    title = paragraph(said.lines, SUBHEADING)
    if not facts.custody:
        return [title, nothing(said.no_lines)]
    received = facts.received.sha256
    rows = [
        [_when(line, words), _what(line, received, words), line.who, _source(line, words)]
        for line in facts.custody[:MOST_LINES]
    ]
    return [
        title,
        paragraph(said.lines_introduction),
        grid(said.line_columns, rows, (26, 40, 22, 26)),
        *rest(len(facts.custody), words, most=MOST_LINES),
    ]


def _when(line: CustodyLine, words: Words) -> str:
    if line.at is not None:
        return f"{words.forms.moment(line.at)} ({line.clock})"
    if line.stated_time is None:
        return words.custody.time_unknown
    return words.custody.time_stated.format(time=line.stated_time)


def _what(line: CustodyLine, received: str, words: Words) -> str:
    said = words.custody
    # What a person stated stays in that person's words, whatever the language.
    stated = line.source is CustodySource.STATED
    what = line.what if stated or not line.what else words.say(line.what)
    parts = [said.kinds[line.kind], what]
    if line.sha256 not in {None, received}:
        parts.append(said.digest_line.format(sha256=line.sha256))
    return "; ".join(part for part in parts if part)


def _source(line: CustodyLine, words: Words) -> str:
    source = words.custody.sources[line.source].format(leaf=line.leaf)
    if line.recorded_at is not None:
        recorded = words.custody.recorded.format(
            who=line.recorded_by, time=words.forms.moment(line.recorded_at), leaf=line.recorded_leaf
        )
        return f"{source}; {recorded}"
    return source if line.entry is None else f"{source} ({line.entry})"


def _digests(report: Report, words: Words) -> list[Flowable]:
    said = words.custody
    lines = report.digests
    rows: list[list[str | Paragraph]] = [
        [_taken_over(line, words), even(line.sha256)] for line in lines[:MOST_ITEMS]
    ]
    return [
        paragraph(said.digests, SUBHEADING),
        paragraph(said.digests_introduction),
        grid(said.digest_columns, rows, (36, 70)),
        *rest(len(lines), words),
    ]


def _taken_over(line: DigestLine, words: Words) -> str:
    stage = words.custody.stages[line.stage]
    return f"{stage}: {line.name}" if line.name else stage


def _entries(facts: ReportFacts, words: Words) -> list[Flowable]:
    said = words.custody
    title = paragraph(said.entries, SUBHEADING)
    if not facts.entries:
        return [title, nothing(said.no_entries)]
    rows: list[list[str | Paragraph]] = [
        [
            str(entry.sequence),
            entry.kind,
            f"{words.forms.moment(entry.at)} ({entry.clock})",
            "-" if entry.sha256 is None else even(entry.sha256, 32),
        ]
        for entry in facts.entries[:MOST_ITEMS]
    ]
    return [
        title,
        paragraph(said.entries_introduction),
        grid(said.entry_columns, rows, (8, 24, 34, 44)),
        *rest(len(facts.entries), words),
    ]


def _proofs(facts: ReportFacts, words: Words) -> list[Flowable]:
    said = words.custody
    rows = []
    for one in facts.attestations:
        state = said.proof_states[one.state]
        detail = words.say(one.detail) if one.detail else ""
        rows.append((said.proof_kinds[one.kind], f"{state}: {detail}" if detail else state))
    if not rows:
        return []
    return [KeepTogether([paragraph(said.proofs, SUBHEADING), fact_list(rows, label=_PROOF_NAMES)])]
