"""Custody reports by the command line: who, when, in which language, and made again."""

from __future__ import annotations

import hashlib
import io
import json
import re
import zipfile
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from PIL import Image
from pypdf import PdfReader

from tests.e2e.command_kit import ROOT, Evident, entries_of, textured

SCHEMA = json.loads((ROOT / "docs" / "report.schema.json").read_text(encoding="utf-8"))
ENGLISH_MARK = "текст на английском языке"


def words_of(document: bytes) -> str:
    """All words of a document, in one line."""
    pages = PdfReader(io.BytesIO(document)).pages
    return " ".join(" ".join(page.extract_text() for page in pages).split())


def report_of(bundle: Path) -> dict[str, Any]:
    """The report.json of a bundle."""
    with zipfile.ZipFile(bundle) as archive:
        value: dict[str, Any] = json.loads(archive.read("bundle/data/report.json"))
    return value


def run(evident: Evident, path: Path, *more: object) -> Path:
    """Run a job with people, and return its folder."""
    done = evident(
        "run", path, "--out", "out", "--case", "C-7", "--item", "14b", "--exhibit", "K 3",
        "--requested-by", "A. Smith; counsel", "--reviewer", "R. Ortiz; examiner; Lab 3", *more,
    )  # fmt: skip
    assert done.code == 0, done.err
    return evident.folder / "out" / path.name


@pytest.fixture(scope="module")
def delivered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a finished photo job, for tests that only look at it."""
    evident = Evident(tmp_path_factory.mktemp("delivered"))
    photo = evident.folder / "gate.png"
    Image.fromarray(textured(48, 64)).save(photo)
    return run(evident, photo, "--preset", "balanced")


@pytest.mark.parametrize("kind", ["photo", "clip"])
def test_the_document_is_made_again_byte_for_byte(
    evident: Evident, kind: str, request: pytest.FixtureRequest
) -> None:
    """From a bundle comes the delivered document, byte for byte; in Russian, one without gaps."""
    home = run(evident, request.getfixturevalue(kind), "--preset", "balanced")
    again = evident("report", home / "bundle.zip", "--out", "again.pdf", "--json").json
    assert again["same_as_delivered"] is True
    assert (evident.folder / "again.pdf").read_bytes() == (home / "report.pdf").read_bytes()
    russian = evident("report", home / "bundle.zip", "--language", "ru", "--json").json
    assert (russian["pictures"], russian["same_as_delivered"]) == (True, None)
    document = (home / "report-ru.pdf").read_bytes()
    assert hashlib.sha256(document).hexdigest() == russian["sha256"]
    text = words_of(document)
    assert "Цепочка хранения" in text
    assert ENGLISH_MARK not in text
    digest = hashlib.sha256((home / "report.json").read_bytes()).hexdigest()
    assert digest in text


def test_a_russian_job_speaks_russian(evident: Evident, photo: Path) -> None:
    """With --language ru report, document and summary are Russian, and the names of facts not."""
    home = run(evident, photo, "--language", "ru")
    report = json.loads((home / "report.json").read_bytes())
    assert report["language"] == "ru"
    assert report["label"] == "ENHANCED"
    assert "не изменялся" in report["received_statement"]
    assert list(Draft202012Validator(SCHEMA).iter_errors(report)) == []
    assert evident("report", home / "bundle.zip", "--json").json["same_as_delivered"] is True
    text = words_of((home / "report.pdf").read_bytes())
    assert "Нейронные сети не использовались." in text
    assert ENGLISH_MARK not in text
    english = evident("report", home / "bundle.zip", "--language", "en", "--json")
    assert english.code == 0
    assert "another language (ru)" in words_of((home / "report-en.pdf").read_bytes())


def test_the_report_says_who_had_what_and_when(evident: Evident, photo: Path) -> None:
    """People, earlier hand-overs, digests, entries and the original's place are in the report."""
    first = run(evident, photo)
    stated = evident(
        "log", "add", "transfer", "--sha256", photo, "--from", "Unit 4", "--to", "Lab 3",
        "--at", "2026-01-02", "--means", "sealed bag 17",
    )  # fmt: skip
    assert stated.code == 0, stated.err
    second = evident.folder / "second"
    done = evident("run", photo, "--out", second, "--reviewer", "R. Ortiz; examiner; Lab 3")
    assert done.code == 0, done.err
    report = json.loads((second / photo.name / "report.json").read_bytes())
    facts = report["facts"]
    assert list(Draft202012Validator(SCHEMA).iter_errors(report)) == []
    assert [(one["role"], one["name"]) for one in facts["people"]] == [("reviewer", "R. Ortiz")]
    lines = [(one["kind"], one["source"]) for one in facts["custody"]]
    assert lines[0] == ("received", "sealed")
    assert ("export", "sealed") in lines
    assert ("received", "unsealed") in lines
    (transfer,) = (one for one in facts["custody"] if one["kind"] == "transfer")
    assert (transfer["source"], transfer["stated_time"]) == ("stated", "2026-01-02")
    assert (transfer["who"], transfer["at"]) == ("Unit 4 -> Lab 3", None)
    assert facts["preservation"] == {
        "original_path": str(photo),
        "bundle_path": f"data/received/{photo.name}",
    }
    kept = entries_of(second / photo.name / "bundle.zip")
    assert [one["kind"] for one in facts["entries"]] == [
        one["kind"] for one in kept[: len(facts["entries"])]
    ]
    assert {"received", "plan", "decoded", "encoder", "result"} <= {
        one["stage"] for one in report["digests"]
    }
    submission = next(one for one in kept if one["kind"] == "submission")
    assert submission["body"]["people"][0]["organisation"] == "Lab 3"
    assert report_of(first / "bundle.zip")["facts"]["origin"]["exhibit"] == "K 3"


