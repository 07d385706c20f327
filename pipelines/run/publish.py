"""From a finished rendering to the four files that a job hands over, in an order without circles.

1. The report says everything up to here; it names no bundle.
2. Every file is measured; the file as received must still be what was hashed at the start.
3. The export entry names exactly those files; the log is sealed.
4. The bundle is built from the files and the proof, signed, and verified as a stranger would.
5. Only then do final names appear, the bundle's last.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from models import catalog, weights
from models.card_text import render
from models.spec import Use, WeightsFormat
from pipelines.analysis.track_file import FILE
from pipelines.errors import EvidenceError, TimeStampError
from pipelines.evidence.archive_writer import ArchiveFacts, Source, bytes_source
from pipelines.evidence.bundle import build_bundle
from pipelines.evidence.bundle_layout import (
    BundleFile,
    PlacedFile,
    Role,
    attachment_path,
    place,
    sidecar_of,
)
from pipelines.evidence.canonical import canonical_bytes
from pipelines.evidence.entry import JobProof
from pipelines.evidence.export_entry import EXPORT_KIND, export_body
from pipelines.evidence.verdict import Verdict
from pipelines.evidence.verify import verify_bundle
from pipelines.graph.plan import Plan
from pipelines.media.credentials import SIDECAR_TYPE
from pipelines.ports import TimeStampAuthority
from pipelines.run.durable_file import writing
from pipelines.run.entries import TIME_STAMP_KIND, failure_body, time_stamp_body
from pipelines.run.job import Job, Made, Output
from pipelines.stages.export.facts import ReportFacts
from pipelines.stages.export.facts_fusion import FusionRole
from pipelines.stages.export.pdf_maps import Drawn
from pipelines.stages.export.picture_files import picture_files, track_picture_file
from pipelines.stages.export.report import write_report
from pipelines.stages.ingest import require_same

VIEW_TYPES = {".webp": "image/webp", ".avif": "image/avif", ".zip": "application/zip"}

REPORT, REPORT_PDF, BUNDLE = "report.json", "report.pdf", "bundle.zip"


@dataclass(frozen=True, slots=True)
class Published:
    """What was handed over. `outputs` begin with the enhanced medium.

    `warnings` are about what came after the report, so it cannot hold them.
    """

    outputs: tuple[Output, ...]
    verdict: Verdict | None
    warnings: tuple[str, ...] = ()


def publish(job: Job, made: Made, facts: ReportFacts) -> Published:
    """Write report and bundle, seal the job, and give all files their final names.

    Raises InputError where the file as received changed meanwhile, EvidenceError where the
    bundle does not verify, DiskFullError or ResourceError where something cannot be written.
    """
    work = job.folder.work
    job.progress.start("proving", 0)
    with_pdf = "report-pdf" in job.checked.export.formats
    pdf = work / REPORT_PDF if with_pdf else None
    write_report(
        facts,
        made.previews,
        work / REPORT,
        pdf,
        drawn=_drawn(made),
        language=job.language,
    )
    placed = place(tuple(_files(job, made, with_pdf=with_pdf)))
    _require_unchanged(job, made, placed)
    job.record(EXPORT_KIND, {**export_body(placed), "plan_sha256": made.plan.digest()})
    proof = job.tools.log.seal(job.job)
    bundle, verdict = None, None
    warnings: tuple[str, ...] = ()
    if "bundle" in job.checked.export.formats:
        bundle, warnings = _write_bundle(job, placed, proof)
        verdict = _verified(work / BUNDLE)
    outputs = _delivered(job, made, placed, bundle, with_pdf=with_pdf)
    return Published(outputs, verdict, warnings)


def _files(job: Job, made: Made, *, with_pdf: bool) -> Iterable[BundleFile]:
    work = job.folder.work
    yield BundleFile(Role.RECEIVED, _opener(job.received.path), job.received.name)
    yield BundleFile(Role.RESULT, _opener(made.result), made.result.name)
    yield BundleFile(Role.REPORT, _opener(work / REPORT))
    if with_pdf:
        yield BundleFile(Role.REPORT_PDF, _opener(work / REPORT_PDF))
    yield BundleFile(Role.GRAPH, bytes_source(canonical_bytes(job.checked.graph.canonical())))
    yield BundleFile(Role.PLAN, bytes_source(made.plan.canonical()))
    if made.ledger is not None:
        yield BundleFile(Role.LEDGER, _opener(made.ledger))
    if made.sidecar is not None:
        yield BundleFile(Role.ATTACHMENT, _opener(made.sidecar), made.sidecar.name)
    yield from _networks(made.plan)
    if made.tracked is not None:
        yield BundleFile(Role.ATTACHMENT, bytes_source(made.tracked.data), FILE)
        for name, data in track_picture_file(made.tracked.facts, made.tracked.picture):
            yield BundleFile(Role.ATTACHMENT, bytes_source(data), name)
    fused = (path for still in made.fused for path in still.paths)
    for path in (*fused, *made.views, *made.judged.paths):
        yield BundleFile(Role.ATTACHMENT, _opener(path), path.name)
    for name, data in picture_files(made.previews):
        yield BundleFile(Role.ATTACHMENT, bytes_source(data), name)


def _drawn(made: Made) -> Drawn:
    """What the report draws beside the previews, by file name."""
    tracked = made.tracked
    if tracked is None or tracked.facts.picture is None or tracked.picture is None:
        return made.judged.drawn
    return {**made.judged.drawn, tracked.facts.picture.file_name: tracked.picture}


def _networks(plan: Plan) -> Iterable[BundleFile]:
    """Cards of the networks that ran, and weights where the licence lets them be passed on."""
    for facts in plan.networks:
        card = catalog.card(str(facts["model"]))
        content = render(card).encode("utf-8")
        yield BundleFile(Role.NETWORK, bytes_source(content), f"{card.name}.toml")
        if card.use is not Use.NON_COMMERCIAL:
            path = weights.path_of(card, WeightsFormat(str(facts["weights_format"])))
            yield BundleFile(Role.NETWORK, _opener(path), path.name)


def _opener(path: Path) -> Source:
    return lambda: path.open("rb")


def _require_unchanged(job: Job, made: Made, placed: tuple[PlacedFile, ...]) -> None:
    for file in placed:
        content = file.content
        if file.role is Role.RECEIVED:
            require_same(job.received, sha256=content.sha256, size=content.size)
        if file.role is Role.RESULT and content.sha256 != made.delivered.sha256:
            raise EvidenceError(
                f"{made.result.name} changed after it was checked.",
                next_step="Run again where nothing else writes to the results folder.",
            )


def _write_bundle(
    job: Job, placed: tuple[PlacedFile, ...], proof: JobProof
) -> tuple[ArchiveFacts, tuple[str, ...]]:
    """Write the bundle, with a time stamp where an authority is set and gives one.

    The stamp is asked for before the first byte is written, so doing without is writing anew.
    """
    build = partial(build_bundle, files=placed, proof=proof, signer=job.tools.signer)
    with writing(job.folder.path(BUNDLE)) as out:
        if job.tools.time_stamps is None:
            return build(out), ()
        try:
            return build(out, time_stamper=partial(_stamped, job, job.tools.time_stamps)), ()
        except TimeStampError as error:
            body = {"authority": job.tools.time_stamps.authority, "outputs": []}
            job.record(TIME_STAMP_KIND, {**body, **failure_body(error)})
            return build(out), (f"{error} {error.next_step}".strip(),)


def _stamped(job: Job, authority: TimeStampAuthority, signature: bytes) -> bytes:
    """Have the statement's signature stamped; one entry says so."""
    token = authority.stamp(signature)
    job.record(TIME_STAMP_KIND, time_stamp_body(authority.authority, signature, token))
    return token


