"""What a job puts into the log: the bodies of its entries, and the bracket around a stage.

A body states every digest as `sha256` or under a name that ends so, what went in and what came
out as `inputs` and `outputs`, and reals as decimal strings. Per segment, never per tile or
frame: a segment's entry holds every operation with all its parameters, so that an entry can be
read without the plan beside it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import cast

from models.errors import ModelError
from pipelines.errors import EvidentError
from pipelines.evidence.json_value import Json
from pipelines.graph.plan import Plan, PlannedRegion
from pipelines.graph.spec import StageKind, without_floats
from pipelines.graph.tracking import edit_words
from pipelines.graph.validate import CheckedGraph
from pipelines.media.video import Law
from pipelines.run.job import Job
from pipelines.run.marks import Mark
from pipelines.stages.export.facts import NamedFact
from pipelines.stages.export.facts_media import FileFacts
from pipelines.stages.export.gathered import hardware_facts, software_facts
from pipelines.stages.ingest import Received

TRACKS = "detect_track.edits"
TIME_STAMP_KIND = "time_stamp"

_LONGEST_REASON = 1000

Body = dict[str, Json]


@contextmanager
def stage(job: Job, kind: StageKind, **started: Json) -> Iterator[Body]:
    """Record that a stage starts, and that it finishes or fails; hands out the last body to fill.

    A process that dies leaves the stage started and not finished; the next attempt says
    `resumed` and starts it again. A request to stop is the job's own entry, not a failure.
    """
    named: Body = {"stage": _name(job.checked, kind), "attempt": job.attempt}
    job.record("stage.started", {**named, **started})
    finished: Body = {}
    try:
        yield finished
    except (EvidentError, ModelError, OSError) as error:
        job.record("stage.failed", {**named, **failure_body(error)})
        raise
    job.record("stage.finished", {**named, **finished})


def received_body(received: Received) -> Body:
    """The file that came in, as it was read from end to end."""
    agreed: Body = {"agreed": list(received.agreed)} if received.agreed else {}
    return {"outputs": [_received(received)], **agreed}


def submission_body(job: Job) -> Body:
    """What was asked for, over which file, by whom."""
    operator = job.tools.operator
    return {
        "request": job.job,
        "inputs": [_received(job.received)],
        "graph_sha256": job.checked.graph.digest(),
        "preset": job.checked.policy.preset.value,
        "operator": operator.name,
        "application": operator.application,
        **({} if operator.case is None else {"case": operator.case}),
        **({} if operator.item is None else {"item": operator.item}),
        **({} if operator.exhibit is None else {"exhibit": operator.exhibit}),
        **({} if operator.note is None else {"note": operator.note}),
        "people": [
            {
                "name": one.name,
                "role": one.role.value,
                "function": one.function or "",
                "organisation": one.organisation or "",
            }
            for one in operator.people
        ],
    }


def plan_body(plan: Plan, why: Mapping[str, str]) -> Body:
    """Everything that was resolved, by digest, and how each network runs here and why."""
    return {
        "plan_sha256": plan.digest(),
        "graph_sha256": plan.graph_sha256,
        "samples_sha256": plan.samples_sha256,
        "threads": plan.threads,
        "networks": [dict(facts) for facts in plan.networks],
        "networks_chosen": dict(why),
        "segments": 1 if plan.segments is None else len(plan.segments.starts),
    }


def environment() -> Body:
    """Versions of the software and facts of the hardware that do the work."""
    return {"software": _named(software_facts()), "hardware": _named(hardware_facts())}


def assumption_body(sentence: str) -> Body:
    """Something that the file does not state and that had to be taken as given."""
    return {"assumption": sentence}


def override_bodies(checked: CheckedGraph) -> Iterator[Body]:
    """What a person decided otherwise than the product would: one body each."""
    if checked.ingest.video_stream is not None:
        yield {"field": "ingest.video_stream", "value": checked.ingest.video_stream}
    if checked.ingest.orientation is not None:
        yield {"field": "ingest.orientation", "value": checked.ingest.orientation}
    for name, value, because in checked.ingest.overrides.given():
        yield {
            "field": f"ingest.overrides.{name}",
            "value": without_floats(value),
            "because": because,
        }
    yield from _drawing_bodies(checked)
    if checked.allow_ungated is not None:
        yield {"field": "enhance.allow_ungated", "value": checked.allow_ungated}
    if checked.allow_licence is not None:
        yield {"field": "enhance.allow_licence", "value": checked.allow_licence}
    if checked.despite_fields is not None:
        yield {"field": "enhance.despite_fields", "value": checked.despite_fields}
    for stream in sorted(checked.export.drop_streams):
        yield {"field": "export.drop_streams", "value": stream}
    yield from _tracking_bodies(checked)
    if checked.export.credentials == "none":
        yield {"field": "export.credentials", "value": "none"}


def _tracking_bodies(checked: CheckedGraph) -> Iterator[Body]:
    """Why a detector might look whose licence is not open, and what a person corrected."""
    track = checked.track
    if track is None:
        return
    if track.allow_licence is not None:
        yield {"field": "detect_track.allow_licence", "value": track.allow_licence}
    for edit in track.edits:
        yield {"field": TRACKS, "value": edit_words(edit), "who": edit.who, "why": edit.why}


def _drawing_bodies(checked: CheckedGraph) -> Iterator[Body]:
    """The regions that were drawn for one operation; those with a name are overrides of ingest."""
    for number, step in enumerate(checked.steps):
        drawn = step.region
        if drawn is not None and drawn.name is None:
            value = drawn.model_dump(mode="json", exclude_none=True, exclude={"because"})
            yield {
                "field": f"enhance.operations.{number}.region",
                "value": without_floats(value),
                "because": drawn.because,
            }


def override_words(body: Body) -> str:
    """An override as a sentence of the report."""
    value = body["value"]
    if body["field"] == TRACKS:
        return f"Correction of tracks by a person: {value}"
    if isinstance(value, dict):
        value = ", ".join(f"{name} {_plain(one)}" for name, one in _flat(value))
    said = f"{body['field']} was set to {value} by the operator"
    because = body.get("because")
    return f"{said}." if because is None else f"{said}, because: {because}."


def _plain(value: Json) -> str:
    """A value as people write it: the members of a list side by side."""
    if isinstance(value, list):
        inner = " " if any(isinstance(one, list) for one in value) else ","
        return inner.join(_plain(one) for one in value)
    return str(value).removesuffix(".0")


def _flat(value: Mapping[str, Json], path: str = "") -> Iterator[tuple[str, Json]]:
    """Members of a value with the paths that lead to them."""
    for name, one in value.items():
        if isinstance(one, Mapping):
            yield from _flat(one, f"{path}{name}.")
        else:
            yield f"{path}{name}", one


def segment_body(  # noqa: PLR0913 - an entry states all of these
    plan: Plan,
    *,
    number: int,
    first: int,
    stop: int,
    attempt: int,
    source: Iterable[bytes],
    encoder: Iterable[bytes],
    delivered: Iterable[bytes],
    replans: Sequence[str],
    coded: bytes | None = None,
    outputs: Sequence[Json] = (),
    where: Mapping[str, Json] | None = None,
) -> Body:
    """What was done to frames `first` up to `stop`, and the digests on the way.

    `source`, `encoder` and `delivered` are the frames' digests: as decoded from the file as
    received, as handed to the encoder, as the coded segment decodes again. An entry holds
    SHA-256 over each of these lists; the ledger holds the lists. `coded` is the digest of a
    segment's packets, by which the joined file is held against it. `where` is which process of
    which machine rendered it, where that was another one than the job's.
    """
    return {
        "segment": number,
        "first": first,
        "stop": stop,
        "attempt": attempt,
        "plan_sha256": plan.digest(),
        "inputs": [{"role": "received", "sha256": plan.source.sha256}],
        "outputs": list(outputs),
        "source_frames_sha256": digest_of(source),
        "encoder_frames_sha256": digest_of(encoder),
        "delivered_frames_sha256": digest_of(delivered),
        **({} if coded is None else {"coded_packets_sha256": coded.hex()}),
        "operations": _operations(plan),
        "replans": list(replans),
        **({"rendered_by": dict(where)} if where else {}),
    }


def repeat_body(mark: Mark, where: Mapping[str, Json]) -> Body:
    """A segment that was rendered once more, and whose bytes nobody uses."""
    return {
        "segment": mark.number,
        "first": mark.first,
        "stop": mark.stop,
        "outputs": [{"role": "segment", "sha256": mark.sha256, "bytes": mark.size}],
        "used": False,
        **({"rendered_by": dict(where)} if where else {}),
    }


def photo_repeat_body(encoder: bytes, where: Mapping[str, Json]) -> Body:
    """A photograph whose samples were computed once more, and are used once."""
    return {
        "segment": 0,
        "first": 0,
        "stop": 1,
        "outputs": [{"role": "samples", "sha256": encoder.hex()}],
        "used": False,
        **({"rendered_by": dict(where)} if where else {}),
    }


def laws_body(laws: Sequence[Law], **digests: str) -> Body:
    """Every conservation law with what it compared."""
    return {
        **digests,
        "laws_checked": len(laws),
        "laws_held": sum(law.holds for law in laws),
        "laws": [
            {
                "name": law.name,
                "source": law.source,
                "result": law.result,
                "holds": law.holds,
                **({"declared": law.declared} if law.declared else {}),
            }
            for law in laws
        ],
    }


def result_line(delivered: FileFacts) -> Body:
    """The finished file, as a line of `outputs`."""
    return {
        "role": "result",
        "name": delivered.file_name,
        "sha256": delivered.sha256,
        "bytes": delivered.bytes,
    }


def time_stamp_body(authority: str, signature: bytes, token: bytes) -> Body:
    """A time stamp over a statement's signature, and who gave it."""
    asked, given = (hashlib.sha256(data).hexdigest() for data in (signature, token))
    return {
        "authority": authority,
        "inputs": [{"role": "statement signature", "sha256": asked}],
        "outputs": [{"role": "time stamp", "sha256": given}],
    }


