"""Runs jobs in this process, one input after another; one failure never touches the next.

`run_job` turns everything that can go wrong with one input into an `Outcome`, a request to stop
(`KeyboardInterrupt`) included: by then the state for `--resume` is safe. What only photographs
or only clips need is imported by the first of them: decoders of video take longer to load than
a small photograph takes to enhance.
"""

from __future__ import annotations

import traceback
import uuid
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from models.errors import ModelError
from models.spec import NetworkCard, WeightsFormat
from pipelines.errors import EvidentError, RequestError, ResourceError
from pipelines.evidence.json_value import decimal_string
from pipelines.graph.licence import detector_card, permission_words
from pipelines.graph.plan import Plan
from pipelines.graph.spec import Graph, StageKind
from pipelines.graph.validate import CheckedGraph, check_graph
from pipelines.ports import GateState, Progress
from pipelines.run.custody_facts import attestations, on_record, preservation
from pipelines.run.durable_file import refusal
from pipelines.run.earlier import earlier_outcome
from pipelines.run.entries import (
    failure_body,
    override_bodies,
    override_words,
    received_body,
    stage,
    submission_body,
)
from pipelines.run.job import Job, JobId, Made, Outcome, Request, State, StopAsked, Tools
from pipelines.run.publish import BUNDLE, REPORT, publish
from pipelines.run.reuse import reused_from
from pipelines.run.work_folder import WORK_NAME, WorkFolder
from pipelines.stages.export.facts import ReportFacts, RunFacts, SegmentPlan
from pipelines.stages.export.gathered import (
    hardware_facts,
    network_facts,
    software_facts,
    step_facts,
)
from pipelines.stages.export.report_text import summarise
from pipelines.stages.hash_list import require_expected
from pipelines.stages.ingest import Received, receive

RECORD_VERSION = 1

RESUME = "Run the same command again with --resume; what is finished is not done again."


def run_job(request: Request, tools: Tools, progress: Progress) -> Outcome:
    """Do the whole job for one input. Whatever goes wrong with it is in the outcome."""
    path = Path.cwd() / request.path
    job = ""
    folder: WorkFolder | None = None
    try:
        received = receive(request.path, progress)
        path = received.path
        graph = request.graph_maker(received.pipeline, received.artifact)
        tools = _about(tools, graph)
        checked = check_graph(graph)
        agreed = require_expected(received, checked.ingest.expected, progress)
        received = replace(received, agreed=agreed)
        if request.resume:
            done = earlier_outcome(request.out, received, graph, request.language)
            if done is not None:
                return done
        folder = _folder(request, received, checked, progress)
        with folder:
            job, begun = _begun(request, folder, received, checked, tools, progress)
            return _finished(replace(begun, language=request.language))
    except KeyboardInterrupt as stopped:
        kept = folder is not None and folder.keep
        return Outcome(
            job=job,
            path=path,
            state=State.CANCELED,
            error="Stopped before it was finished; nothing was delivered.",
            next_step=RESUME if kept else "Run the same command again.",
            fault=stopped,
        )
    except (EvidentError, ModelError) as error:
        return Outcome(
            job=job,
            path=path,
            state=State.FAILED,
            error=str(error),
            next_step=error.next_step,
            wrong_use=isinstance(error, RequestError),
            fault=error,
        )
    except Exception as error:  # noqa: BLE001 - the border: one input's fault is not the next one's
        return Outcome(
            job=job,
            path=path,
            state=State.FAILED,
            error=f"A fault of this program: {type(error).__name__}: {error} ({_place(error)}).",
            next_step="Nothing was delivered. Please report it with this line.",
            fault=error,
        )


def _about(tools: Tools, graph: Graph) -> Tools:
    """The tools of an operator who works on the matter that the graph states."""
    if graph.matter is None:
        return tools
    own, said = tools.operator, graph.matter
    operator = replace(
        own,
        case=said.case or own.case,
        item=said.item or own.item,
        exhibit=said.exhibit or own.exhibit,
        note=said.note or own.note,
    )
    return replace(tools, operator=operator)


