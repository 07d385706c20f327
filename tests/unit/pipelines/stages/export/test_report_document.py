"""The report as facts: one spelling, one schema, no contradictions."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from pipelines.errors import EvidenceError
from pipelines.evidence.canonical import canonical_bytes
from pipelines.stages.export.document import (
    RECEIVED_STATEMENT,
    complete,
    label_of,
    read_report,
    report_bytes,
    report_schema,
)
from pipelines.stages.export.facts import ReportFacts
from pipelines.stages.export.facts_steps import ParameterFacts
from pipelines.stages.export.preview import Preview

PUBLISHED = Path(__file__).resolve().parents[5] / "docs" / "report.schema.json"


def changed(facts: ReportFacts, **more: object) -> ReportFacts:
    """Return the facts with other values, checked anew."""
    return ReportFacts.model_validate({**facts.model_dump(), **more})


def dumped(items: tuple[Any, ...]) -> list[dict[str, Any]]:
    """Facts as plain values."""
    return [item.model_dump() for item in items]


def check(value: object, schema: dict[str, Any], root: dict[str, Any], path: str) -> list[str]:
    """Where `value` breaks `schema`: the keywords that our schema uses, any other is an error."""
    if "$ref" in schema:
        target = schema["$ref"].removeprefix("#/$defs/")
        return check(value, root["$defs"][target], root, path)
    if "anyOf" in schema:
        tries = [check(value, one, root, path) for one in schema["anyOf"]]
        return [] if any(not found for found in tries) else min(tries, key=len)
    known = {"type", "$defs", "$id", "$schema", "title", "description", "default"}
    wrong = _type(value, schema["type"], path) if "type" in schema else []
    if wrong:
        return wrong
    for keyword, rule in schema.items():
        if keyword not in known:
            wrong.extend(RULES[keyword](value, rule, schema, root, path))
    return wrong


def _type(value: object, rule: str, path: str) -> list[str]:
    kinds: dict[str, tuple[type, ...]] = {
        "object": (dict,),
        "array": (list,),
        "string": (str,),
        "integer": (int,),
        "boolean": (bool,),
        "null": (type(None),),
    }
    fits = isinstance(value, kinds[rule]) and (rule == "boolean" or not isinstance(value, bool))
    return [] if fits else [f"{path}: {value!r} is no {rule}"]


def _properties(value: Any, rule: dict[str, Any], _: Any, root: Any, path: str) -> list[str]:
    return [
        found
        for name, one in rule.items()
        if name in value
        for found in check(value[name], one, root, f"{path}.{name}")
    ]


def _additional(value: Any, rule: object, schema: Any, _: Any, path: str) -> list[str]:
    assert rule is False
    return [f"{path}: {name}" for name in value if name not in schema["properties"]]


def _items(value: Any, rule: Any, schema: Any, root: Any, path: str) -> list[str]:
    first = len(schema.get("prefixItems", []))
    return [
        found
        for index, item in enumerate(value[first:])
        for found in check(item, rule, root, f"{path}[{index}]")
    ]


def _prefix(value: Any, rule: Any, _: Any, root: Any, path: str) -> list[str]:
    return [
        found
        for item, one in zip(value, rule, strict=True)
        for found in check(item, one, root, path)
    ]


def _when(holds: Any) -> Any:
    return lambda value, rule, schema, root, path: (
        [] if holds(value, rule) else [f"{path}: {value!r} against {rule!r}"]
    )


RULES: dict[str, Any] = {
    "properties": _properties,
    "additionalProperties": _additional,
    "items": _items,
    "prefixItems": _prefix,
    "required": _when(lambda value, rule: set(rule) <= set(value)),
    "enum": _when(lambda value, rule: value in rule),
    "const": _when(lambda value, rule: value == rule),
    "pattern": _when(lambda value, rule: re.search(rule, value) is not None),
    "minimum": _when(lambda value, rule: value >= rule),
    "maximum": _when(lambda value, rule: value <= rule),
    "minItems": _when(lambda value, rule: len(value) >= rule),
    "maxItems": _when(lambda value, rule: len(value) <= rule),
}


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


def test_the_published_schema_is_the_code_s() -> None:
    """The JSON Schema in docs/ is the one that the types generate."""
    assert PUBLISHED.read_bytes() == report_schema()


def test_real_reports_keep_the_published_schema(
    photo_facts: ReportFacts, clip_facts: ReportFacts, preview: Preview
) -> None:
    """Reports of a photograph and of a clip are valid under the published schema."""
    schema = json.loads(PUBLISHED.read_text(encoding="utf-8"))
    for facts in (photo_facts, clip_facts):
        value = json.loads(report_bytes(complete(facts, [preview.facts])))
        assert check(value, schema, schema, "report") == []


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("format",), "evident-report/2"),
        (("facts", "received", "sha256"), "ABC"),
        (("facts", "run", "threads"), "2"),
        (("facts", "run", "threads"), -1),
        (("facts", "surprise"), 1),
        (("facts", "origin", "created"), "yesterday"),
    ],
)
def test_the_schema_refuses_what_is_no_report(
    photo_facts: ReportFacts, path: tuple[str, ...], value: object
) -> None:
    """A report with one wrong value is refused by the schema and by the reader."""
    schema = json.loads(PUBLISHED.read_text(encoding="utf-8"))
    document = json.loads(report_bytes(complete(photo_facts)))
    inner = document
    for name in path[:-1]:
        inner = inner[name]
    inner[path[-1]] = value
    assert check(document, schema, schema, "report")
    with pytest.raises(EvidenceError, match="not of this format"):
        read_report(canonical_bytes(document))


@pytest.mark.parametrize("part", ["label", "sentences", "limits", "received_statement"])
def test_a_derived_part_cannot_be_stated_otherwise(clip_facts: ReportFacts, part: str) -> None:
    """A report whose label, sentences or limits are not those of its facts is refused."""
    document = json.loads(report_bytes(complete(clip_facts)))
    document[part] = {
        "label": "ENHANCED - GENERATIVE",
        "sentences": document["sentences"][1:],
        "limits": [],
        "received_statement": "All is well.",
    }[part]
    with pytest.raises(EvidenceError, match="does not follow"):
        read_report(canonical_bytes(document))


def test_the_received_file_is_spoken_for(photo_facts: ReportFacts) -> None:
    """Every report says where the file as received is and that it was not altered."""
    report = complete(photo_facts)
    assert report.received_statement == RECEIVED_STATEMENT
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
    assert complete(quoted).verification[1].command == "sha256sum -- 'it'\"'\"'s $HOME.png'"
    hidden = changed(photo_facts, received={**received, "file_name": "a\u202egnp.exe"})
    assert complete(hidden).verification[1].command == "sha256sum -- FILE"
