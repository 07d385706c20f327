"""A part of a clip, rendered by another process than the one whose job it is.

Promised: what is rendered here is what the job's own process would have rendered, bit for bit,
for the same plan is bound to the same index and the file as received; where it cannot be, because
an engine, a card or a library is another one here, nothing is rendered and the difference is
named. Nothing is recorded and nothing is decided here.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipelines.analysis.track_file import read_tracks
from pipelines.errors import ResourceError
from pipelines.evidence.canonical import canonical_bytes, parse_object
from pipelines.graph.plan import Plan, read_plan
from pipelines.graph.spec import parse_graph
from pipelines.graph.validate import check_graph
from pipelines.media.index_store import load_index
from pipelines.media.pool import DecodePool
from pipelines.ports import Admission, GateStanding, GateState, Progress
from pipelines.run.clip_job import plan_clip, preview_frames
from pipelines.run.clip_work import ClipWork
from pipelines.run.job import Networks
from pipelines.run.replay_plan import plan_differences
from pipelines.stages.enhance import Chain
from pipelines.stages.export.gathered import software_facts
from pipelines.stages.following import following
from pipelines.stages.ingest import Received


@dataclass(frozen=True, slots=True)
class Part:
    """What decides the samples of a clip or a photograph, as bytes.

    `software` are the versions that the job's process runs with; `source` is the digest of a
    photograph's samples as that process decoded them, empty for a clip.
    """

    job: str
    graph: bytes
    plan: bytes
    software: Mapping[str, str]
    tracks: bytes | None = None
    keeps_faces: bool = False
    source: bytes = b""

    @classmethod
    def of(cls, work: ClipWork) -> Part:
        """Take what another process needs of a job's clip."""
        return cls(
            job=work.job,
            graph=canonical_bytes(work.checked.graph.canonical()),
            plan=work.plan.canonical(),
            software=software(),
            tracks=work.tracks,
            keeps_faces=work.keeps_faces,
        )


@dataclass(frozen=True, slots=True)
class PartTools:
    """What a part is bound with: its plan's own networks, and what its plan says of gates."""

    networks: Networks
    gates: PlannedGates
    threads: int
    pool: DecodePool

    @property
    def frame_networks(self) -> Networks:
        """The same: how many threads each has was decided when the plan was made."""
        return self.networks


class PlannedGates:
    """A `GateBook` that knows what a plan states: gates were asked when it was made."""

    def __init__(self, plan: Plan) -> None:
        self._planned = {str(facts["model"]): facts for facts in plan.networks}

    def standing(self, facts: Mapping[str, str | int], run: Callable[[Any], Any]) -> GateStanding:
        """Repeat what the plan says."""
        del run
        planned = self._planned.get(str(facts["model"]), {})
        if planned.get("precision") != facts["precision"]:
            return GateStanding(GateState(str(planned.get("fallback_gate", GateState.UNGATED))))
        return GateStanding(
            GateState(str(planned["gate"])),
            Admission(str(planned["gate_admitted_by"])),
            sha256=str(planned.get("gate_sha256", "")),
            judged_set=str(planned.get("gate_set", "")),
            cases=int(planned.get("gate_cases", 0)),
        )


def bind_part(
    part: Part,
    *,
    index: Path,
    received: Received,
    work: Path,
    pool: DecodePool,
    progress: Progress,
    networks: Networks,
) -> ClipWork:
    """Bind a part's plan here. Raises ResourceError where it is another plan or build here."""
    require_software(part.software)
    plan = read_plan(part.plan)
    checked = check_graph(parse_graph(parse_object(part.graph)))
    indexed = load_index(index)
    tools = PartTools(networks, PlannedGates(plan), plan.threads, pool)
    here, chain, delivery = plan_clip(received, checked, tools, indexed)
    require_plan(part, plan, here)
    chain = tracked_chain(part, plan, chain)
    frames = chain.result_index(indexed).frames
    return ClipWork(
        job=part.job,
        received=received,
        checked=checked,
        work=work,
        pool=pool,
        progress=progress,
        plan=plan,
        chain=chain,
        index=indexed,
        delivery=delivery,
        previews=preview_frames(frames),
        tracks=part.tracks,
        keeps_faces=part.keeps_faces,
    )


def software() -> dict[str, str]:
    """Versions of what computes and codes samples in this process."""
    return {fact.name: fact.value for fact in software_facts()}


def require_plan(part: Part, plan: Plan, here: Plan) -> None:
    """Refuse to go on where what was planned here is not the part's plan. Raises ResourceError."""
    settled = {"tracking": plan.tracking, "fusions": plan.fusions, "ceilings": plan.ceilings}
    here = here.model_copy(update=settled)
    if here.canonical() != part.plan:
        named = "; ".join(f"{name} is {b} here, not {a}" for name, a, b in _differ(plan, here))
        raise ResourceError(
            f"The plan cannot be bound as it was made: {named}.",
            next_step="Let every machine of the pool run the same builds on the same devices.",
        )


def tracked_chain(part: Part, plan: Plan, chain: Chain) -> Chain:
    """The chain as it follows what was found, if anybody looked. Raises ResourceError."""
    if part.tracks is None:
        return chain
    found = plan.tracking
    if found is None or hashlib.sha256(part.tracks).hexdigest() != found.tracks_sha256:
        raise ResourceError("The tracks are not those of the plan.")
    return following(chain, read_tracks(part.tracks))


def require_software(wanted: Mapping[str, str]) -> None:
    """Refuse builds other than those that the job was planned with. Raises ResourceError."""
    here = software()
    for name in sorted(wanted.keys() | here.keys()):
        if wanted.get(name) != here.get(name):
            raise ResourceError(
                f"{name} is {here.get(name, 'not installed')} here, and {wanted.get(name, 'none')} "
                "where the job was planned.",
                next_step="Let every machine of the pool run the same builds.",
            )


def _differ(plan: Plan, here: Plan) -> tuple[tuple[str, str, str], ...]:
    return plan_differences(plan, here)[:3] or (("plan", plan.digest(), here.digest()),)