def _place(error: Exception) -> str:
    """Where in the program it happened, for whoever repairs it."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"{Path(frame.filename).name}:{frame.lineno}"


def explain(request: Request, tools: Tools, progress: Progress) -> tuple[CheckedGraph, Plan]:
    """Resolve one input to its graph and plan without running anything.

    Raises EvidentError or ModelError.
    """
    received = receive(request.path, progress)
    checked = check_graph(request.graph_maker(received.pipeline, received.artifact))
    if received.pipeline == "photo":
        from pipelines.run.photo_job import plan_photo  # noqa: PLC0415 - see the module docstring

        return checked, _looked_for(checked, tools, plan_photo(received, checked, tools)[0])
    from pipelines.run.clip_index import index_clip  # noqa: PLC0415 - see the module docstring
    from pipelines.run.clip_job import plan_clip  # noqa: PLC0415 - see the module docstring

    index = index_clip(received, checked, tools, progress)
    return checked, _looked_for(checked, tools, plan_clip(received, checked, tools, index)[0])


def _looked_for(checked: CheckedGraph, tools: Tools, plan: Plan) -> Plan:
    """The plan with what would look for things; nothing is looked at."""
    if checked.track is None:
        return plan
    from pipelines.run.tracking import look_of  # noqa: PLC0415 - see the module docstring

    look = look_of(checked.track, tools)
    return plan if look is None else look.planned(plan)


def _folder(
    request: Request, received: Received, checked: CheckedGraph, progress: Progress
) -> WorkFolder:
    if request.resume:
        found = WorkFolder.unfinished(request.out, received.name, _identity(received, checked))
        if found is not None:
            return found
    elif (request.out / received.name / WORK_NAME).exists():
        progress.note("an unfinished run lies in the folder; --resume would go on with it")
    return WorkFolder.claim(request.out, received.name)


def _identity(received: Received, checked: CheckedGraph) -> dict[str, object]:
    return {
        "version": RECORD_VERSION,
        "input_sha256": received.sha256,
        "graph_sha256": checked.graph.digest(),
    }


def _begun(
    request: Request,
    folder: WorkFolder,
    received: Received,
    checked: CheckedGraph,
    tools: Tools,
    progress: Progress,
) -> tuple[str, Job]:
    """Begin a new job, or take up the one whose folder this is; either is on record."""
    earlier = folder.job
    record = earlier or {
        **_identity(received, checked),
        "job": request.job or str(uuid.uuid4()),
        "created": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "resumed": 0,
    }
    if earlier:
        record["resumed"] += 1
    folder.record_job(record)
    job = Job(
        job=JobId(record["job"]),
        created=record["created"],
        received=received,
        checked=checked,
        folder=folder,
        tools=tools,
        progress=progress,
        resumed=record["resumed"],
    )
    if earlier:
        job.record("resumed", {"times": record["resumed"]})
    else:
        job.record("received", received_body(received))
        job.record("submission", submission_body(job))
        for body in override_bodies(checked):
            job.record("override", body)
    return job.job, job


def _finished(job: Job) -> Outcome:
    try:
        made = _make(job)
        facts = report_facts(job, made)
        with stage(job, StageKind.EXPORT) as exported:
            published = publish(job, made, facts)
            exported["inputs"] = received_body(job.received)["outputs"]
            exported["outputs"] = [
                {"name": one.path.name, "sha256": one.sha256, "bytes": one.bytes}
                for one in published.outputs
            ]
    except (EvidentError, ModelError) as error:
        job.folder.keep = job.folder.keep and isinstance(error, ResourceError)
        job.record("failed", failure_body(error))
        raise
    except KeyboardInterrupt as stopped:
        kind = stopped.kind if isinstance(stopped, StopAsked) else "canceled"
        job.record(kind, {"by": job.tools.operator.name, "can_resume": job.folder.keep})
        raise
    except OSError as error:
        raise refusal(Path(error.filename or job.folder.home), error) from error
    job.folder.keep = False
    named = {output.path.name: output.path for output in published.outputs}
    return Outcome(
        job=job.job,
        path=job.received.path,
        state=State.DONE,
        outputs=published.outputs,
        bundle=named.get(BUNDLE),
        report=named.get(REPORT),
        metrics=made.metrics,
        warnings=(*facts.warnings, *published.warnings),
        summary=summarise(
            facts, files=[output.path for output in published.outputs], language=job.language
        ),
        verdict=published.verdict,
    )


def _make(job: Job) -> Made:
    """Run a job's pixels; what the other kind of file needs is not imported."""
    if job.received.pipeline == "photo":
        from pipelines.run.photo_job import make_photo  # noqa: PLC0415 - see the module docstring

        return make_photo(job)
    from pipelines.run.clip_job import make_clip  # noqa: PLC0415 - see the module docstring

    return make_clip(job)