def test_a_court_s_questions_stand_near_the_front(delivered: Path) -> None:
    """The three questions and their answers are on the first two pages."""
    pages = PdfReader(delivered / "report.pdf").pages
    front = " ".join(" ".join(page.extract_text() for page in pages[:2]).split())
    for question in (
        "What was the training data?",
        "Does it generate detail?",
        "Can someone else repeat it?",
    ):
        assert question in front
    assert "Kodak Lossless True Color Image Suite" in front
    assert "evident replay bundle.zip" in front
    last = " ".join(pages[-1].extract_text().split())
    assert re.search(r"Reviewer.*R\. Ortiz.*Signature", last)


def test_from_json_alone_the_document_says_what_it_lacks(evident: Evident, delivered: Path) -> None:
    """A document from report.json says where its pictures are, and is never the delivered one."""
    made = evident("report", delivered / "report.json", "--out", "bare.pdf", "--json").json
    assert (made["pictures"], made["same_as_delivered"]) == (False, None)
    assert "shows no pictures" in words_of((evident.folder / "bare.pdf").read_bytes())


def test_a_disclosure_has_its_document_too(evident: Evident, delivered: Path) -> None:
    """From a disclosure comes the delivered document, with pictures only where they travelled."""
    bundle = delivered / "bundle.zip"
    for left_out, pictures in (("received", True), ("attachment", False)):
        part = evident.folder / f"{left_out}.zip"
        done = evident(
            "bundle", "disclose", bundle, "--without", left_out, "--reason", "x", "--out", part
        )
        assert done.code == 0, done.err
        made = evident("report", part, "--out", f"{left_out}.pdf", "--json").json
        assert (made["pictures"], made["same_as_delivered"]) == (pictures, pictures)


def test_what_cannot_be_made_is_refused(evident: Evident, photo: Path, delivered: Path) -> None:
    """No file is written over, and what is no report is refused with a reason."""
    taken = evident.folder / "taken.pdf"
    taken.write_bytes(b"mine")
    done = evident("report", delivered / "bundle.zip", "--out", taken)
    assert done.code == 2
    assert "not written over" in done.err
    assert taken.read_bytes() == b"mine"
    assert evident("report", photo, "--out", "x.pdf").code == 1
    assert evident("report", "missing.zip").code == 2
    changed = json.loads((delivered / "report.json").read_bytes())
    changed["limits"] = []
    forged = evident.folder / "report.json"
    forged.write_text(
        json.dumps(changed, separators=(",", ":"), sort_keys=True, ensure_ascii=False)
    )
    done = evident("report", forged, "--out", "x.pdf")
    assert (done.code, "does not follow from its facts" in done.err) == (1, True)
    assert not (evident.folder / "x.pdf").exists()
