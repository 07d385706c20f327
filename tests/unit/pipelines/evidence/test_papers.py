"""Graph, plan, report, entries and ledger belong together, or the one that does not is named."""

from __future__ import annotations

import contextlib
import copy
import hashlib
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.errors import EvidenceError
from pipelines.evidence.bundle_content import FileFact
from pipelines.evidence.bundle_layout import ENTRIES, GRAPH, LEDGER, PLAN, REPORT
from pipelines.evidence.canonical import canonical_bytes
from pipelines.evidence.entry import Actor, Entry
from pipelines.evidence.entry_facts import check_entries, check_ledger
from pipelines.evidence.finding import BundleError
from pipelines.evidence.ledger_form import DIGESTS, LedgerCheck
from pipelines.evidence.outside import NotChecked
from pipelines.evidence.papers import check_plan, check_report, read_papers

JOB = "job-1"
RECEIVED, RESULT, WEIGHTS = (
    "data/received/a.mp4",
    "data/result/enhanced.mp4",
    "data/networks/w.onnx",
)
LAW = {"name": "frames", "holds": True}
Forge = Callable[[dict[str, Any]], object]


def sha(text: str) -> str:
    """Return a digest that stands for a file's."""
    return hashlib.sha256(text.encode()).hexdigest()


def whole(digests: list[str]) -> str:
    """SHA-256 over digests in their order."""
    return hashlib.sha256(b"".join(bytes.fromhex(one) for one in digests)).hexdigest()


def a_job() -> dict[str, Any]:
    """Make a clip job of three frames in two segments, every part of which fits."""
    graph = {
        "version": 1,
        "preset": "balanced",
        "inputs": {"source": {"artifact": f"sha256:{sha('received')}"}},
        "matter": {"case": "C-7"},
    }
    graph_sha256 = hashlib.sha256(canonical_bytes(graph)).hexdigest()
    plan = {
        "version": 1,
        "preset": "balanced",
        "graph_sha256": graph_sha256,
        "source": {
            "sha256": sha("received"),
            "bytes": 8,
            "frames": 3,
            "stream": 0,
            "time_base": "1/25",
        },
        "segments": {"frames": 3, "starts": [0, 2]},
        "steps": [{"op": "resize"}],
        "networks": [{"weights_sha256": sha("weights")}],
        "delivery": {"lossless": True},
    }
    frames = [
        {
            "index": number,
            "pts": number,
            "source_sha256": sha(f"in {number}"),
            "encoder_sha256": sha(f"out {number}"),
            "delivered_sha256": sha(f"out {number}"),
        }
        for number in range(3)
    ]
    header = {
        "version": 1,
        "format": "evident-ledger/1",
        "frames": 3,
        "stream": 0,
        "time_base": "1/25",
        "lossless": True,
        "packets": [{"stream": 0, "packets": 3, "bytes": 9, "chain": sha("chain")}],
    }
    plan_sha256 = hashlib.sha256(canonical_bytes(plan)).hexdigest()
    report = {
        "format": "evident-report/2",
        "facts": {
            "origin": {"job": JOB, "case": "C-7"},
            "preset": "balanced",
            "run": {
                "graph_sha256": graph_sha256,
                "plan_sha256": plan_sha256,
                "segments": {"count": 2},
            },
            "received": {"sha256": sha("received"), "clip": {"frames": 3}},
            "delivered": {"sha256": sha("result")},
            "conservation": [LAW],
        },
    }
    received = {"role": "received", "sha256": sha("received")}

    def operation(number: int, first: int, stop: int) -> tuple[str, dict[str, Any]]:
        digests = {
            name.replace("_sha", "_frames_sha"): whole([one[name] for one in frames[first:stop]])
            for name in DIGESTS
        }
        return "operation", {
            "segment": number,
            "first": first,
            "stop": stop,
            "plan_sha256": plan_sha256,
            "inputs": [received],
            "operations": [{"operation": "resize"}],
            **digests,
        }

    made = {"role": "result", "sha256": sha("result")}
    entries = [
        ("submission", {"inputs": [received], "graph_sha256": graph_sha256}),
        ("plan", {"plan_sha256": plan_sha256, "graph_sha256": graph_sha256}),
        operation(0, 0, 2),
        operation(1, 2, 3),
        ("stage.finished", {"outputs": [made]}),
        (
            "laws",
            {
                "laws": [LAW],
                "laws_checked": 1,
                "laws_held": 1,
                "delivered_frames_sha256": whole([one["delivered_sha256"] for one in frames]),
            },
        ),
        ("export", {"plan_sha256": plan_sha256}),
    ]
    return {
        "graph": graph,
        "plan": plan,
        "report": report,
        "ledger": [header, *frames],
        "entries": [list(one) for one in entries],
        "files": {RECEIVED: sha("received"), RESULT: sha("result"), WEIGHTS: sha("weights")},
    }


