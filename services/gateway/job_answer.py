"""How jobs and their events are told: plain JSON, and of a state what a client needs to know."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from services.database.words import State
from services.jobs.values import JobEvent, JobView, StageView

_POLL_AFTER_MS = {State.QUEUED: 1000, State.RUNNING: 1000, State.RETRY: 5000, State.PAUSED: 10_000}


def job_told(job: JobView, *, with_graph: bool = False) -> dict[str, Any]:
    """Return a job as answers have it."""
    told: dict[str, Any] = {
        "job_id": job.id,
        "state": job.state.value,
        "is_final": job.state.is_final,
        "wanted": job.wanted.value,
        "poll_after_ms": _POLL_AFTER_MS.get(job.state),
        "project": job.project,
        "pipeline": job.pipeline,
        "preset": job.preset,
        "priority": job.priority.name.lower(),
        "name": job.name,
        "case": job.case,
        "item": job.item,
        "submitted_by": job.principal,
        "graph_sha256": job.graph_sha256,
        "created_at": _at(job.created_at),
        "started_at": _at(job.started_at),
        "finished_at": _at(job.finished_at),
        "deadline_at": _at(job.deadline_at),
        "late_since": _at(job.late_at),
        "events": job.event_count,
        "stages": [_stage(one) for one in job.stages],
        "outputs": [
            {
                "name": one.name,
                "artifact": one.artifact,
                "media_type": one.media_type,
                "bytes": one.bytes,
            }
            for one in job.outputs
        ],
        "error": None,
    }
    if job.error is not None:
        told["error"] = {
            "code": job.error.name,
            "reason": job.error.reason,
            "next_step": job.error.next_step,
        }
    if with_graph:
        told["graph"] = dict(job.graph)
    return told


def event_told(event: JobEvent) -> dict[str, Any]:
    """Return an event as answers have it."""
    return {
        "number": event.number, "kind": event.kind, "at": _at(event.at), "data": dict(event.data),
    }  # fmt: skip


def _stage(stage: StageView) -> dict[str, Any]:
    return {
        "name": stage.name,
        "state": stage.state.value,
        "attempt": stage.attempt,
        "step": stage.step,
        "done": stage.progress_done,
        "total": stage.progress_total,
    }


def _at(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat().replace("+00:00", "Z")