def _verified(path: Path) -> Verdict:
    """Verify the bundle as anybody would; one that does not hold is never delivered."""
    with path.open("rb") as file:
        verdict = verify_bundle(file)
    failure = verdict.first_failure
    if failure is not None:
        raise EvidenceError(
            f"The bundle that was built does not hold: {failure.file}: {failure.detail}",
            next_step="Nothing was delivered. Check the disk, then run again.",
        )
    return verdict


def _delivered(
    job: Job,
    made: Made,
    placed: tuple[PlacedFile, ...],
    bundle: ArchiveFacts | None,
    *,
    with_pdf: bool,
) -> tuple[Output, ...]:
    found = {file.role: file.content for file in placed if file.role is not Role.ATTACHMENT}
    named = {file.path: file.content for file in placed}
    types = [(found[Role.RESULT], made.result.name, made.delivered.media_type)]
    if made.sidecar is not None:
        types.append((named[sidecar_of(made.result.name)], made.sidecar.name, SIDECAR_TYPE))
    types.append((found[Role.REPORT], REPORT, "application/json"))
    if with_pdf:
        types.append((found[Role.REPORT_PDF], REPORT_PDF, "application/pdf"))
    outputs = [
        Output(job.folder.deliver(name), content.sha256, content.size, media_type)
        for content, name, media_type in types
    ]
    if made.tracked is not None:
        size = len(made.tracked.data)
        path = job.folder.deliver(FILE)
        outputs.append(Output(path, made.tracked.sha256, size, "application/json"))
    for one in made.judged.maps:
        if one.facts.picture is not None:
            facts = one.facts.picture
            path = job.folder.deliver(facts.file_name)
            outputs.append(Output(path, facts.sha256, facts.bytes, "image/png"))
    for still in made.fused:
        for file in still.facts.files:
            path = job.folder.deliver(file.file_name)
            kind = "application/json" if file.role is FusionRole.LIST else "image/png"
            outputs.append(Output(path, file.sha256, file.bytes, kind))
    for view in made.views:
        content = named[attachment_path(view.name)]
        kind = VIEW_TYPES[view.suffix]
        outputs.append(Output(job.folder.deliver(view.name), content.sha256, content.size, kind))
    if bundle is not None:
        path = job.folder.deliver(BUNDLE)
        outputs.append(Output(path, bundle.sha256, bundle.bytes, "application/zip"))
    return tuple(outputs)
