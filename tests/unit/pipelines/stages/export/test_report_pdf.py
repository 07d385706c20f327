"""The document for people: complete, inside its margins, and the same bytes every time."""

from __future__ import annotations

import hashlib
import io
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader
from reportlab.pdfbase import pdfmetrics

from pipelines.stages.export.document import Report, complete, report_bytes
from pipelines.stages.export.facts import ReportFacts
from pipelines.stages.export.pdf_style import BOLD, MARGIN, MONO, PAGE_WIDTH, SANS
from pipelines.stages.export.preview import Preview
from pipelines.stages.export.report_pdf import report_pdf
from pipelines.stages.export.words import Language

ROOT = Path(__file__).resolve().parents[5]
HOSTILE = (
    "Überwachung Київ Ελλάδα 監視 \u202egpj.exe <b>&amp;</b> "
    + "name_without_any_space_" * 12
    + "\x1b[31m\n.mp4"
)


def changed(facts: ReportFacts, **more: object) -> ReportFacts:
    """Return the facts with other values, checked anew."""
    return ReportFacts.model_validate({**facts.model_dump(), **more})


def pages(report: Report, previews: tuple[Preview, ...] = ()) -> list[str]:
    """Return the text of every page."""
    document = PdfReader(io.BytesIO(report_pdf(report, previews)))
    return [page.extract_text() for page in document.pages]


def joined(texts: list[str]) -> str:
    """Return the text of all pages without line ends and spaces."""
    return re.sub(r"\s+", "", "".join(texts))


def squeezed(text: str) -> str:
    """Return the text without spaces."""
    return re.sub(r"\s+", "", text)


def hard(facts: ReportFacts) -> ReportFacts:
    """Return facts with everything too long, too many and hostile."""
    stated: dict[str, Any] = facts.model_dump()
    stated["received"]["file_name"] = HOSTILE
    stated["origin"].update(job="j" * 300, note="<script>\nsecond & line\r\n" + "n" * 900)
    stated["steps"][0]["parameters"] = [
        {
            "name": f"setting_{number}_with_a_rather_long_name",
            "value": ["0.123456789"] * 300,
            "chosen": "given",
            "meaning": "long words " * 80,
        }
        for number in range(12)
    ]
    stated["warnings"] = ["w" * 2000, *(f"warning {number}" for number in range(80))]
    stated["conservation"] = [
        {"name": "n" * 900, "source": "s" * 900, "result": "r" * 900, "holds": False}
    ]
    stated["streams"] = [
        {"index": n, "kind": "data", "codec": "c" * 99, "fate": "dropped", "remark": "m" * 300}
        for n in range(60)
    ]
    stated["people"] = [
        {"name": "N" * 200, "role": "reviewer", "function": "F " * 100, "organisation": HOSTILE}
    ] * 3
    stated["custody"] = [
        {
            "kind": "transfer",
            "who": "W" * 400,
            "source": "stated",
            "stated_time": "t" * 100,
            "what": "<i>" + "x" * 900,
            "recorded_by": "r" * 200,
            "recorded_at": "2026-03-04T05:06:07Z",
            "recorded_leaf": 7,
        }
    ]
    entry = {"kind": "k" * 128, "at": "2026-03-04T05:06:07Z", "clock": "c" * 128}
    stated["entries"] = [{**entry, "sequence": n, "sha256": "a" * 64} for n in range(60)]
    stated["preservation"] = {"original_path": "/p" * 2000, "bundle_path": "data/received/x"}
    return ReportFacts.model_validate(stated)


def test_the_same_facts_give_the_same_bytes(clip_facts: ReportFacts, preview: Preview) -> None:
    """Two documents of the same facts and previews are byte-identical."""
    report = complete(clip_facts, [preview.facts])
    assert report_pdf(report, [preview]) == report_pdf(report, [preview])


