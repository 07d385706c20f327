"""What graph, plan, report and entries say about each other and about the files beside them.

A digest ties a file to a signature; these checks tie the files to one another, so that a bundle
whose parts are each genuine but do not belong together is refused. A paper whose version is
not known here is `NotChecked`, never passed.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from pipelines.errors import EvidenceError
from pipelines.evidence.bundle_content import Facts
from pipelines.evidence.bundle_layout import GRAPH, OWN_FILES, PLAN, REPORT, Role, role_of
from pipelines.evidence.canonical import parse_object
from pipelines.evidence.finding import BundleError
from pipelines.evidence.json_value import Json
from pipelines.evidence.outside import NotChecked

VERSION = 1
REPORT_FORMATS = ("evident-report/1", "evident-report/2")
HELD = (GRAPH, PLAN, REPORT)
"""The papers that are read, not only hashed."""


@dataclass(frozen=True, slots=True)
class Papers:
    """The job's papers as values, and the digests of all files."""

    graph: dict[str, Json]
    plan: dict[str, Json]
    report: dict[str, Json]
    facts: Facts

    @property
    def plan_known(self) -> bool:
        """Whether the plan's version is known here."""
        return self.plan.get("version") == VERSION

    @property
    def frames(self) -> Json:
        """How many frames the file as received has by the plan."""
        return dig(self.plan, "source", "frames")

    def of_result(self, name: str) -> Json:
        """`frames` or `time_base` of the result: its own timing's, where the plan states one."""
        own = dig(self.plan, "timing", name)
        return dig(self.plan, "source", name) if own is None else own

    def of_role(self, role: Role) -> dict[str, str]:
        """Return the files of a role: path to SHA-256."""
        return {
            path: fact.sha256
            for path, fact in self.facts.items()
            if path not in OWN_FILES and role_of(path) is role
        }


def read_papers(own: Mapping[str, bytes], facts: Facts) -> Papers:
    """Read the papers; raises `BundleError` naming one that is not canonical JSON."""
    graph, plan, report = (_object(path, own[path]) for path in HELD)
    return Papers(graph, plan, report, facts)


def check_plan(papers: Papers) -> str | NotChecked:
    """Check the plan against the graph, the file as received and the networks."""
    plan = papers.plan
    if not papers.plan_known:
        return NotChecked(f"version {plan.get('version')} of the plan is not known here")
    _require(PLAN, plan.get("graph_sha256"), papers.facts[GRAPH].sha256, "graph")
    _require(PLAN, plan.get("preset"), papers.graph.get("preset"), "preset")
    source = dig(plan, "source", "sha256")
    inputs = dig(papers.graph, "inputs")
    named = list(inputs.values()) if isinstance(inputs, Mapping) else []
    if {"artifact": f"sha256:{source}"} not in named:
        raise BundleError(PLAN, "The plan is about a file that the graph does not name.")
    received = papers.of_role(Role.RECEIVED)
    found = [path for path, sha256 in received.items() if sha256 == source]
    if received and not found:
        raise BundleError(PLAN, "The plan is about a file that was not received.")
    for path in found:
        _require(PLAN, dig(plan, "source", "bytes"), papers.facts[path].size, "source's size")
    _check_segments(papers)
    _check_weights(papers)
    return "graph, preset and file as received are those of the plan" + (
        "" if found else "; the file as received is not in the bundle"
    )


def check_report(papers: Papers, job: str) -> str | NotChecked:
    """Check the report against plan, graph, files and job, and that it claims no broken law."""
    if papers.report.get("format") not in REPORT_FORMATS:
        return NotChecked(f"format {papers.report.get('format')} is not known here")
    facts = dig(papers.report, "facts")
    _require(REPORT, dig(facts, "origin", "job"), job, "job")
    _require(REPORT, dig(facts, "preset"), papers.graph.get("preset"), "preset")
    _require(REPORT, dig(facts, "run", "graph_sha256"), papers.facts[GRAPH].sha256, "graph")
    matter = papers.graph.get("matter")
    for name, said in matter.items() if isinstance(matter, Mapping) else ():
        _require(REPORT, dig(facts, "origin", name), said, name)
    _require(REPORT, dig(facts, "run", "plan_sha256"), papers.facts[PLAN].sha256, "plan")
    received = dig(facts, "received", "sha256")
    _require(REPORT, received, dig(papers.plan, "source", "sha256"), "file as received")
    delivered = dig(facts, "delivered", "sha256")
    if delivered not in papers.of_role(Role.RESULT).values():
        raise BundleError(REPORT, "The report is about another result.")
    _check_lengths(papers, facts)
    laws = dig(facts, "conservation")
    laws = laws if isinstance(laws, list) else []
    _require_held(REPORT, laws)
    return f"it is about this job, plan, file and result; {len(laws)} conservation laws held"


