"""What a job's entries state by digest, against the files and the ledger of its bundle.

Only entries up to the last export speak of these files; later ones (accesses, replays) come
after them. Where a job was taken up again, its last word counts: the last plan, and for each
segment the last operation.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from pipelines.evidence.bundle_content import Facts
from pipelines.evidence.bundle_layout import ENTRIES, GRAPH, LEDGER, PLAN, REPORT, Role
from pipelines.evidence.entry import Entry
from pipelines.evidence.export_entry import EXPORT_KIND
from pipelines.evidence.finding import BundleError
from pipelines.evidence.json_value import Json
from pipelines.evidence.ledger_form import LedgerFacts, segment_digests
from pipelines.evidence.papers import Papers, dig, lines_of, require_laws, segments_of, strings

_SUBMISSION, _PLAN, _OPERATION, _LAWS = "submission", "plan", "operation", "laws"
_QA = "qa"
_FRAME_DIGESTS = {
    "source_frames_sha256": "source_sha256",
    "encoder_frames_sha256": "encoder_sha256",
    "delivered_frames_sha256": "delivered_sha256",
}


def check_entries(papers: Papers, entries: Sequence[Entry]) -> str:
    """Check every digest that the entries state about graph, plan, source, result and laws.

    Raises `BundleError` naming the entries where one is another's.
    """
    entries = until_export(entries)
    _check_submission(papers, entries)
    _check_plans(papers.facts, entries)
    _check_operations(papers, entries)
    _check_results(papers, entries)
    _check_maps(papers, entries)
    laws = [require_laws(ENTRIES, one.body) for one in entries if one.kind == _LAWS][-1:]
    held = f"{laws[0]} conservation laws held" if laws else "no conservation law is on record"
    return f"graph, plan, file as received and result are those on record; {held}"


def check_ledger(
    ledger: LedgerFacts, chunks: Iterable[bytes], papers: Papers, entries: Sequence[Entry]
) -> str:
    """Check a ledger against the plan and against the digests that the entries hold of it.

    `chunks` are its bytes once more; they are read only where segments are on record.
    """
    if not ledger.known:
        return f"{ledger.frames} frames in sequence"
    entries = until_export(entries)
    if papers.plan_known:
        stated = {name: papers.of_result(name) for name in ("frames", "time_base")}
        stated["stream"] = dig(papers.plan, "source", "stream")
        for name, value in stated.items():
            if ledger.header.get(name) != value:
                raise BundleError(LEDGER, f"The plan is about a source with another {name}.")
        lossless = dig(papers.plan, "delivery", "lossless")
        if ledger.header["lossless"] is not lossless:
            raise BundleError(LEDGER, "The plan and the ledger differ on whether coding loses.")
    for entry in [one for one in entries if one.kind == _LAWS][-1:]:
        _compare(entry.body, ledger.frame_digests, "all frames")
    operations = _last_operations(entries, papers.facts[PLAN].sha256)
    if operations and papers.plan_known:
        found = segment_digests(chunks, segments_of(papers.plan))
        for number, digests in enumerate(found):
            # One that is missing is `check_entries`' to say.
            if number in operations:
                _compare(operations[number].body, digests, f"segment {number}")
    return f"{ledger.frames} frames in sequence; their digests are those of plan and entries"


def until_export(entries: Sequence[Entry]) -> Sequence[Entry]:
    """Return the entries up to the last export."""
    last = max((n for n, one in enumerate(entries) if one.kind == EXPORT_KIND), default=-1)
    return entries[: last + 1]


def _check_submission(papers: Papers, entries: Sequence[Entry]) -> None:
    received = set(papers.of_role(Role.RECEIVED).values())
    source = dig(papers.plan, "source", "sha256") if papers.plan_known else None
    for entry in entries:
        if entry.kind != _SUBMISSION:
            continue
        _require_same(entry.body, "graph_sha256", papers.facts[GRAPH].sha256, "graph")
        inputs = strings(lines_of(entry.body.get("inputs")), "sha256")
        if received - inputs or (source is not None and source not in inputs):
            raise BundleError(ENTRIES, "What was submitted is not the file as received.")


def _check_plans(facts: Facts, entries: Sequence[Entry]) -> None:
    """The last plan on record is the bundle's, and nothing was done under an unrecorded one."""
    plans: list[Json] = []
    for entry in entries:
        stated = entry.body.get("plan_sha256")
        if entry.kind == _PLAN:
            plans.append(stated)
            _require_same(entry.body, "graph_sha256", facts[GRAPH].sha256, "graph")
        elif stated is not None and plans and stated not in plans:
            raise BundleError(ENTRIES, f"Entry {entry.sequence} is under a plan not on record.")
    last = entries[-1].body if entries else {}
    if plans and plans[-1] != facts[PLAN].sha256:
        raise BundleError(PLAN, "The last plan on record is another one.")
    _require_same(last, "plan_sha256", facts[PLAN].sha256, "plan")


