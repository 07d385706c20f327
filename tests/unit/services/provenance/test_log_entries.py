"""What the log holds of one job, read back while the job runs."""

from __future__ import annotations

from pathlib import Path

from pipelines.evidence.entry import parse_entry
from services.provenance.keys import FileSigner
from tests.unit.services.provenance.log_kit import open_log


def test_the_entries_of_a_job_are_read_back(tmp_path: Path) -> None:
    """A job's entries come back in their order, sealed or not, and nobody else's with them."""
    with open_log(tmp_path / "log", FileSigner(tmp_path / "keys")) as log:
        log.record("a", "step", {"number": 0})
        log.record("b", "step", {"number": 7})
        log.seal("a")
        log.record("a", "step", {"number": 1})
        found = [parse_entry(one) for one in log.entries("a")]
        assert [(one.sequence, one.body) for one in found] == [
            (0, {"number": 0}),
            (1, {"number": 1}),
        ]
        assert log.entries("c") == ()
