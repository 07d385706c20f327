"""Fusions in reports: every sentence in both languages, every frame in the table."""

from __future__ import annotations

import io
from typing import Any

import pytest
from pypdf import PdfReader

from pipelines.stages.export.document import complete, read_report, report_bytes
from pipelines.stages.export.facts import ReportFacts
from pipelines.stages.export.facts_custody import DigestStage
from pipelines.stages.export.facts_fusion import FusionFacts, FusionFile, FusionLine, FusionRole
from pipelines.stages.export.report_pdf import report_pdf
from pipelines.stages.export.report_text import summarise
from pipelines.stages.export.words import Language, words_in

COPY = "a copy of an earlier frame in every block"
ODD = "does not fit: another picture, or moved in another way than by a shift"
DECLINED = (
    "Declined: of 14 frames around, 13 are copies of earlier ones and 1 do not fit; what is left "
    "amounts to 0.00 frames of independent samples, and 2 are needed. Nothing would be added by "
    "fusing them."
)
REMARK = (
    "No frame lies between the samples of another: noise is averaged, and no finer detail was "
    "observed."
)


def line(frame: int, reason: str = "") -> FusionLine:
    """One frame of the list."""
    return FusionLine(
        frame=frame, pts=512 * frame, picture_type="P", shift=("0.370", "-1.220"),
        residual="2.345", independent="0.812", share="0.000" if reason else "0.066",
        used=not reason, reason=reason,
    )  # fmt: skip


def fusion(**more: Any) -> FusionFacts:
    """A fusion of two frames of three, or what `more` makes of it."""
    values: dict[str, Any] = {
        "frame": 7, "box": (40, 24, 80, 48), "radius": 7, "scale": 2, "independent": "13.48",
        "frames": (line(6), line(7), line(8, COPY), line(9, ODD)), "residual": "2.35",
        "files": (
            FusionFile(role=FusionRole.FUSED, file_name="fusion-1-fused-f0000007.png",
                       sha256="a" * 64, bytes=10),
            FusionFile(role=FusionRole.LIST, file_name="fusion-1.json", sha256="b" * 64, bytes=20),
        ),
    }  # fmt: skip
    return FusionFacts.model_validate({**values, **more})


def text_of(document: bytes) -> str:
    """The text of a document, its lines joined."""
    pages = PdfReader(io.BytesIO(document)).pages
    return " ".join(" ".join(page.extract_text() for page in pages).split())


def with_fusion(facts: ReportFacts, *fusions: FusionFacts) -> ReportFacts:
    """The facts of a job that was asked for these."""
    return facts.model_copy(update={"preset": "balanced", "fusions": fusions})


@pytest.mark.parametrize("language", list(Language))
def test_the_report_lists_every_frame(clip_facts: ReportFacts, language: Language) -> None:
    """Number, time, type, shift, residual, weight, and why a frame was left out."""
    words = words_in(language)
    report = complete(with_fusion(clip_facts, fusion(remark=REMARK)), language=language)
    assert read_report(report_bytes(report)) == report
    text = text_of(report_pdf(report, ()))
    for wanted in (
        words.fusion.heading.format(frame=7), words.say(COPY), words.say(ODD), words.say(REMARK),
        "4608", words.forms.decimal("2.345"), words.forms.decimal("-1.220"),
        "fusion-1-fused-f0000007.png", words.fusion.content,
    ):  # fmt: skip
        assert " ".join(wanted.split()) in text
    assert all(words.phrases.known(one) is not None for one in (COPY, ODD, REMARK))


@pytest.mark.parametrize("language", list(Language))
def test_the_sentence_and_the_digests_follow_from_the_facts(
    clip_facts: ReportFacts, language: Language
) -> None:
    """A fusion brings the product's sentence with its frames, and its files among the digests."""
    words = words_in(language)
    report = complete(with_fusion(clip_facts, fusion()), language=language)
    said = [one.text for one in report.sentences if one.name == "fusion"]
    frames = words.forms.comma.join("67")
    residual = words.forms.decimal("2.35")
    assert words.sentences.fusion.format(frames=frames, residual=residual) in said
    files = [one.name for one in report.digests if one.stage is DigestStage.FUSION]
    assert files == ["fusion-1-fused-f0000007.png", "fusion-1.json"]
    assert words.limits.estimated in report.limits
    assert frames in summarise(report.facts, language=language)


@pytest.mark.parametrize("language", list(Language))
def test_a_fusion_that_declined_says_why(clip_facts: ReportFacts, language: Language) -> None:
    """No sentence about an improvement is printed, and the reason is in the report's language."""
    words = words_in(language)
    declined = fusion(declined=DECLINED, residual=None, files=())
    facts = with_fusion(clip_facts, declined)
    report = complete(facts, language=language)
    before = complete(facts.model_copy(update={"fusions": ()}), language=language)
    assert report.sentences == before.sentences
    reason = words.phrases.known(DECLINED)
    assert reason is not None
    assert reason in text_of(report_pdf(report, ()))
    assert reason in summarise(report.facts, language=language)


def test_facts_that_contradict_each_other_are_refused(clip_facts: ReportFacts) -> None:
    """Made and declined at once, used with a reason, a frame twice, under forensic-safe: none."""
    for wrong in (
        {"declined": DECLINED},
        {"residual": None},
        {"frames": (line(6), line(6))},
    ):
        with pytest.raises(ValueError, match=r"fusion states|listed twice"):
            fusion(**wrong)
    with pytest.raises(ValueError, match="exactly when there is a reason"):
        FusionLine.model_validate({**line(6).model_dump(), "reason": COPY})
    values = {**clip_facts.model_dump(), "preset": "forensic-safe", "fusions": (fusion(),)}
    values |= {"steps": (), "networks": ()}
    with pytest.raises(ValueError, match="forensic-safe does not admit fusion"):
        ReportFacts.model_validate(values)


def test_without_fusions_there_is_no_such_part(clip_facts: ReportFacts) -> None:
    """A report of a job that fused nothing does not mention it."""
    text = text_of(report_pdf(complete(clip_facts), ()))
    assert words_in(Language.EN).fusion.frames not in text