def test_other_processes_give_the_same_bytes(tmp_path: Path, photo_facts: ReportFacts) -> None:
    """The bytes do not depend on the process, on hash seeds, on the time zone or the locale."""
    facts = tmp_path / "facts.json"
    facts.write_text(photo_facts.model_dump_json(), encoding="utf-8")
    program = (
        "import sys, hashlib, pathlib\n"
        "from pipelines.stages.export.facts import ReportFacts\n"
        "from pipelines.stages.export.document import complete\n"
        "from pipelines.stages.export.report_pdf import report_pdf\n"
        "facts = ReportFacts.model_validate_json(pathlib.Path(sys.argv[1]).read_bytes())\n"
        "print(hashlib.sha256(report_pdf(complete(facts), [])).hexdigest())\n"
    )
    environment = {**os.environ, "PYTHONHASHSEED": "7", "TZ": "Asia/Tokyo", "LC_ALL": "C"}
    printed = subprocess.run(
        [sys.executable, "-c", program, str(facts)],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    assert printed == hashlib.sha256(report_pdf(complete(photo_facts), [])).hexdigest()


def test_other_facts_give_other_bytes(photo_facts: ReportFacts) -> None:
    """A change of one fact changes the document."""
    other = changed(photo_facts, warnings=("one",))
    assert report_pdf(complete(photo_facts), []) != report_pdf(complete(other), [])


@pytest.mark.parametrize("preset", ["balanced", "presentation"])
def test_every_page_carries_label_job_and_number(clip_facts: ReportFacts, preset: str) -> None:
    """The label, the job and `Page x of y` stand on every page."""
    steps = [step.model_dump() for step in clip_facts.steps]
    if preset == "presentation":
        steps[1]["operation_class"] = "generative"
    report = complete(changed(clip_facts, preset=preset, steps=steps))
    texts = pages(report)
    assert len(texts) > 2
    for number, text in enumerate(texts, start=1):
        assert report.label in text
        assert ("GENERATIVE" in text) == (preset == "presentation")
        assert clip_facts.origin.job in text
        assert f"Page {number} of" in text
    reader = PdfReader(io.BytesIO(report_pdf(report, [])))
    forms = reader.pages[0]["/Resources"]["/XObject"]
    drawn = next(iter(forms.values())).get_object().get_data().decode("latin-1")
    assert f"({len(texts)}) Tj" in drawn


def test_the_document_is_complete(clip_facts: ReportFacts, preview: Preview) -> None:
    """Digests, sentences, limits, settings, cards, laws, streams and commands are all there."""
    report = complete(clip_facts, [preview.facts])
    text = joined(pages(report, (preview,)))
    expected = [
        clip_facts.received.sha256,
        clip_facts.delivered.sha256,
        clip_facts.run.graph_sha256,
        clip_facts.run.plan_sha256,
        report.received_statement,
        hashlib.sha256(report_bytes(report)).hexdigest(),
        *(one.text for one in report.sentences),
        *report.limits,
        *(one.command for one in report.verification),
        *(one.name for step in clip_facts.steps for one in step.parameters),
        *clip_facts.networks[0].known_failures,
        clip_facts.networks[0].weights_sha256,
        clip_facts.networks[0].training_data,
        "gate: ungated",
        *clip_facts.assumptions,
        *clip_facts.overrides,
        *clip_facts.warnings,
        *clip_facts.source_defects,
        *clip_facts.run.replans,
        "super_resolve enlarges 2 times",
        "Frame 30, pts 90000 (1.000 s)",
        "each sample drawn as 2 x 2 dots",
    ]
    missing = [one for one in expected if squeezed(one) not in text]
    assert missing == []


def test_a_still_picture_says_so(photo_facts: ReportFacts, preview: Preview) -> None:
    """Under a photograph's pictures stands that it is a still picture."""
    still = preview.facts.model_copy(update={"frame": None, "pts": None, "seconds": None})
    shown = Preview(still, preview.before, preview.after)
    assert "Still picture" in "".join(pages(complete(photo_facts, [still]), (shown,)))


def test_a_broken_law_cannot_be_overlooked(clip_facts: ReportFacts) -> None:
    """A law that does not hold is printed in words, on the first page and in its table."""
    laws = [law.model_dump() for law in clip_facts.conservation]
    laws[0]["holds"] = False
    texts = pages(complete(changed(clip_facts, conservation=laws)))
    assert "1 of them did not hold" in texts[0].replace("\n", " ")
    assert "DOESNOTHOLD" in joined(texts)


def test_all_letters_are_embedded(clip_facts: ReportFacts, preview: Preview) -> None:
    """The document names no font that it does not carry."""
    reader = PdfReader(io.BytesIO(report_pdf(complete(clip_facts, [preview.facts]), [preview])))
    for page in reader.pages:
        for font in page["/Resources"]["/Font"].values():
            assert "/FontFile2" in font.get_object()["/FontDescriptor"].get_object()


def test_hostile_names_are_shown_as_they_are(clip_facts: ReportFacts) -> None:
    """Letters without a glyph, overrides, line ends and mark-up are written out, not obeyed."""
    text = joined(pages(complete(hard(clip_facts))))
    assert "Überwachung" in text
    assert "Київ" in text
    assert "Ελλάδα" in text
    assert "\\u{76e3}\\u{8996}" in text
    assert "\\u{202e}gpj.exe" in text
    assert "<b>&amp;</b>" in text
    assert "\\u{1b}[31m\\u{a}.mp4" in text
    assert "<script>second&line" in text
    assert "\u202e" not in text


@pytest.mark.parametrize("language", Language)
def test_nothing_leaves_the_margins(
    clip_facts: ReportFacts, preview: Preview, language: Language
) -> None:
    """However long names, values and lists are, every line ends inside the text's width."""
    fonts = {"DejaVuSans-Bold": BOLD, "DejaVuSansMono": MONO, "DejaVuSans": SANS}
    reader = PdfReader(
        io.BytesIO(
            report_pdf(complete(hard(clip_facts), [preview.facts], language=language), [preview])
        )
    )
    seen: list[tuple[float, float, str]] = []

    def visit(text: str, cm: Any, tm: Any, font: Any, size: float) -> None:
        if not text.strip() or font is None:
            return
        name = fonts[font["/BaseFont"].split("+")[1]]
        left = cm[0] * tm[4] + cm[4]
        lines = [line.rstrip() for line in text.strip("\n").split("\n")]
        seen.extend((left, left + pdfmetrics.stringWidth(one, name, size), one) for one in lines)

    for page in reader.pages:
        page.extract_text(visitor_text=visit)
    # The number of pages is drawn in a form with its own origin.
    placed = [one for one in seen if one[2] != str(len(reader.pages))]
    outside = [one for one in placed if one[0] < MARGIN - 1 or one[1] > PAGE_WIDTH - MARGIN + 1]
    assert len(seen) > 500
    assert outside == []


def test_long_lists_are_cut_and_counted(clip_facts: ReportFacts) -> None:
    """Of a very long list the first forty stand in the document, and how many do not."""
    facts = changed(clip_facts, warnings=[f"warning {number};" for number in range(1000)])
    text = joined(pages(complete(facts)))
    assert "warning39;" in text
    assert "warning40;" not in text
    assert "960more;allofthemareinreport.json." in text


def test_the_outline_names_the_sections(photo_facts: ReportFacts) -> None:
    """Every section can be reached from the document's outline."""
    reader = PdfReader(io.BytesIO(report_pdf(complete(photo_facts), [])))
    titles = [entry.title for entry in reader.outline]
    assert titles[0] == "What a court asks about enhanced pictures"
    assert titles[1] == "What was received and what was delivered"
    assert "Chain of custody" in titles
    assert titles[-2:] == ["How to verify", "Review and signatures"]
    assert len(titles) == 13
    assert reader.metadata is not None
    assert reader.metadata.title == "ENHANCED: gate.png"
