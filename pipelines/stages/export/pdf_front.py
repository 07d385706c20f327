"""The document's first pages: the label, the job, what must be read, what a court asks."""

from __future__ import annotations

import re

from reportlab.lib.colors import Color
from reportlab.lib.styles import ParagraphStyle
from reportlab.platypus import Flowable, KeepTogether, Paragraph, Spacer

from pipelines.stages.export.document import GENERATIVE, Report
from pipelines.stages.export.facts import Origin, ReportFacts
from pipelines.stages.export.facts_custody import PersonRole
from pipelines.stages.export.facts_quality import MapKind
from pipelines.stages.export.pdf_blocks import MOST_ITEMS, Row, box, fact_list, rest
from pipelines.stages.export.pdf_style import (
    AMBER,
    AMBER_PALE,
    BODY,
    BOXED,
    BOXED_BOLD,
    GAP,
    HEADING,
    NAME,
    RED,
    RED_PALE,
    SMALL,
    SUBHEADING,
    SUBTITLE,
    TITLE,
    paragraph,
    safe,
)
from pipelines.stages.export.plain_words import in_short
from pipelines.stages.export.sentences import Sentence
from pipelines.stages.export.words import Language, Words

_LONG_LABEL = 30
_NAMES = 110.0
_MAPS = {"consistency": MapKind.CONTRADICTION.value, "supplied": MapKind.SUPPLIED.value}


def label_colours(report: Report) -> tuple[Color, Color]:
    """Return the colour of the label and of the ground behind the sentences."""
    return (RED, RED_PALE) if report.label == GENERATIVE else (AMBER, AMBER_PALE)


def label_words(report: Report, words: Words) -> str:
    """Return the label as the document prints it."""
    return words.front.generative if report.label == GENERATIVE else words.front.enhanced


def front(report: Report, words: Words, *, written: Language) -> list[Flowable]:
    """Return the first page: label, file, job, the whole in short, and what must be read.

    `written` is the language of the report.json that this document shows.
    """
    facts = report.facts
    edge, fill = label_colours(report)
    label = label_words(report, words)
    size = TITLE.fontSize if len(label) < _LONG_LABEL else TITLE.fontSize * 2 / 3
    title = ParagraphStyle(
        "title-coloured", parent=TITLE, textColor=edge, fontSize=size, leading=size * 1.25
    )
    sentences: list[Flowable] = [paragraph(words.front.read_first, BOXED_BOLD)]
    sentences.extend(paragraph(_sentence(one, words), BOXED) for one in report.sentences)
    return [
        paragraph(label, title),
        Spacer(1, GAP / 2),
        paragraph(words.front.subtitle, SUBTITLE),
        paragraph(facts.received.file_name, NAME, longest=300),
        Spacer(1, GAP),
        fact_list(_origin_rows(facts, words), label=_NAMES),
        *_rendering(report, words, written),
        *_note(facts.origin, words),
        Spacer(1, GAP),
        paragraph(in_short(facts, words)),
        *_preset(report),
        Spacer(1, GAP / 2),
        box(sentences, edge=edge, fill=fill),
    ]


def court_section(report: Report, words: Words) -> list[Flowable]:
    """Return the questions that a court asks, each with its answer."""
    head = [paragraph(words.court.heading, HEADING), paragraph(words.court.introduction)]
    story: list[Flowable] = []
    for number, answer in enumerate(report.answers):
        question = paragraph(answer.question, SUBHEADING)
        texts = [paragraph(text) for text in answer.answer]
        story.append(KeepTogether([*([] if number else head), question, *texts]))
    return story


def _sentence(one: Sentence, words: Words) -> str:
    """Return a sentence; one about a map names the map, which is pages away."""
    name = _MAPS.get(one.name)
    return one.text if name is None else words.front.about_map.format(name=name, sentence=one.text)


def _origin_rows(facts: ReportFacts, words: Words) -> list[Row]:
    said, origin = words.front, facts.origin
    stated = ((said.case, origin.case), (said.item, origin.item), (said.exhibit, origin.exhibit))
    rows = [(name, value) for name, value in stated if value is not None]
    rows += [(said.job, origin.job), (said.created, words.forms.moment(origin.created))]
    named = (PersonRole.OPERATOR, PersonRole.REQUESTER)
    for role in named:
        people = [person.name for person in facts.everybody if person.role is role]
        if people:
            rows.append((_title(words.custody.roles[role]), ", ".join(people)))
    return [*rows, (said.preset, facts.preset)]


def _title(text: str) -> str:
    return text[:1].upper() + text[1:]


def _rendering(report: Report, words: Words, written: Language) -> list[Flowable]:
    """Say that the words are another language's than those of report.json."""
    if written is report.language:
        return []
    return [paragraph(words.front.rendering.format(language=written.value), SMALL)]


def _preset(report: Report) -> list[Flowable]:
    """Return the preset's sentence unless the box below says it."""
    if any(one.text == report.preset_sentence for one in report.sentences):
        return []
    return [paragraph(report.preset_sentence)]


def _note(origin: Origin, words: Words) -> list[Flowable]:
    if origin.note is None:
        return []
    lines = [safe(line.strip()) for line in re.split(r"\r\n|\r|\n", origin.note) if line.strip()]
    text = "<br/>".join([words.front.note, *lines[:MOST_ITEMS]])
    return [Spacer(1, GAP / 2), Paragraph(text, BODY), *rest(len(lines), words)]
