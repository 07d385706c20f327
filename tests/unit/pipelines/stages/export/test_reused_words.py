"""What a report says of a rendering that was taken from an earlier job, in every language."""

from __future__ import annotations

import pytest

from pipelines.stages.export.facts import ReportFacts
from pipelines.stages.export.pdf_steps import _run_rows
from pipelines.stages.export.words import WORDS, Language


@pytest.mark.parametrize("language", list(Language))
def test_a_report_says_whose_rendering_was_taken(
    photo_facts: ReportFacts, language: Language
) -> None:
    """The earlier job is named in a sentence; where nothing was taken, nothing is said."""
    words = WORDS[language]
    taken = photo_facts.run.model_copy(update={"reused_from": "job-1"})
    (said,) = [value for title, value in _run_rows(taken, words) if title == words.run.reused]
    assert "job-1" in said
    assert words.run.reused not in dict(_run_rows(photo_facts.run, words))