class FormFaultError(Exception):
    """The kit itself refuses what a change made: no such file, line or entry can be written."""


def check(job: dict[str, Any]) -> list[Any]:
    """Run every check over a job and return what each says."""
    if not all(isinstance(job[name], dict) for name in ("graph", "plan", "report", "files")):
        raise FormFaultError
    if not all(isinstance(one, str) for one in job["files"].values()):
        raise FormFaultError
    if not isinstance(job["ledger"], list) or not isinstance(job["entries"], list):
        raise FormFaultError
    for one in job["entries"]:
        if not (isinstance(one, list) and len(one) == 2 and isinstance(one[1], dict)):
            raise FormFaultError
    own = {
        path: canonical_bytes(job[name])
        for path, name in ((GRAPH, "graph"), (PLAN, "plan"), (REPORT, "report"))
    }
    facts = {path: FileFact(hashlib.sha256(data).hexdigest(), 1) for path, data in own.items()}
    facts |= {path: FileFact(sha256, 8) for path, sha256 in job["files"].items()}
    ledger = b"".join(canonical_bytes(line) + b"\n" for line in job["ledger"])
    actor = Actor("o", "s", "h", "a")
    entries = [
        Entry(JOB, number, kind, "2026-01-01T00:00:00.000000Z", "system", actor, body)
        for number, (kind, body) in enumerate(job["entries"])
    ]
    papers = read_papers(own, facts)
    reader = LedgerCheck()
    reader.feed(ledger)
    return [
        check_plan(papers),
        check_report(papers, JOB),
        check_entries(papers, entries),
        check_ledger(reader.finish(), [ledger[:100], ledger[100:]], papers, entries),
    ]


def body(job: dict[str, Any], number: int) -> dict[str, Any]:
    """Return the body of an entry, to be forged."""
    found: dict[str, Any] = job["entries"][number][1]
    return found


def test_a_job_whose_parts_fit_holds() -> None:
    """What a job writes about itself fits together, and the findings say what was compared."""
    plan, report, record, ledger = check(a_job())
    assert plan == "graph, preset and file as received are those of the plan"
    assert report.endswith("1 conservation laws held")
    assert record.endswith("1 conservation laws held")
    assert ledger == "3 frames in sequence; their digests are those of plan and entries"


def test_a_job_taken_up_again_holds() -> None:
    """Where a segment was made twice, under another plan too, the last word counts."""
    job = a_job()
    other = {"plan_sha256": sha("other"), "graph_sha256": body(job, 0)["graph_sha256"]}
    first = body(job, 2) | {"plan_sha256": sha("other"), "encoder_frames_sha256": sha("stopped")}
    job["entries"][1:1] = [["plan", other], ["operation", first], ["resumed", {"times": 1}]]
    check(job)


def test_later_entries_say_nothing_about_these_files() -> None:
    """What happened after the export may speak of other plans and other results."""
    job = a_job()
    job["entries"].append(["replay", {"plan_sha256": sha("other"), "outputs": [{"sha256": "x"}]}])
    check(job)


def test_a_missing_source_is_said() -> None:
    """A bundle without the file as received says so."""
    job = a_job()
    del job["files"][RECEIVED]
    assert "not in the bundle" in check(job)[0]


