"""The summary at the end of a run, and the words that it shares with the document."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.stages.export.facts import ReportFacts
from pipelines.stages.export.plain_words import in_short, size_words, step_words, value_words
from pipelines.stages.export.report_text import summarise
from pipelines.stages.export.sentences import time
from pipelines.stages.export.words import WORDS, Language

ENGLISH = WORDS[Language.EN]


def changed(facts: ReportFacts, **more: object) -> ReportFacts:
    """Return the facts with other values, checked anew."""
    return ReportFacts.model_validate({**facts.model_dump(), **more})


def test_a_photograph_in_three_lines(photo_facts: ReportFacts) -> None:
    """A job without anything to remark is its label, its operation and its result."""
    assert summarise(photo_facts) == (
        "gate.png: ENHANCED (preset forensic-safe, job 0f6c2a54-7d1e-4b5a-9d43-1f6f0a2b9c10)\n"
        "  1. denoise [conventional, single frame] strength 4\n"
        "  Result: enhanced.png, 320 x 240, 1,234,567 bytes (1.2 MB)"
    )


def test_a_clip_says_all_that_matters(clip_facts: ReportFacts) -> None:
    """Each operation has one line; notes, warnings and the files that were written follow."""
    text = summarise(clip_facts, files=[Path("out/report.pdf")])
    lines = text.splitlines()
    assert lines[1] == "  1. denoise_temporal [conventional, mixes frames] radius 2"
    assert lines[2].endswith("network evident-sr-x2 1.0.0 (gate: ungated)")
    assert f"  Note: {ENGLISH.sentences.trained}" in lines
    for title in ("Assumed", "Override", "Warning", "Already in the source"):
        assert sum(line.startswith(f"  {title}: ") for line in lines) == 1
    assert lines[-1] == "  -> out/report.pdf"


def test_assumed_timing_is_said(clip_facts: ReportFacts) -> None:
    """The summary carries the time sentence where timing was assumed."""
    received = clip_facts.received.model_dump()
    received["clip"].update(timing="assumed", assumed_rate=25)
    assert time("25", ENGLISH) in summarise(changed(clip_facts, received=received))


def test_a_broken_law_is_said(clip_facts: ReportFacts) -> None:
    """A law that does not hold has its own line with both numbers."""
    law = {"name": "frames", "source": "90", "result": "89", "holds": False}
    text = summarise(changed(clip_facts, conservation=[law]))
    assert "  Not conserved: frames: 90 became 89" in text.splitlines()


def test_nothing_from_outside_reaches_the_terminal_raw(clip_facts: ReportFacts) -> None:
    """Escape sequences and line ends in names and warnings stand as code points."""
    received = {**clip_facts.received.model_dump(), "file_name": "\x1b]0;owned\x07\n.mp4"}
    text = summarise(changed(clip_facts, received=received, warnings=["a\rb\u202e"]))
    assert "\x1b" not in text
    assert "\r" not in text
    assert "\u202e" not in text
    assert text.startswith("\\u{1b}]0;owned\\u{7}\\u{a}.mp4: ENHANCED")


def test_long_lists_are_cut(clip_facts: ReportFacts) -> None:
    """Eight warnings are printed, the rest are counted."""
    lines = summarise(changed(clip_facts, warnings=[f"w{n}" for n in range(30)])).splitlines()
    assert sum(line.startswith("  Warning: w") for line in lines) == 8
    assert "  Warning: 22 more, all in the report" in lines


def test_an_empty_graph_is_said(photo_facts: ReportFacts) -> None:
    """Without an operation the summary says so instead of listing nothing."""
    text = summarise(changed(photo_facts, steps=()))
    assert "No operation: the samples are those that were decoded." in text
    assert "No operation was applied to it" in in_short(changed(photo_facts, steps=()), ENGLISH)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, "none"),
        (True, "yes"),
        (False, "no"),
        (3, "3"),
        ("4.0", "4"),
        ("-2.0", "-2"),
        ("0.25", "0.25"),
        ("v1.0", "v1.0"),
        ((), "none"),
        (("1.0", 2), "1, 2"),
    ],
)
def test_values_in_words(value: object, words: str) -> None:
    """Values of parameters are written as people write them."""
    assert value_words(value, ENGLISH) == words  # type: ignore[arg-type]


def test_sizes_in_words() -> None:
    """A size is given to the byte, with a rounded form where it is long."""
    assert size_words(1, ENGLISH) == "1 byte"
    assert size_words(999, ENGLISH) == "999 bytes"
    assert size_words(1_234_567_890, ENGLISH) == "1,234,567,890 bytes (1.2 GB)"


def test_steps_in_words(clip_facts: ReportFacts) -> None:
    """A step says where its samples come from and which frames it combined."""
    mixed, trained = (step_words(step, ENGLISH) for step in clip_facts.steps)
    assert "a fixed calculation on the recorded samples" in mixed
    assert "combines up to 2 frames before and 2 frames after it" in mixed
    assert "a network that predicts samples" in trained
    assert "treated by itself" in trained
