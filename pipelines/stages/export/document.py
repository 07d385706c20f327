"""The report as one document: the facts as stated, and what follows from them.

`complete` derives the label, the answers, the sentences, the limits and the commands, in one
language; `read_report` takes a report's bytes apart again and refuses one whose derived parts are
not those of its facts. The bytes are canonical JSON (RFC 8785) without floats: names and values
are the same in every language, and what is printed stands in the report's own.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping, Sequence
from typing import Literal

from pydantic import ValidationError

from pipelines.errors import EvidenceError
from pipelines.evidence.canonical import canonical_bytes, parse_object
from pipelines.evidence.json_value import Json
from pipelines.stages.export.court import Answer, answers_for
from pipelines.stages.export.fact_types import Count, Digest, Facts, Text, Texts, Whole
from pipelines.stages.export.facts import ReportFacts
from pipelines.stages.export.facts_custody import DigestLine
from pipelines.stages.export.limits import limits_of
from pipelines.stages.export.sanitise import shown
from pipelines.stages.export.sentences import Sentence, preset_sentence, sentences_for
from pipelines.stages.export.words import Language, Words, words_in

FORMAT: Literal["evident-report/2"] = "evident-report/2"
SCHEMA_ID = "https://evident.invalid/schema/report/2"

GENERATIVE = "ENHANCED - GENERATIVE"


class Rectangle(Facts):
    """A part of a picture, in samples of its first plane, as the file stores them."""

    left: Count
    top: Count
    width: Count
    height: Count


class PreviewFacts(Facts):
    """What one before-and-after pair in the report shows.

    `frame` and `pts` are None for a still picture. Every sample is drawn as a square of
    `before_scale` or `after_scale` dots; nothing is resampled. The digests are SHA-256 over the
    8-bit R, G, B values as drawn, row by row.
    """

    frame: Count | None
    pts: Whole | None
    seconds: Text | None
    before: Rectangle
    after: Rectangle
    before_scale: Count
    after_scale: Count
    turn: Count
    conversion: Text
    before_sha256: Digest
    after_sha256: Digest


class Verification(Facts):
    """How anyone can check: `steps` in words, each with a command to type."""

    text: Text
    command: Text


class Report(Facts):
    """A complete report. `language` is that of every text outside `facts` and `previews`."""

    format: Literal["evident-report/2"]
    language: Language
    label: Literal["ENHANCED", "ENHANCED - GENERATIVE"]
    answers: tuple[Answer, ...]
    preset_sentence: Text
    received_statement: Text
    facts: ReportFacts
    digests: tuple[DigestLine, ...]
    previews: tuple[PreviewFacts, ...]
    sentences: tuple[Sentence, ...]
    limits: Texts
    verification: tuple[Verification, ...]


def label_of(facts: ReportFacts) -> Literal["ENHANCED", "ENHANCED - GENERATIVE"]:
    """Return what the result must be called."""
    return "ENHANCED - GENERATIVE" if facts.generative else "ENHANCED"


def complete(
    facts: ReportFacts,
    previews: Sequence[PreviewFacts] = (),
    *,
    language: Language = Language.EN,
) -> Report:
    """Return the report on `facts` in `language`, with everything that follows from them."""
    words = words_in(language)
    return Report(
        format=FORMAT,
        language=language,
        label=label_of(facts),
        answers=answers_for(facts, words),
        preset_sentence=preset_sentence(facts.preset, words),
        received_statement=words.files.received_statement,
        facts=facts,
        digests=facts.digests,
        previews=tuple(previews),
        sentences=sentences_for(facts, words),
        limits=limits_of(facts, words),
        verification=_verification(facts, words),
    )


def translated(report: Report, language: Language) -> Report:
    """Return the same facts as a report in another language."""
    if report.language is language:
        return report
    return complete(report.facts, report.previews, language=language)


def report_bytes(report: Report) -> bytes:
    """Return the only spelling of `report`: canonical JSON, UTF-8, no line end.

    Raises EvidenceError for an integer beyond what every JSON reader holds exactly.
    """
    return canonical_bytes(report.model_dump(mode="json"))


def read_report(data: bytes) -> Report:
    """Return the report that `data` spells.

    Raises EvidenceError unless it is canonical, of this format, and its derived parts are those
    of its facts.
    """
    try:
        report = Report.model_validate_json(json.dumps(parse_object(data)))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise EvidenceError(f"The report is not of this format: {where}: {first['msg']}") from error
    if report_bytes(report) != data:
        raise EvidenceError("The report is not of this format: a value has another type.")
    if report != complete(report.facts, report.previews, language=report.language):
        raise EvidenceError(
            "The report says something that does not follow from its facts.",
            next_step="If another version of this program wrote it, use that version.",
        )
    return report


def report_schema() -> bytes:
    """Return the JSON Schema (draft 2020-12) of `report.json`, indented, with a line end."""
    schema: Mapping[str, Json] = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": SCHEMA_ID,
        **Report.model_json_schema(mode="serialization"),
    }
    return (json.dumps(schema, indent=2, sort_keys=True, ensure_ascii=False) + "\n").encode()


def _verification(facts: ReportFacts, words: Words) -> tuple[Verification, ...]:
    closing = words.closing
    return (
        Verification(text=closing.bundle, command="evident verify bundle.zip"),
        Verification(text=closing.replay, command="evident replay bundle.zip"),
        Verification(
            text=closing.received.format(sha256=facts.received.sha256),
            command=f"sha256sum -- {_argument(facts.received.file_name)}",
        ),
        Verification(
            text=closing.delivered.format(sha256=facts.delivered.sha256),
            command=f"sha256sum -- {_argument(facts.delivered.file_name)}",
        ),
        Verification(text=closing.by_hand, command="unzip -p bundle.zip bundle/VERIFY.txt"),
    )


def _argument(name: str) -> str:
    """Return a file name as a shell takes it; FILE where it cannot be typed safely."""
    return shlex.quote(name) if shown(name) == name else "FILE"
