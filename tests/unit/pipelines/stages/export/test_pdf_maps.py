"""What is printed about maps: their sentences always, and never a word of comfort."""

from __future__ import annotations

import io
import re
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError
from pypdf import PdfReader

from pipelines.graph.descriptors import ForwardModel, PlainForm
from pipelines.graph.operation_table import OPERATIONS
from pipelines.stages.export.document import complete, read_report, report_bytes
from pipelines.stages.export.facts import ReportFacts
from pipelines.stages.export.facts_quality import (
    MapFacts,
    MapKind,
    MapNumbers,
    MapPictureFacts,
    QualityFacts,
    Standing,
)
from pipelines.stages.export.pdf_maps import scale_words
from pipelines.stages.export.report_pdf import report_pdf
from pipelines.stages.export.words import WORDS, Language
from pipelines.stages.export.words.ru.maps import MAP_PHRASES

ENGLISH, RUSSIAN = WORDS[Language.EN], WORDS[Language.RU]

COMFORT = re.compile(
    r"genuin|authentic|real detail|trustworth|reliab|faithful|confirm|proves|safe|valid|correct"
    r"|consistent|no contradiction|in agreement|passed|looks good|verified|accurate|clean|ok\b",
    re.IGNORECASE,
)
"""Words that would read as reassurance beside a map."""

RUSSIAN_COMFORT = re.compile(
    r"подлинн|достоверн|надёжн|настоящ|правильн|верн(?:о|ый|ая|ое)\b|подтвержд|доказ|безопасн"
    r"|проверен|без противоречий|точн(?:о|ый|ая|ое)\b|чист|хорош|успешн",
    re.IGNORECASE,
)


def numbers(*, largest: str = "0.0", beyond: int = 0) -> MapNumbers:
    """Return the numbers of a map, by default of one that found nothing."""
    return MapNumbers(
        noise=("1.5",),
        allowed=("5.5",),
        samples=76_800,
        beyond=beyond,
        largest=largest,
        percentile_99=largest,
    )


def picture(name: str) -> MapPictureFacts:
    """Return the facts of a picture."""
    return MapPictureFacts(
        file_name=name,
        sha256="ab" * 32,
        bytes=900,
        width=320,
        height=240,
        full_scale=31.875,  # type: ignore[arg-type]
        samples_per_dot=1,
        drawn_sha256="cd" * 32,
    )


def measured(kind: MapKind, *, frame: int | None = None, **more: Any) -> MapFacts:
    """Return a map that was measured."""
    name = kind.value if frame is None else f"{kind.value}-{frame}"
    return MapFacts(
        kind=kind,
        standing=Standing.MEASURED,
        frame=frame,
        against=("super_resolve: antialiased cubic reduction",),
        numbers=numbers(**more),
        picture=picture(f"{name}.png"),
    )


def with_maps(facts: ReportFacts, *maps: MapFacts) -> ReportFacts:
    """Return the facts of a job whose graph asked for maps."""
    return facts.model_copy(update={"quality": QualityFacts(asked=True, maps=maps)})


def text_of(facts: ReportFacts) -> str:
    """Return all words of the document about `facts`, in one line."""
    drawn = {
        one.picture.file_name: np.zeros((24, 32), np.uint8)
        for one in facts.quality.maps
        if one.picture is not None
    }
    pages = PdfReader(io.BytesIO(report_pdf(complete(facts), (), drawn))).pages
    return " ".join(" ".join(page.extract_text() for page in pages).split())


def test_maps_that_found_nothing_are_printed_without_comfort(photo_facts: ReportFacts) -> None:
    """Two empty maps print their sentences and their counts, and nothing that reassures."""
    facts = with_maps(photo_facts, *(measured(kind) for kind in MapKind))
    text = text_of(facts)
    assert ENGLISH.sentences.consistency in text
    assert ENGLISH.sentences.supplied in text
    assert ENGLISH.limits.agreement in text
    section = text[text.index("Held against the input") : text.index("What was done, in order")]
    assert "0 of 76,800" in section
    assert "%" not in section
    spoken = section.replace(ENGLISH.sentences.consistency, "").replace(
        ENGLISH.sentences.supplied, ""
    )
    assert COMFORT.findall(spoken) == []


