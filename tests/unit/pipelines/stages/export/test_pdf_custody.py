"""Custody in the document: everybody, every line, every digest, and who is to sign."""

from __future__ import annotations

import hashlib
import io
import re

import pytest
from pypdf import PdfReader

from pipelines.stages.export.document import complete, report_bytes
from pipelines.stages.export.facts import ReportFacts
from pipelines.stages.export.facts_custody import (
    AttestationFacts,
    AttestationKind,
    AttestationState,
    CustodyKind,
    CustodyLine,
    CustodySource,
    DigestLine,
    DigestStage,
    EntryLine,
    PersonFacts,
    PersonRole,
    PreservationFacts,
)
from pipelines.stages.export.report_pdf import report_pdf
from pipelines.stages.export.words import Language, words_in

AT = "2026-03-04T05:06:07.000001Z"
EN, RU = Language.EN, Language.RU


def pages(facts: ReportFacts, language: Language = EN) -> list[str]:
    """The words of every page, in one line each."""
    document = PdfReader(io.BytesIO(report_pdf(complete(facts, language=language), [])))
    return [" ".join(page.extract_text().split()) for page in document.pages]


def squeezed(text: str) -> str:
    """A text without spaces, which a document breaks where it likes."""
    return re.sub(r"\s+", "", text)


def access(number: int) -> CustodyLine:
    """An access that the sealed log holds."""
    return CustodyLine(
        kind=CustodyKind.ACCESS,
        who=f"principal-{number}",
        source=CustodySource.SEALED,
        at=AT,
        clock="system",
        entry="access",
        leaf=number,
    )


STATED = CustodyLine(
    kind=CustodyKind.TRANSFER,
    who="Unit 4 -> Lab 3",
    source=CustodySource.STATED,
    stated_time="2026-01-02",
    what="by courier, sealed bag 17",
    recorded_by="m.keller",
    recorded_at=AT,
    recorded_leaf=12,
)


def test_every_access_is_printed(photo_facts: ReportFacts) -> None:
    """However many accesses there were, the document leaves out none."""
    lines = tuple(access(number) for number in range(150))
    text = squeezed("".join(pages(photo_facts.model_copy(update={"custody": lines}))))
    assert [number for number in range(150) if f"principal-{number}" not in text] == []
    assert squeezed("sealed log, leaf 149 (access)") in text


@pytest.mark.parametrize(
    ("language", "said"),
    [
        (EN, ("stated: 2026-01-02", "stated by the operator", "recorded by m.keller", "leaf 12")),
        (RU, ("заявлено: 2026-01-02", "заявлено оператором", "записал m.keller", "лист 12")),
    ],
)
def test_what_was_stated_cannot_pass_for_a_record(
    photo_facts: ReportFacts, language: Language, said: tuple[str, ...]
) -> None:
    """A stated hand-over says that it was stated, by whom and when, in its own words."""
    facts = photo_facts.model_copy(update={"custody": (STATED,)})
    text = squeezed("".join(pages(facts, language)))
    assert [one for one in said if squeezed(one) not in text] == []
    assert squeezed("by courier, sealed bag 17") in text
    assert squeezed(words_in(language).phrases.mark.format(text="by courier")) not in (
        text if language is RU else ""
    )


def test_another_digest_is_named(photo_facts: ReportFacts) -> None:
    """A line about other bytes than the file as received names them."""
    other = access(1).model_copy(update={"sha256": "d" * 64})
    same = access(2).model_copy(update={"sha256": photo_facts.received.sha256})
    text = squeezed("".join(pages(photo_facts.model_copy(update={"custody": (other, same)}))))
    assert f"access;SHA-256{'d' * 64}" in text
    assert text.count(photo_facts.received.sha256) == squeezed(
        "".join(pages(photo_facts.model_copy(update={"custody": (other,)})))
    ).count(photo_facts.received.sha256)


def test_everybody_is_named_with_their_role(photo_facts: ReportFacts) -> None:
    """Operator, requester and reviewers stand in the list; signers have blocks at the end."""
    people = (
        PersonFacts(name="A. Smith", role=PersonRole.REQUESTER, function="counsel"),
        PersonFacts(name="R. Ortiz", role=PersonRole.REVIEWER, organisation="Lab 3"),
    )
    texts = pages(photo_facts.model_copy(update={"people": people}))
    assert "Requested by A. Smith" in texts[0]
    assert "reviewer R. Ortiz - Lab 3" in " ".join(texts)
    last = texts[-1]
    assert last.index("Operator") < last.index("m.keller") < last.index("Reviewer")
    assert last.index("Reviewer") < last.index("R. Ortiz")
    assert "A. Smith" not in last
    assert last.count("Signature") == 2


def test_room_is_left_for_a_reviewer_who_is_not_known(photo_facts: ReportFacts) -> None:
    """Without a reviewer the last page has an empty block for one."""
    last = pages(photo_facts)[-1]
    assert last.count("Signature") == 2
    assert "Reviewer" in last


@pytest.mark.parametrize("language", Language)
def test_both_languages_name_the_same_report(photo_facts: ReportFacts, language: Language) -> None:
    """A document in another language names the report.json that was delivered, not another."""
    report = complete(photo_facts)
    document = PdfReader(io.BytesIO(report_pdf(report, [], language=language)))
    last = squeezed(document.pages[-1].extract_text())
    assert hashlib.sha256(report_bytes(report)).hexdigest() in last
    first = document.pages[0].extract_text()
    assert ("(en)" in first) == (language is not EN)


def test_digests_entries_and_proofs_are_printed(photo_facts: ReportFacts) -> None:
    """Each digest stands with what it is taken over, each entry with its own, proofs as known."""
    facts = photo_facts.model_copy(
        update={
            "stage_digests": (DigestLine(stage=DigestStage.ENCODER, sha256="e" * 64),),
            "entries": (
                EntryLine(sequence=3, kind="plan", at=AT, clock="system", sha256="f" * 64),
            ),
            "attestations": (
                AttestationFacts(kind=AttestationKind.TIME_STAMP, state=AttestationState.NONE),
            ),
            "preservation": PreservationFacts(
                original_path="/cases/7/gate.png", bundle_path="data/received/gate.png"
            ),
        }
    )
    text = squeezed("".join(pages(facts)))
    assert squeezed("the samples handed to the encoder") + "e" * 64 in text
    assert squeezed("3 plan 2026-03-04 05:06:07.000001 UTC (system)") in text
    assert "f" * 64 in text
    assert squeezed("Time stamp (RFC 3161) none") in text
    assert "/cases/7/gate.png" in text
    assert "FIPS180-4" in text


def test_what_has_no_translation_is_marked(photo_facts: ReportFacts) -> None:
    """A warning that nobody translated stands in a Russian document as English text."""
    facts = photo_facts.model_copy(update={"warnings": ("A riddle.",)})
    assert "[текст на английском языке] A riddle." in " ".join(pages(facts, RU))
    assert "текст на английском" not in " ".join(pages(photo_facts, RU)).replace(
        "[текст на английском языке] Noise in 8-bit code values.", ""
    ).replace("[текст на английском языке] The same for colour.", "").replace(
        "[текст на английском языке] Weakens noise", ""
    )