def _check_operations(papers: Papers, entries: Sequence[Entry]) -> None:
    """Where operations are on record, they are on record for exactly the plan's segments."""
    if not papers.plan_known or not any(entry.kind == _OPERATION for entry in entries):
        return
    operations = _last_operations(entries, papers.facts[PLAN].sha256)
    ranges = segments_of(papers.plan)
    if sorted(operations) != list(range(len(ranges))):
        raise BundleError(ENTRIES, "The segments on record are not those of the plan.")
    steps = [one.get("op") for one in lines_of(papers.plan.get("steps"))]
    source = dig(papers.plan, "source", "sha256")
    for number, planned in enumerate(ranges):
        body = operations[number].body
        done = [one.get("operation") for one in lines_of(body.get("operations"))]
        inputs = strings(lines_of(body.get("inputs")), "sha256")
        if (body.get("first"), body.get("stop")) != planned or done != steps:
            raise BundleError(ENTRIES, f"Segment {number} is not on record as it was planned.")
        if source not in inputs:
            raise BundleError(ENTRIES, f"Segment {number} was made from another file.")


def _check_results(papers: Papers, entries: Sequence[Entry]) -> None:
    """Where outputs of role `result` are on record, every result of the bundle is among them."""
    outputs = [one for entry in entries for one in lines_of(entry.body.get("outputs"))]
    named = strings((one for one in outputs if one.get("role") == Role.RESULT), "sha256")
    for path, sha256 in papers.of_role(Role.RESULT).items():
        if named and sha256 not in named:
            raise BundleError(path, "No stage on record has made this result.")


def _check_maps(papers: Papers, entries: Sequence[Entry]) -> None:
    """Where QA is on record, the report pictures exactly the maps that it found."""
    recorded = [one for one in entries if one.kind == _QA][-1:]
    if not recorded:
        return
    maps = dig(papers.report, "facts", "quality", "maps")
    pictures = [
        picture for one in lines_of(maps) if isinstance(picture := one.get("picture"), Mapping)
    ]
    outputs = strings(lines_of(recorded[0].body.get("outputs")), "sha256")
    if strings(pictures, "sha256") != outputs:
        raise BundleError(REPORT, "Its maps are not those on record.")


def _last_operations(entries: Sequence[Entry], plan_sha256: str) -> dict[int, Entry]:
    """Return the last operation of each segment; one without its number counts as -1.

    What was done under an earlier plan that was given up is no part of the result.
    """
    found: dict[int, Entry] = {}
    for entry in entries:
        if entry.kind == _OPERATION and entry.body.get("plan_sha256", plan_sha256) == plan_sha256:
            number = entry.body.get("segment")
            found[number if isinstance(number, int) else -1] = entry
    return found


def _require_same(body: Mapping[str, Json], name: str, sha256: str, what: str) -> None:
    if body.get(name, sha256) != sha256:
        raise BundleError(ENTRIES, f"An entry is about another {what}.")


def _compare(body: Mapping[str, Json], digests: Mapping[str, str], where: str) -> None:
    for stated, counted in _FRAME_DIGESTS.items():
        if body.get(stated, digests[counted]) != digests[counted]:
            raise BundleError(LEDGER, f"The entries hold another {stated} of {where}.")