@pytest.mark.parametrize(
    ("forge", "file"),
    [
        (lambda job: job["graph"].update(version=2), PLAN),
        (lambda job: job["graph"].update(preset="presentation"), PLAN),
        (lambda job: job["graph"].update(inputs={}), PLAN),
        (lambda job: job["plan"].update(preset="forensic-safe"), PLAN),
        (lambda job: job["plan"]["source"].update(sha256=sha("other")), PLAN),
        (lambda job: job["plan"]["source"].update(bytes=9), PLAN),
        (lambda job: job["plan"]["source"].update(bytes=True), PLAN),
        (lambda job: job["plan"]["segments"].update(frames=4), PLAN),
        (lambda job: job["plan"]["segments"].update(starts=[1, 2]), PLAN),
        (lambda job: job["plan"]["segments"].update(starts=[0, 2, 2]), PLAN),
        (lambda job: job["plan"]["segments"].update(starts=[]), PLAN),
        (lambda job: job["plan"].update(networks=[]), WEIGHTS),
        (lambda job: job["plan"].update(threads=3), REPORT),
        (lambda job: job["files"].update({RECEIVED: sha("other")}), PLAN),
        (lambda job: job["files"].update({RESULT: sha("other")}), REPORT),
        (lambda job: job["files"].update({"data/result/2.png": sha("2")}), "data/result/2.png"),
        (lambda job: job["files"].update({WEIGHTS: sha("other")}), WEIGHTS),
        (lambda job: job["report"]["facts"]["origin"].update(job="job-2"), REPORT),
        (lambda job: job["report"]["facts"]["origin"].update(case="C-8"), REPORT),
        (lambda job: job["report"]["facts"]["origin"].pop("case"), REPORT),
        (lambda job: job["report"]["facts"].update(preset="forensic-safe"), REPORT),
        (lambda job: job["report"]["facts"]["run"].update(graph_sha256=sha("g")), REPORT),
        (lambda job: job["report"]["facts"]["run"].update(plan_sha256=sha("p")), REPORT),
        (lambda job: job["report"]["facts"]["received"].update(sha256=sha("r")), REPORT),
        (lambda job: job["report"]["facts"]["received"]["clip"].update(frames=4), REPORT),
        (lambda job: job["report"]["facts"]["run"]["segments"].update(count=1), REPORT),
        (lambda job: job["report"]["facts"].update(conservation=[{"holds": False}]), REPORT),
        (lambda job: job["report"].update(facts=[]), REPORT),
        (lambda job: body(job, 0).update(graph_sha256=sha("g")), ENTRIES),
        (lambda job: body(job, 0).update(inputs=[]), ENTRIES),
        (lambda job: body(job, 0).update(inputs=[{"sha256": ["r"]}]), ENTRIES),
        (lambda job: body(job, 1).update(graph_sha256=sha("g")), ENTRIES),
        (lambda job: body(job, 1).update(plan_sha256=sha("p")), ENTRIES),
        (lambda job: job["entries"].insert(5, ["plan", {"plan_sha256": sha("p")}]), PLAN),
        (lambda job: body(job, 2).update(plan_sha256=sha("p")), ENTRIES),
        (lambda job: body(job, 2).update(first=1), ENTRIES),
        (lambda job: body(job, 2).update(segment=[]), ENTRIES),
        (lambda job: body(job, 2).update(operations=[]), ENTRIES),
        (lambda job: body(job, 2).update(inputs=[{"sha256": sha("x")}]), ENTRIES),
        (lambda job: body(job, 2).update(source_frames_sha256=sha("x")), LEDGER),
        (lambda job: body(job, 3).update(delivered_frames_sha256=sha("x")), LEDGER),
        (lambda job: job["entries"].pop(3), ENTRIES),
        (lambda job: body(job, 4)["outputs"][0].update(sha256=sha("x")), RESULT),
        (lambda job: body(job, 5).update(laws_held=0), ENTRIES),
        (lambda job: body(job, 5).update(laws=[{"name": "frames", "holds": False}]), ENTRIES),
        (lambda job: body(job, 5).update(delivered_frames_sha256=sha("x")), LEDGER),
        (lambda job: body(job, 6).update(plan_sha256=sha("x")), ENTRIES),
        (lambda job: job["ledger"][0].update(time_base="1/30"), LEDGER),
        (lambda job: job["ledger"][0].update(stream=1), LEDGER),
        (lambda job: job["ledger"][0].update(lossless=False), LEDGER),
        (lambda job: job["ledger"][2].update(source_sha256=sha("x")), LEDGER),
    ],
)
def test_parts_that_do_not_fit_are_named(forge: Forge, file: str) -> None:
    """A part that belongs to another job is refused, and named."""
    job = a_job()
    forge(job)
    with pytest.raises(BundleError) as caught:
        check(job)
    assert caught.value.file == file