def failure_body(error: BaseException) -> Body:
    """Why something ended badly, by class and in words."""
    return {"error": type(error).__name__, "reason": str(error)[:_LONGEST_REASON]}


def digest_of(digests: Iterable[bytes]) -> str:
    """SHA-256 over digests in the order of their frames, lower-case hexadecimal."""
    whole = hashlib.sha256()
    for one in digests:
        whole.update(one)
    return whole.hexdigest()


def _operations(plan: Plan) -> list[Json]:
    networks = {str(facts["model"]): facts for facts in plan.networks}
    return [
        {
            "operation": step.op,
            "class": step.operation_class.value,
            "frame_use": step.frame_use.value,
            "parameter_source": step.parameter_source.value,
            "parameters": cast("Mapping[str, Json]", without_floats(step.parameters)),
            "before": step.before,
            "after": step.after,
            **({} if step.network is None else {"network": dict(networks[step.network])}),
            **({} if step.region is None else {"region": _region(step.region)}),
        }
        for step in plan.steps
    ]


def _region(region: PlannedRegion) -> Json:
    return without_floats(region.model_dump(mode="json", exclude_none=True))


def _received(received: Received) -> Body:
    return {
        "role": "received",
        "name": received.name,
        "sha256": received.sha256,
        "bytes": received.size,
    }


def _named(facts: Iterable[NamedFact]) -> Body:
    return {fact.name: fact.value for fact in facts}


def _name(checked: CheckedGraph, kind: StageKind) -> str:
    return next(
        (one.name for one in checked.graph.stages if one.kind is kind),
        kind.value,
    )
