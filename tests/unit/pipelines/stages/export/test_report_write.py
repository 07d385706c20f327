"""Both files of a report, whole or not at all."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from pipelines.errors import DiskFullError, ResourceError
from pipelines.stages.export import report as report_module
from pipelines.stages.export.facts import ReportFacts
from pipelines.stages.export.preview import Preview
from pipelines.stages.export.report import read_report, write_report


def test_both_forms_are_written(tmp_path: Path, clip_facts: ReportFacts, preview: Preview) -> None:
    """The facts read back as given, the document is a PDF, and no other file is left."""
    write_report(clip_facts, [preview], tmp_path / "report.json", tmp_path / "report.pdf")
    report = read_report((tmp_path / "report.json").read_bytes())
    assert report.facts == clip_facts
    assert report.previews == (preview.facts,)
    assert (tmp_path / "report.pdf").read_bytes().startswith(b"%PDF-")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["report.json", "report.pdf"]


def test_an_older_report_is_replaced(tmp_path: Path, photo_facts: ReportFacts) -> None:
    """A second report stands in the place of the first."""
    paths = (tmp_path / "report.json", tmp_path / "report.pdf")
    for path in paths:
        path.write_bytes(b"old")
    write_report(photo_facts, [], *paths)
    assert all(path.stat().st_size > 1000 for path in paths)


def test_no_folder_is_a_reason(tmp_path: Path, photo_facts: ReportFacts) -> None:
    """A folder that is not there is named as a reason with a next step."""
    missing = tmp_path / "missing"
    with pytest.raises(ResourceError, match=r"report\.json cannot be written") as caught:
        write_report(photo_facts, [], missing / "report.json", missing / "report.pdf")
    assert caught.value.next_step


def test_a_full_disk_leaves_nothing(
    tmp_path: Path, photo_facts: ReportFacts, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With no space left the error says so and no partial file remains."""

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(DiskFullError, match="no space is left"):
        write_report(photo_facts, [], tmp_path / "report.json", tmp_path / "report.pdf")
    assert list(tmp_path.iterdir()) == []


def test_a_report_that_cannot_be_made_writes_nothing(
    tmp_path: Path, photo_facts: ReportFacts, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the document fails, the facts are not written either."""

    def broken(*_: object) -> bytes:
        raise ResourceError("out of paper")

    monkeypatch.setattr(report_module, "report_pdf", broken)
    with pytest.raises(ResourceError, match="out of paper"):
        write_report(photo_facts, [], tmp_path / "report.json", tmp_path / "report.pdf")
    assert list(tmp_path.iterdir()) == []
