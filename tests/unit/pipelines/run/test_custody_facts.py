"""What a report says about custody is read from the log, and from nothing else."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from pipelines.evidence.entry import Actor, Entry
from pipelines.evidence.json_value import Json
from pipelines.run.custody_facts import attestations, on_record, preservation
from pipelines.run.job import Job, Made
from pipelines.stages.export.facts_custody import (
    AttestationKind,
    AttestationState,
    CustodyKind,
    CustodyLine,
    CustodySource,
    DigestStage,
)

AT = "2026-03-04T05:06:07.000001Z"
RECEIVED = "1" * 64
LINE = CustodyLine(
    kind=CustodyKind.RECEIVED, who="anna", source=CustodySource.UNSEALED, at=AT, clock="system"
)


@dataclass
class Log:
    """A log that holds what it was given."""

    held: list[bytes] = field(default_factory=list)

    def add(self, kind: str, body: dict[str, Json]) -> None:
        """Hold one more entry."""
        actor = Actor(operator="anna", session="s", host="lab", application="evident 1")
        entry = Entry("job", len(self.held), kind, AT, "system", actor, body)
        self.held.append(entry.canonical())

    def entries(self, job: str) -> tuple[bytes, ...]:
        """Everything, for the one job that there is."""
        assert job == "job"
        return tuple(self.held)


def job(log: Log, **tools: Any) -> Job:
    """A job as far as custody looks at it."""
    received = SimpleNamespace(sha256=RECEIVED, name="a:b.png", path=Path("/cases/7/a:b.png"))
    stated = {"log": log, "history": None, "time_stamps": None, "witnessed": False, **tools}
    export = SimpleNamespace(formats=("bundle",))
    return cast(
        "Job",
        SimpleNamespace(
            job="job",
            received=received,
            tools=SimpleNamespace(**stated),
            checked=SimpleNamespace(export=export),
        ),
    )


def made(ledger: Path | None = None) -> Made:
    """A rendering as far as custody looks at it."""
    return cast("Made", SimpleNamespace(ledger=ledger))


def test_entries_stand_as_the_log_holds_them() -> None:
    """Each entry is named by its place, kind, time and the digest of its canonical form."""
    log = Log()
    log.add("received", {})
    log.add("plan", {"plan_sha256": "a" * 64})
    found = on_record(job(log), made()).entries
    assert [(one.sequence, one.kind, one.at, one.clock) for one in found] == [
        (0, "received", AT, "system"),
        (1, "plan", AT, "system"),
    ]
    assert [one.sha256 for one in found] == [hashlib.sha256(one).hexdigest() for one in log.held]


def test_digests_are_those_of_the_whole_file(tmp_path: Path) -> None:
    """Digests come from finished stages and laws, the last where there are two, not from segments.

    The ledger is hashed as it lies.
    """
    log = Log()
    log.add("stage.finished", {"stage": "ingest", "index_sha256": "a" * 64})
    log.add("operation", {"encoder_frames_sha256": "b" * 64})
    log.add("laws", {"encoder_frames_sha256": "c" * 64, "laws_checked": 3})
    log.add("stage.finished", {"stage": "ingest", "index_sha256": "d" * 64})
    ledger = tmp_path / "ledger.jsonl"
    ledger.write_bytes(b"{}\n")
    found = on_record(job(log), made(ledger)).digests
    assert {one.stage: one.sha256 for one in found} == {
        DigestStage.INDEX: "d" * 64,
        DigestStage.ENCODER_FRAMES: "c" * 64,
        DigestStage.LEDGER: hashlib.sha256(b"{}\n").hexdigest(),
    }


def test_the_history_is_that_of_the_file_as_received() -> None:
    """The log is asked about the bytes that came in; without a history there are no lines."""
    asked: list[str] = []

    def history(sha256: str) -> tuple[CustodyLine, ...]:
        asked.append(sha256)
        return (LINE,)

    assert on_record(job(Log(), history=history), made()).custody == (LINE,)
    assert asked == [RECEIVED]
    assert on_record(job(Log()), made()).custody == ()


def test_the_original_is_where_the_operator_named_it() -> None:
    """The path is the operator's, the name in the bundle the one that a bundle admits."""
    found = preservation(job(Log()))
    assert found.original_path == "/cases/7/a:b.png"
    assert found.bundle_path.startswith("data/received/")
    assert ":" not in found.bundle_path


def test_proofs_by_others_are_asked_for_or_there_are_none() -> None:
    """The report is written before anything is stamped or witnessed, and says no more than that."""
    none, asked = AttestationState.NONE, AttestationState.REQUESTED
    assert [one.state for one in attestations(job(Log()))] == [none, none]
    stamped, witnessed = attestations(job(Log(), time_stamps=object(), witnessed=True))
    assert (stamped.kind, stamped.state) == (AttestationKind.TIME_STAMP, asked)
    assert (witnessed.kind, witnessed.state) == (AttestationKind.WITNESS, asked)
