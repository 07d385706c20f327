"""Everything dies at random moments of a batch; nothing is lost and nothing is twice.

The matrix has a line per kind of death: which processes run, how work comes in, what dies.
`EVIDENT_CHAOS_JOBS` is the size of a batch (12) and `EVIDENT_CHAOS_DEATHS` how many deaths it
sees (3). Every change runs the lines that are marked; `EVIDENT_CHAOS_ALL` and `make chaos` run
them all, with larger batches.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.chaos.batch_kit import Death, batch
from tests.chaos.conftest import Servers
from tests.chaos.deaths_kit import (
    actor_dies,
    dies,
    dies_remembering,
    dies_taking,
    disk_fills,
    head_dies,
    node_dies,
    postgres_crashes,
    postgres_restarts,
    redis_forgets,
    redis_is_killed,
    store_stops,
    two_hold_one_claim,
)
from tests.chaos.deployment_kit import deployed
from tests.chaos.ways_kit import (
    Way,
    as_files,
    half_of_them_clips,
    in_runs,
    into_the_records,
    over_http,
)

JOBS = int(os.environ.get("EVIDENT_CHAOS_JOBS", "12"))
DEATHS = int(os.environ.get("EVIDENT_CHAOS_DEATHS", "3"))
ALL = bool(os.environ.get("EVIDENT_CHAOS_ALL"))


@dataclass(frozen=True, slots=True)
class Line:
    """One kind of death. `always` lines run with every change.

    Without `reuse` nothing is taken from earlier jobs. Where the driver of a pool dies, or its
    head, `may_leave` objects of running jobs to be swept; elsewhere all are gone with their jobs.
    """

    name: str
    duties: tuple[str, ...]
    deaths: Sequence[Death]
    way: Way = into_the_records
    s3: bool = False
    reuse: bool = True
    may_leave: bool = False
    always: bool = False


WORKERS = ("keeper", "worker", "worker")
ELSEWHERE = ("keeper", "sealing", "elsewhere", "elsewhere")
ENTRANCE = ("gateway", "all", "all")
HELD = ("all", "all", "all")
POOLED = ("head", "node", "all", "all")

MATRIX = (
    Line("orchestrators", ("all", "all"), [dies("all")]),
    Line("celery", WORKERS, [dies("worker")]),
    Line("sealer", ("keeper", "keeper", "worker"), [dies("keeper")]),
    Line("log-server", (*WORKERS, "provenance"), [dies("provenance", "keeper")]),
    Line("elsewhere", ELSEWHERE, [dies("sealing"), dies("elsewhere")]),
    Line("redis", WORKERS, [redis_is_killed, redis_forgets], always=True),
    Line("gateway", ENTRANCE, [dies("gateway")], over_http),
    Line("everything", ENTRANCE, [dies("gateway", "all")], over_http, always=True),
    Line("watcher", (*ENTRANCE, "watcher"), [dies("watcher"), dies("gateway")], as_files),
    Line("postgresql", ENTRANCE, [postgres_crashes, postgres_restarts], over_http, always=True),
    Line("store", ENTRANCE, [store_stops], over_http, s3=True),
    Line("disk", ENTRANCE, [disk_fills], over_http),
    Line("ray-actor", POOLED, [actor_dies], half_of_them_clips, s3=True, reuse=False),
    Line("ray-node", POOLED, [node_dies], half_of_them_clips, reuse=False),
    Line("ray-head", POOLED, [head_dies], half_of_them_clips, reuse=False, may_leave=True),
    Line("reuse", POOLED, [dies_remembering, dies_taking], in_runs, s3=True, may_leave=True),
    Line("stale-claims", HELD, [two_hold_one_claim], half_of_them_clips, reuse=False),
)


@pytest.mark.parametrize(
    "line", [line for line in MATRIX if line.always or ALL], ids=lambda line: line.name
)
def test_nothing_is_lost_and_nothing_is_twice(line: Line, tmp_path: Path, servers: Servers) -> None:
    """Whatever dies, every job is done once, its proof is whole and nothing is left over."""
    deaths = [line.deaths[number % len(line.deaths)] for number in range(DEATHS)]
    with deployed(
        tmp_path / "home", servers, line.duties, s3=line.s3, reuse=line.reuse
    ) as deployment:
        counts = batch(deployment, line.way, deaths, size=JOBS)
    sys.stdout.write(f"{line.name}: {counts}\n")
    assert line.may_leave or not counts.swept
