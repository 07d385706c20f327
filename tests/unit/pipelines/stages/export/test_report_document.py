"""The report as facts: one spelling, one schema, no contradictions."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from pydantic import ValidationError

from pipelines.errors import EvidenceError
from pipelines.evidence.canonical import canonical_bytes
from pipelines.evidence.papers import REPORT_FORMATS
from pipelines.stages.export.document import (
    FORMAT,
    complete,
    label_of,
    read_report,
    report_bytes,
    report_schema,
)
from pipelines.stages.export.facts import ReportFacts
from pipelines.stages.export.facts_steps import ParameterFacts
from pipelines.stages.export.preview import Preview
from pipelines.stages.export.words import Language

PUBLISHED = Path(__file__).resolve().parents[5] / "docs" / "report.schema.json"


def changed(facts: ReportFacts, **more: object) -> ReportFacts:
    """Return the facts with other values, checked anew."""
    return ReportFacts.model_validate({**facts.model_dump(), **more})


def dumped(items: tuple[Any, ...]) -> list[dict[str, Any]]:
    """Facts as plain values."""
    return [item.model_dump() for item in items]


def against_schema(value: object) -> list[str]:
    """Where `value` breaks the published schema, as another implementation judges it."""
    schema = json.loads(PUBLISHED.read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    return [one.message for one in Draft202012Validator(schema).iter_errors(value)]


def test_the_bytes_are_canonical_and_come_back(clip_facts: ReportFacts, preview: Preview) -> None:
    """A report is canonical JSON and reads back as the same report."""
    report = complete(clip_facts, [preview.facts])
    data = report_bytes(report)
    assert canonical_bytes(json.loads(data)) == data
    assert read_report(data) == report


def test_real_numbers_are_decimal_strings(clip_facts: ReportFacts) -> None:
    """No JSON number with a fraction or an exponent is in a report."""
    floats: list[str] = []
    data = report_bytes(complete(clip_facts))
    value = json.loads(data, parse_float=lambda text: floats.append(text) or text)
    assert floats == []
    assert value["facts"]["networks"][0]["scores"][0]["gain_db"] == "2.31"


def test_verification_knows_this_form_of_report() -> None:
    """What is written here is a form that a bundle's verification reads, not passes over."""
    assert REPORT_FORMATS[-1] == FORMAT


def test_the_published_schema_is_the_code_s() -> None:
    """The JSON Schema in docs/ is the one that the types generate."""
    assert PUBLISHED.read_bytes() == report_schema()


def test_real_reports_keep_the_published_schema(
    photo_facts: ReportFacts, clip_facts: ReportFacts, preview: Preview
) -> None:
    """Reports of a photograph and of a clip are valid under the published schema."""
    for facts in (photo_facts, clip_facts):
        for language in Language:
            report = complete(facts, [preview.facts], language=language)
            assert against_schema(json.loads(report_bytes(report))) == []


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("format",), "evident-report/3"),
        (("facts", "received", "sha256"), "ABC"),
        (("facts", "run", "threads"), "2"),
        (("facts", "run", "threads"), -1),
        (("facts", "surprise"), 1),
        (("facts", "origin", "created"), "yesterday"),
        (("language",), "fr"),
    ],
)
def test_the_schema_refuses_what_is_no_report(
    photo_facts: ReportFacts, path: tuple[str, ...], value: object
) -> None:
    """A report with one wrong value is refused by the schema and by the reader."""
    document = json.loads(report_bytes(complete(photo_facts)))
    inner = document
    for name in path[:-1]:
        inner = inner[name]
    inner[path[-1]] = value
    assert against_schema(document)
    with pytest.raises(EvidenceError, match="not of this format"):
        read_report(canonical_bytes(document))


@pytest.mark.parametrize("part", ["label", "answers", "sentences", "limits", "received_statement"])
def test_a_derived_part_cannot_be_stated_otherwise(clip_facts: ReportFacts, part: str) -> None:
    """A report whose label, sentences or limits are not those of its facts is refused."""
    document = json.loads(report_bytes(complete(clip_facts)))
    document[part] = {
        "label": "ENHANCED - GENERATIVE",
        "answers": document["answers"][:2],
        "sentences": document["sentences"][1:],
        "limits": [],
        "received_statement": "All is well.",
    }[part]
    with pytest.raises(EvidenceError, match="does not follow"):
        read_report(canonical_bytes(document))


def test_the_received_file_is_spoken_for(photo_facts: ReportFacts) -> None:
    """Every report says where the file as received is and that it was not altered."""
    report = complete(photo_facts)
    assert "was not altered" in report.received_statement
    assert any(photo_facts.received.sha256 in one.text for one in report.verification)
    assert "evident verify bundle.zip" in [one.command for one in report.verification]


def test_a_generative_operation_changes_the_label(clip_facts: ReportFacts) -> None:
    """One generative operation is enough for the label GENERATIVE."""
    steps = dumped(clip_facts.steps)
    steps[1]["operation_class"] = "generative"
    facts = changed(clip_facts, steps=steps, preset="presentation")
    assert label_of(facts) == "ENHANCED - GENERATIVE"
    assert label_of(clip_facts) == "ENHANCED"


def test_contradictions_are_refused(clip_facts: ReportFacts) -> None:
    """Facts that contradict each other do not become a report."""
    with pytest.raises(ValidationError, match="networks described are not"):
        changed(clip_facts, networks=())
    with pytest.raises(ValidationError, match="described twice"):
        changed(clip_facts, networks=dumped(clip_facts.networks * 2))
    with pytest.raises(ValidationError, match="does not admit super_resolve"):
        changed(clip_facts, preset="forensic-safe")
    steps = dumped(clip_facts.steps)
    steps[1]["network"] = None
    with pytest.raises(ValidationError, match="exactly when it is not conventional"):
        changed(clip_facts, steps=steps, networks=())
    received = clip_facts.received.model_dump()
    with pytest.raises(ValidationError, match="only a photo"):
        changed(clip_facts, received={**received, "kind": "photo"})
    received["clip"]["timing"] = "assumed"
    with pytest.raises(ValidationError, match="timing was assumed"):
        changed(clip_facts, received=received)


def test_parameters_keep_their_values_without_floats() -> None:
    """Numbers, lists and objects become values that canonical JSON can spell."""
    value = {"a": 0.5, "b": [1, 2.25, None, True]}
    fact = ParameterFacts(name="p", value=value, default=(0.1, 3), chosen="given")
    assert fact.value == ("a=0.5", "b=[1, '2.25', None, True]")
    assert fact.default == ("0.1", 3)
    with pytest.raises(ValidationError):
        ParameterFacts(name="p", value=float("nan"), chosen="given")
    with pytest.raises(ValidationError):
        ParameterFacts(name="p", value=b"bytes", chosen="given")


def test_a_name_that_no_shell_takes_is_not_typed(photo_facts: ReportFacts) -> None:
    """A command shows the file's name quoted, or FILE where the name is not safe to type."""
    received = photo_facts.received.model_dump()
    quoted = changed(photo_facts, received={**received, "file_name": "it's $HOME.png"})
    assert complete(quoted).verification[2].command == "sha256sum -- 'it'\"'\"'s $HOME.png'"
    hidden = changed(photo_facts, received={**received, "file_name": "a\u202egnp.exe"})
    assert complete(hidden).verification[2].command == "sha256sum -- FILE"