def require_laws(file: str, body: Mapping[str, Json]) -> int:
    """Return how many laws an entry of kind `laws` says held; `BundleError` where one did not."""
    laws = body.get("laws")
    laws = laws if isinstance(laws, list) else []
    _require_held(file, laws)
    checked, held = body.get("laws_checked"), body.get("laws_held")
    if checked != held or (laws and len(laws) != checked) or not isinstance(held, int):
        raise BundleError(file, "An entry says that a conservation law was broken.")
    return held


def segments_of(plan: Mapping[str, Json]) -> list[tuple[int, int]]:
    """Return the plan's segments as (first, stop); a still picture is one frame."""
    starts, frames = dig(plan, "segments", "starts"), dig(plan, "segments", "frames")
    if not isinstance(starts, list) or not isinstance(frames, int):
        return [(0, 1)]
    edges = [one for one in (*starts, frames) if isinstance(one, int)]
    return list(itertools.pairwise(edges))


def lines_of(value: Json) -> Iterator[Mapping[str, Json]]:
    """Yield the objects in a list of objects, such as `inputs` and `outputs`."""
    if isinstance(value, Sequence) and not isinstance(value, str):
        yield from (one for one in value if isinstance(one, Mapping))


def strings(lines: Iterable[Mapping[str, Json]], name: str) -> set[str]:
    """Return the strings that stand under `name` in `lines`."""
    return {value for one in lines if isinstance(value := one.get(name), str)}


def dig(value: Json, *path: str) -> Json:
    """Return the value at `path` in nested objects; None where there is none."""
    for name in path:
        if not isinstance(value, Mapping):
            return None
        value = value.get(name)
    return value


def _check_segments(papers: Papers) -> None:
    plan = papers.plan
    if plan.get("segments") is None:
        return
    _require(PLAN, dig(plan, "segments", "frames"), papers.of_result("frames"), "frames")
    ranges = segments_of(plan)
    if not ranges or ranges[0][0] != 0 or any(first >= stop for first, stop in ranges):
        raise BundleError(PLAN, "The plan's segments do not follow each other.")


def _check_lengths(papers: Papers, facts: Json) -> None:
    """The clip that the report is about has the plan's frames and segments."""
    if not papers.plan_known or papers.plan.get("segments") is None:
        return
    _require(REPORT, dig(facts, "received", "clip", "frames"), papers.frames, "number of frames")
    if papers.plan.get("timing") is not None:
        made, due = dig(facts, "delivered", "clip", "frames"), papers.of_result("frames")
        _require(REPORT, made, due, "number of frames in its result")
    count = len(segments_of(papers.plan))
    _require(REPORT, dig(facts, "run", "segments", "count"), count, "number of segments")


def _check_weights(papers: Papers) -> None:
    """Weights that travel in the bundle are those of the plan."""
    planned = strings(lines_of(papers.plan.get("networks")), "weights_sha256")
    for path, sha256 in papers.of_role(Role.NETWORK).items():
        if not path.endswith(".toml") and sha256 not in planned:
            raise BundleError(path, "The plan names no network with these weights.")


def _require_held(file: str, laws: Sequence[Json]) -> None:
    for law in laws:
        if dig(law, "holds") is not True:
            raise BundleError(file, f"It says that a law was broken: {dig(law, 'name')}.")


def _require(file: str, stated: Json, found: Json, what: str) -> None:
    if stated is None or type(stated) is not type(found) or stated != found:
        raise BundleError(file, f"It is about another {what}.")


def _object(path: str, data: bytes) -> dict[str, Json]:
    try:
        return parse_object(data)
    except EvidenceError as error:
        raise BundleError(path, str(error)) from error
