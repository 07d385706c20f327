"""Finds a job that is already done: the same file, the same graph, results still as delivered."""

from __future__ import annotations

import hashlib
from pathlib import Path

from pipelines.errors import EvidentError
from pipelines.evidence.verify import verify_bundle
from pipelines.graph.spec import Graph
from pipelines.media.credentials import SIDECAR_TYPE
from pipelines.run.job import Outcome, Output, State
from pipelines.run.publish import BUNDLE, REPORT, REPORT_PDF
from pipelines.run.work_folder import finished
from pipelines.stages.export.document import read_report
from pipelines.stages.export.facts import ReportFacts
from pipelines.stages.export.report_text import summarise
from pipelines.stages.export.words import Language, words_in
from pipelines.stages.ingest import Received

_MOST_REPORT_BYTES = 64 << 20


def earlier_outcome(
    out: Path, received: Received, graph: Graph, language: Language = Language.EN
) -> Outcome | None:
    """The outcome of a finished job over the same bytes by the same graph, None where none is.

    A result that is no longer what its report names, or a bundle that does not verify any more,
    does not count as done.
    """
    for home in finished(out, received.name):
        facts = _facts(home / REPORT)
        if facts is None or facts.received.sha256 != received.sha256:
            continue
        if facts.run.graph_sha256 != graph.digest():
            continue
        outcome = _outcome(home, received, facts, language)
        if outcome is not None:
            return outcome
    return None


def _facts(path: Path) -> ReportFacts | None:
    try:
        if path.stat().st_size > _MOST_REPORT_BYTES:
            return None
        return read_report(path.read_bytes()).facts
    except (OSError, EvidentError):
        return None


def _outcome(
    home: Path, received: Received, facts: ReportFacts, language: Language
) -> Outcome | None:
    credentials = facts.delivered.credentials
    sidecar = None if credentials is None else credentials.file_name
    types = {
        facts.delivered.file_name: facts.delivered.media_type,
        **({} if sidecar is None else {sidecar: SIDECAR_TYPE}),
        REPORT: "application/json",
        REPORT_PDF: "application/pdf",
        **{one.picture.file_name: "image/png" for one in facts.quality.maps if one.picture},
        BUNDLE: "application/zip",
    }
    try:
        outputs = [
            _output(home / name, media_type)
            for name, media_type in types.items()
            if (home / name).exists()
        ]
    except OSError:
        return None
    if not outputs or outputs[0].sha256 != facts.delivered.sha256:
        return None
    verdict, bundle = None, home / BUNDLE
    if bundle.exists():
        with bundle.open("rb") as file:
            verdict = verify_bundle(file)
        if not verdict.ok:
            return None
    return Outcome(
        job=facts.origin.job,
        path=received.path,
        state=State.DONE,
        outputs=tuple(outputs),
        bundle=bundle if verdict is not None else None,
        report=home / REPORT,
        warnings=facts.warnings,
        summary="\n".join(
            (
                words_in(language).summary.already,
                summarise(facts, files=[one.path for one in outputs], language=language),
            )
        ),
        verdict=verdict,
    )


def _output(path: Path, media_type: str) -> Output:
    with path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    return Output(path, sha256, path.stat().st_size, media_type)
