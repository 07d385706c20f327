"""All tables by name; importing this file is what makes `RECORDS` complete."""

from __future__ import annotations

from services.database.columns import RECORDS
from services.database.job_tables import (
    attempts,
    job_events,
    job_outputs,
    jobs,
    segments,
    stage_networks,
    stages,
)
from services.database.key_tables import api_keys, ended_sessions
from services.database.project_tables import (
    accesses,
    artifact_references,
    artifacts,
    projects,
    renderings,
)
from services.database.queue_tables import (
    dead_letters,
    error_classes,
    network_limits,
    outbox,
    paused_lanes,
    pending_entries,
)

__all__ = [
    "RECORDS",
    "accesses",
    "api_keys",
    "artifact_references",
    "artifacts",
    "attempts",
    "dead_letters",
    "ended_sessions",
    "error_classes",
    "job_events",
    "job_outputs",
    "jobs",
    "network_limits",
    "outbox",
    "paused_lanes",
    "pending_entries",
    "projects",
    "renderings",
    "segments",
    "stage_networks",
    "stages",
]