@pytest.mark.parametrize(
    ("recorded", "fits"),
    [(["map"], True), ([], False), (["other"], False), (["map", "other"], False)],
)
def test_the_maps_of_a_report_are_those_on_record(recorded: list[str], *, fits: bool) -> None:
    """A report pictures the maps of the last QA on record, all of them and no other."""
    job = a_job()
    maps = [{"picture": {"sha256": sha("map")}}, {"picture": None}]
    job["report"]["facts"]["quality"] = {"maps": maps}
    outputs = [{"role": "map", "sha256": sha(name)} for name in recorded]
    job["entries"].insert(6, ["qa", {"outputs": [{"role": "map", "sha256": sha("earlier")}]}])
    job["entries"].insert(7, ["qa", {"outputs": outputs}])
    if fits:
        assert len(check(job)) == 4
        return
    with pytest.raises(BundleError) as caught:
        check(job)
    assert caught.value.file == REPORT


@pytest.mark.parametrize(
    "forge",
    [
        lambda job: job["ledger"][0].pop("frames"),
        lambda job: job["ledger"][0].update(frames=4),
        lambda job: job["ledger"][0].update(lossless="yes"),
        lambda job: job["ledger"][0].update(packets=[{"stream": 0}]),
        lambda job: job["ledger"][0]["packets"][0].update(chain="00"),
        lambda job: job["ledger"][1].pop("pts"),
        lambda job: job["ledger"][1].pop("index"),
        lambda job: job["ledger"][1].update(kind="frame"),
        lambda job: job["ledger"][1].update(source_sha256="AB" * 32),
        lambda job: job["ledger"][1].update(delivered_sha256=sha("x")),
        lambda job: job["ledger"].pop(2),
    ],
)
def test_a_ledger_that_breaks_its_format_is_refused(forge: Forge) -> None:
    """A ledger whose lines lack what its format promises is refused."""
    job = a_job()
    forge(job)
    with pytest.raises(EvidenceError):
        check(job)


def test_unknown_versions_are_not_passed() -> None:
    """A plan or report of a version that is not known here is not checked, and that is said."""
    job = a_job()
    job["plan"]["version"] = 2
    job["report"]["format"] = "evident-report/9"
    job["entries"] = [["export", {}]]
    plan, report, _, _ = check(job)
    assert isinstance(plan, NotChecked)
    assert isinstance(report, NotChecked)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """List the path of every value inside nested objects and arrays."""
    found = [path] if path else []
    if isinstance(value, dict | list):
        for key, one in value.items() if isinstance(value, dict) else enumerate(value):
            found += places(one, (*path, key))
    return found


PLACES = places(a_job())
ODD = st.sampled_from([None, True, False, 0, -1, 10**15, "", "0" * 64, [], [[]], {}, [{}], [None]])


@given(st.lists(st.tuples(st.sampled_from(PLACES), ODD), min_size=1, max_size=4))
@settings(max_examples=400, deadline=None)
def test_nonsense_ends_in_a_finding(changes: list[tuple[tuple[Any, ...], Any]]) -> None:
    """Whatever stands in a signed paper, entry or ledger, checking it never crashes."""
    job = a_job()
    for path, odd in changes:
        at: Any = job
        try:
            for key in path[:-1]:
                at = at[key]
            at[path[-1]] = copy.deepcopy(odd)
        except (LookupError, TypeError):
            continue
    with contextlib.suppress(EvidenceError, FormFaultError):
        check(job)
