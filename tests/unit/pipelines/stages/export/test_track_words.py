"""Tracks in reports: every sentence in both languages, and a document that shows them."""

from __future__ import annotations

import hashlib
import io

import numpy as np
import pytest
from pypdf import PdfReader

from models import catalog
from models.spec import Task
from pipelines.analysis.cascade import CascadeDetector
from pipelines.analysis.yunet import detector_facts
from pipelines.graph.tracking import edit_words, parse_edits
from pipelines.run.entries import TRACKS, override_words
from pipelines.stages.export.document import complete, read_report, report_bytes
from pipelines.stages.export.facts import ReportFacts
from pipelines.stages.export.facts_tracks import (
    DetectorLine,
    EditLine,
    PictureBox,
    TrackingFacts,
    TrackLine,
    TrackPictureFacts,
)
from pipelines.stages.export.picture_files import read_pictures, track_picture_file
from pipelines.stages.export.report_pdf import report_pdf
from pipelines.stages.export.words import Language, words_in

RGB = np.random.default_rng(1).integers(0, 256, (90, 120, 3)).astype(np.uint8)
SIGNED = {"who": "A. Keller", "why": "seen by eye"}
EDITS = parse_edits(
    [
        {"do": "delete", "track": 2, **SIGNED},
        {"do": "split", "track": 1, "frame": 40, **SIGNED},
        {"do": "merge", "tracks": [1, 3, 4], **SIGNED},
        {"do": "correct", "track": 1, "frame": 12, "box": [104.5, 60, 48, 56], **SIGNED},
    ]
)


def tracking(**more: object) -> TrackingFacts:
    """Two tracks of a clip, one of them corrected, and a picture with one box."""
    cascade = CascadeDetector().facts
    values: dict[str, object] = {
        "detector": DetectorLine(
            name=cascade.name,
            version=cascade.version,
            sha256=cascade.sha256,
            engine=cascade.engine,
            licence=cascade.licence,
            warning=cascade.warning,
        ),
        "targets": ("face",),
        "frames": 90,
        "looked_at": 45,
        "every": 2,
        "longest_side": 480,
        "least_score": "0.6",
        "file_name": "tracks.json",
        "sha256": "a" * 64,
        "bytes": 1000,
        "tracks": (
            TrackLine(
                track=1, target="face", first=0, last=88, places=40, best_score="0.85",
                least_side="40.5", most_side="61.0", corrected=True,
            ),
            TrackLine(
                track=2, target="face", first=4, last=4, places=1, best_score=None,
                least_side="30.0", most_side="30.0",
            ),
        ),
        "edits": tuple(EditLine(what=edit_words(one), who=one.who, why=one.why) for one in EDITS),
        "picture": TrackPictureFacts(
            file_name="tracks.ppm",
            sha256=hashlib.sha256(RGB.tobytes()).hexdigest(),
            frame=8,
            height=90,
            width=120,
            boxes=(PictureBox(track=1, left=10, top=20, width=30, height=40),),
        ),
    }  # fmt: skip
    return TrackingFacts.model_validate({**values, **more})


def test_what_detectors_and_corrections_say_has_russian_words() -> None:
    """No warning of a detector of ours, and no correction, reaches a Russian report in English."""
    book = words_in(Language.RU).phrases
    said = [CascadeDetector().facts.warning]
    looking = (Task.DETECT_FACES, Task.DETECT_OBJECTS)
    for name in (one for one in catalog.listed() if catalog.card(one).task in looking):
        finder = type("Finder", (), {"name": name, "version": "", "sha256": "", "engine": ""})
        said.append(detector_facts(catalog.card(name), finder).warning)  # type: ignore[arg-type]
    for edit in EDITS:
        said.append(edit_words(edit))
        said.append(override_words({"field": TRACKS, "value": edit_words(edit)}))
    assert [one for one in said if book.known(one) is None] == []


@pytest.mark.parametrize("language", list(Language))
def test_the_document_shows_tracks_boxes_and_corrections(
    clip_facts: ReportFacts, language: Language
) -> None:
    """Table, detector, corrections with who and why; the same facts give the same bytes."""
    facts = clip_facts.model_copy(update={"tracking": tracking()})
    report = complete(facts, language=language)
    assert read_report(report_bytes(report)) == report
    drawn = {"tracks.ppm": RGB}
    document = report_pdf(report, (), drawn)
    assert document == report_pdf(report, (), drawn)
    text = "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(document)).pages)
    for wanted in ("lbp-cascade", "A. Keller", "seen by eye", "tracks.json", "0 - 88"):
        assert wanted in text
    assert words_in(language).tracks.heading in text
    assert document != report_pdf(report, (), {})


def test_without_tracks_there_is_no_such_part(clip_facts: ReportFacts) -> None:
    """A report of a job that looked for nothing does not mention tracks."""
    text = "\n".join(
        page.extract_text()
        for page in PdfReader(io.BytesIO(report_pdf(complete(clip_facts), ()))).pages
    )
    assert words_in(Language.EN).tracks.heading not in text


def test_the_picture_comes_back_from_its_file_and_no_other_does(clip_facts: ReportFacts) -> None:
    """What lies in a bundle is read again dot for dot; a changed or cut file is refused."""
    facts = clip_facts.model_copy(update={"tracking": tracking()})
    report = complete(facts)
    files = dict(track_picture_file(facts.tracking, RGB))
    found = read_pictures(report, files.get)
    assert found is not None
    assert np.array_equal(found[1]["tracks.ppm"], RGB)
    assert read_pictures(report, {}.get) is None
    changed = bytearray(files["tracks.ppm"])
    changed[-1] ^= 1
    for wrong in (bytes(changed), files["tracks.ppm"][:-1]):
        with pytest.raises(Exception, match="not the one that the report describes"):
            read_pictures(report, {"tracks.ppm": wrong}.get)


def test_two_tracks_of_one_number_are_refused() -> None:
    """Facts in which a number stands for two tracks are no facts."""
    one = tracking().tracks[0]
    with pytest.raises(ValueError, match="two tracks have one number"):
        tracking(tracks=(one, one))
