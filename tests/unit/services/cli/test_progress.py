"""What is said while a job runs: after the name of its input, where one was given."""

from __future__ import annotations

import io

from rich.console import Console

from services.cli.progress import PlainProgress


def test_a_stage_is_said_with_or_without_a_name() -> None:
    """Verbs that work on one file name none, and their lines begin with the stage."""
    said = io.StringIO()
    progress = PlainProgress(Console(file=said))
    progress.start("copying", 0)
    progress.heading("gate.mp4")
    progress.note("looking")
    assert said.getvalue().splitlines() == ["copying ...", "gate.mp4: looking"]
