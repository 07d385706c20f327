"""Everything that a key may be allowed, in one list, and who asks.

Written `whose:what:how`. A key belongs to one project and does nothing outside it, but for the
scopes of the platform.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from pipelines.errors import RequestError

DEFAULT_PROJECT = "default"
PROBE_PROJECT = "probe"
"""Whose jobs are probes of the work path and nobody's work."""


class Scope(StrEnum):
    """What a key may be allowed."""

    ARTIFACTS_READ = "project:artifacts:read"
    """Fetch artifacts that the project holds; every fetch is on record."""
    ARTIFACTS_WRITE = "project:artifacts:write"
    """Upload artifacts."""
    ARTIFACTS_KEEP = "project:artifacts:keep"
    """Keep artifacts until a date, and give up those that need not be kept."""
    JOBS_READ = "project:jobs:read"
    """See jobs and their events."""
    JOBS_WRITE = "project:jobs:write"
    """Submit, cancel, pause, resume, retry."""
    CATALOG_READ = "platform:catalog:read"
    """See networks and their gates."""
    EVIDENCE_READ = "platform:evidence:read"
    """Ask the evidence log, of all projects."""
    METRICS_READ = "platform:metrics:read"
    """See the metrics."""


PROJECT_SCOPES = (
    Scope.ARTIFACTS_READ,
    Scope.ARTIFACTS_WRITE,
    Scope.JOBS_READ,
    Scope.JOBS_WRITE,
    Scope.CATALOG_READ,
)
"""What a key gets where nothing else is said: all that work in a project needs."""


@dataclass(frozen=True, slots=True)
class Principal:
    """Who asks: by which name, for which project, with which rights."""

    name: str
    project: str
    scopes: frozenset[Scope]


def operator() -> Principal:
    """Return who the operator's key of a home stands for: everything, in the default project."""
    return Principal("operator", DEFAULT_PROJECT, frozenset(Scope))


def scope_named(word: str) -> Scope:
    """Return a scope by its word; `RequestError` lists what there is."""
    try:
        return Scope(word)
    except ValueError as error:
        raise RequestError(
            f"There is no scope {word!r}.", next_step=f"Scopes are: {', '.join(Scope)}."
        ) from error