def report_facts(job: Job, made: Made) -> ReportFacts:
    """Put together everything that the report states."""
    cards = {step.card.name: step.card for step in job.checked.steps if step.card is not None}
    ran = {str(facts["model"]): facts for facts in made.plan.networks}
    recorded = on_record(job, made)
    return ReportFacts(
        origin=job.origin,
        preset=job.checked.policy.preset.value,
        received=made.received,
        delivered=made.delivered,
        steps=tuple(
            step_facts(
                step.descriptor,
                step.parameters,
                operation_class=step.operation_class,
                network=None if step.card is None else step.card.name,
                sizes=sizes,
                region=planned.region,
            )
            for step, sizes, planned in zip(
                job.checked.steps, made.sizes, made.plan.steps, strict=True
            )
        ),
        networks=tuple(
            network_facts(card, ran=WeightsFormat(str(ran[name]["weights_format"])), gate=ran[name])
            for name, card in cards.items()
        ),
        run=_run_facts(job, made),
        assumptions=made.assumptions,
        overrides=(
            *(override_words(body) for body in override_bodies(job.checked)),
            *made.overrides,
        ),
        warnings=(
            *made.warnings,
            *(
                f"{name} ran although no gate has judged it (ungated)."
                for name in cards
                if ran[name]["gate"] != GateState.PASSED
            ),
            *filter(None, map(permission_words, (*cards.values(), *_detector(job)))),
        ),
        source_defects=made.defects,
        conservation=made.laws,
        streams=made.streams,
        quality=made.judged.facts,
        tracking=None if made.tracked is None else made.tracked.facts,
        fusions=tuple(one.facts for one in made.fused),
        software=software_facts(),
        hardware=hardware_facts(),
        people=job.tools.operator.people,
        custody=recorded.custody,
        stage_digests=recorded.digests,
        entries=recorded.entries,
        preservation=preservation(job),
        attestations=attestations(job),
    )


def _run_facts(job: Job, made: Made) -> RunFacts:
    plan = made.plan
    first = plan.networks[0] if plan.networks else None
    segments = None
    if plan.segments is not None:
        ranges = plan.segments.ranges()
        segments = SegmentPlan(
            count=len(ranges),
            frames=max(stop - start for start, stop in ranges),
            seconds=plan.segments.seconds,
        )
    return RunFacts(
        graph_sha256=plan.graph_sha256,
        plan_sha256=plan.digest(),
        engine="none" if first is None else f"{first['engine']} {first['engine_version']}",
        precision="fp32" if first is None else str(first["precision"]),
        device="cpu" if first is None else str(first["device_class"]),
        threads=plan.threads,
        tile=None if first is None else f"{first['tile_pixels']} x {first['tile_pixels']}",
        segments=segments,
        resumed=job.resumed,
        reused_from=reused_from(job.folder.work),
        replans=made.replans,
        seconds=decimal_string(made.metrics["seconds"]),
    )


def _detector(job: Job) -> tuple[NetworkCard, ...]:
    """The card of the detector that the graph names, where it is a network of the catalog."""
    track = job.checked.track
    card = None if track is None else detector_card(track.detector)
    return () if card is None else (card,)