def test_no_text_about_maps_reassures() -> None:
    """Neither headings, scales, forward models nor reasons hold a word of comfort."""
    texts = [
        *ENGLISH.maps.titles.values(),
        scale_words(ENGLISH),
        ENGLISH.maps.units,
        ENGLISH.maps.not_asked,
        ENGLISH.sentences.supplied,
        ENGLISH.limits.agreement,
        *(model.value for model in ForwardModel),
        *(form.value for form in PlainForm),
        *(one.consistency.reason for one in OPERATIONS.values()),
    ]
    assert [text for text in texts if COMFORT.search(text)] == []
    assert ENGLISH.sentences.consistency.endswith(
        "A low value does not show that detail is genuine."
    )
    assert "no differently from detail that was" in ENGLISH.sentences.supplied


def test_no_russian_text_about_maps_reassures() -> None:
    """The Russian words hold no comfort either, but where the sentences deny it."""
    said = RUSSIAN.maps
    texts = [
        *said.titles.values(),
        scale_words(RUSSIAN),
        said.units,
        said.not_asked,
        said.largest,
        said.percentile,
        said.noise,
        said.allowed,
        said.beyond,
        *MAP_PHRASES.values(),
    ]
    assert [text for text in texts if RUSSIAN_COMFORT.search(text)] == []
    assert RUSSIAN.sentences.consistency.endswith("не показывает, что деталь подлинная.")
    assert "так же, как и те, что были" in RUSSIAN.sentences.supplied


def test_a_picture_that_is_not_at_hand_is_named(photo_facts: ReportFacts) -> None:
    """A document made without the maps' pictures says in which files they are."""
    facts = with_maps(photo_facts, *(measured(kind) for kind in MapKind))
    pages = PdfReader(io.BytesIO(report_pdf(complete(facts), ()))).pages
    text = " ".join(" ".join(page.extract_text() for page in pages).split())
    assert ENGLISH.maps.elsewhere.format(file="contradiction.png") in text
    assert ENGLISH.maps.elsewhere.format(file="supplied.png") in text


def test_each_sentence_goes_with_its_map(photo_facts: ReportFacts) -> None:
    """A sentence is in the report exactly where its map was measured."""
    for kind, name in ((MapKind.CONTRADICTION, "consistency"), (MapKind.SUPPLIED, "supplied")):
        named = {one.name for one in complete(with_maps(photo_facts, measured(kind))).sentences}
        assert name in named
        assert len(named & {"consistency", "supplied"}) == 1
    bare = complete(photo_facts)
    assert {"consistency", "supplied"}.isdisjoint(one.name for one in bare.sentences)
    assert ENGLISH.limits.agreement not in bare.limits


def test_what_was_not_measured_says_so(photo_facts: ReportFacts) -> None:
    """A map that does not apply is printed with its reason; maps left out are said to be."""
    facts = with_maps(
        photo_facts,
        MapFacts(
            kind=MapKind.CONTRADICTION, standing=Standing.NOT_APPLICABLE, reason="sharpen: why."
        ),
        measured(MapKind.SUPPLIED),
    )
    assert "Not applicable: sharpen: why." in text_of(facts)
    assert ENGLISH.maps.not_asked in text_of(photo_facts)


def test_frames_are_told_apart(clip_facts: ReportFacts) -> None:
    """Maps of several frames are printed with their frame numbers and counts."""
    facts = with_maps(
        clip_facts,
        *(measured(MapKind.CONTRADICTION, frame=frame, beyond=frame) for frame in (30, 60)),
    )
    text = text_of(facts)
    assert "Frame 30. contradiction-30.png" in text
    assert "60 of 76,800" in text


def test_maps_come_through_the_report(photo_facts: ReportFacts) -> None:
    """A report with maps is read back as it was, byte for byte."""
    facts = with_maps(photo_facts, *(measured(kind, largest="3.5") for kind in MapKind))
    data = report_bytes(complete(facts))
    assert read_report(data).facts == facts


@pytest.mark.parametrize(
    "values",
    [
        {"standing": Standing.MEASURED},
        {"standing": Standing.MEASURED, "numbers": numbers(), "reason": "why"},
        {"standing": Standing.NOT_APPLICABLE},
        {"standing": Standing.NOT_APPLICABLE, "reason": "why", "numbers": numbers()},
        {"standing": Standing.NOT_APPLICABLE, "reason": "why", "picture": picture("a.png")},
    ],
)
def test_a_map_is_measured_or_says_why_not(values: dict[str, Any]) -> None:
    """Numbers without a measurement, and a measurement without numbers, are refused."""
    with pytest.raises(ValidationError):
        MapFacts(kind=MapKind.SUPPLIED, **values)
