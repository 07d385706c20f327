"""Jobs over HTTP: asked for in three forms, once per key, listed by pages, steered, told about."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from services.auth.scopes import Scope
from services.gateway.app import GatewayLimits
from services.gateway.job_routes import MOST_WAIT_SECONDS, wait_seconds
from services.jobs.values import WHOLE, NewOutput
from tests.unit.services.gateway.platform_kit import Served, picture, serving

PICTURE = picture()
NAME = f"sha256:{hashlib.sha256(PICTURE).hexdigest()}"
SHORT: dict[str, Any] = {"pipeline": "photo", "inputs": {"source": {"artifact": NAME}}}
GRAPH: dict[str, Any] = {
    "version": 1,
    "inputs": {"source": {"artifact": NAME}},
    "stages": [
        {"name": "ingest", "kind": "ingest", "needs": ["source"]},
        {"name": "enhance", "kind": "enhance", "needs": ["ingest"], "params": {
            "operations": [{"op": "resize", "scale": 2}]}},
        {"name": "qa", "kind": "qa", "needs": ["enhance"]},
        {"name": "export", "kind": "export", "needs": ["enhance", "qa"]},
    ],
}  # fmt: skip


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    """A gateway with one picture of project `p`, whose events beat fast."""
    with serving(tmp_path, GatewayLimits(heartbeat_seconds=0.2)) as found:
        sent = found.client.post(
            "/v1/artifacts", params={"name": "gate.png"}, content=PICTURE, headers=found.key()
        )
        assert sent.status_code == 201
        yield found


def submit(served: Served, body: Any, **headers: str) -> Any:
    """Ask for work."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return served.client.post("/v1/jobs", content=data, headers={**served.key(), **headers})


def finish(served: Served, job: str) -> None:
    """Do a job's work as a worker would, whose result is the picture itself."""
    claim = served.jobs.claim(["photo"], "worker")
    assert claim is not None
    assert claim.job == job
    made = NewOutput(NAME, "artifacts/aa/x", len(PICTURE), "enhanced.png", "image/png")
    served.jobs.complete(claim, [made])


MATTER = ("case", "item", "exhibit", "note")


@pytest.mark.parametrize(
    "body",
    [
        SHORT,
        GRAPH,
        {**SHORT, "case": "2026/7", "item": "3", "exhibit": "K 3", "note": "as agreed"},
        {"graph": GRAPH, "case": "2026/7", "item": "3"},
        {**GRAPH, "matter": {"case": "2026/7"}},
        {"graph": {**GRAPH, "matter": {"case": "2026/7", "note": "n"}}, "case": "2026/7"},
    ],
    ids=["short", "graph", "short, matter", "graph, matter", "matter inside", "matter in both"],
)
def test_a_job_is_accepted_in_every_form(served: Served, body: dict[str, Any]) -> None:
    """Each form of a request is a job that waits, with its graph's digest and its place."""
    sent = submit(served, body)
    assert sent.status_code == 202, sent.text
    told = sent.json()["result"]
    assert (told["state"], told["is_final"], told["pipeline"]) == ("queued", False, "photo")
    assert [one["name"] for one in told["stages"]] == [WHOLE]
    inner = body.get("graph", body).get("matter", {})
    matter = {**inner, **{name: body[name] for name in MATTER if name in body}}
    assert told["case"] == matter.get("case")
    shown = served.client.get(sent.headers["Location"], headers=served.key()).json()["result"]
    assert shown["graph"]["stages"][0]["kind"] == "ingest"
    assert shown["graph"].get("matter", {}) == matter
    listed = served.client.get("/v1/jobs", params={"case": "2026/7"}, headers=served.key())
    assert len(listed.json()["result"]["jobs"]) == ("case" in matter)


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        ({"graph": {**GRAPH, "matter": {"case": "1"}}, "case": "2"}, 422, "matter.case"),
        ({**SHORT, "case": "a\0b"}, 422, "case"),
        (
            {**GRAPH, "inputs": {**GRAPH["inputs"], "other": GRAPH["inputs"]["source"]}},
            422,
            "inputs",
        ),
        (
            {**SHORT, "params": {"scale": 1, "region": "plate"}},
            422,
            "stages.1.params.operations.0.region",
        ),
        ({**GRAPH, "matter": {"note": "x" * 4001}}, 422, "matter.note"),
        (b"{", 400, None),
        (b"[]", 400, None),
        (b'{"a":' * 40 + b"1" + b"}" * 40, 400, None),
        (b'{"version": NaN}', 400, None),
        (b"[" * 100_000, 400, None),
        ({}, 422, "pipeline"),
        ({**SHORT, "pipeline": "video"}, 422, "pipeline"),
        ({**SHORT, "preset": "best"}, 422, "preset"),
        ({**SHORT, "colour": 1}, 422, "colour"),
        ({**SHORT, "params": {"scale": 9}}, 422, "params.scale"),
        ({**SHORT, "params": {"model": "no-such"}}, 422, "params.model"),
        ({**SHORT, "params": {"denoise": 0.5}}, 422, "params.denoise"),
        (
            {**SHORT, "inputs": {"clip": {"artifact": "sha256:" + "0" * 64}}},
            422,
            "inputs.clip.artifact",
        ),
        (b'{"preset": "balanced", "preset": "presentation"}', 400, None),
        ({**SHORT, "deadline": "2026-01-01T00:00:00"}, 422, "deadline"),
        ({**SHORT, "inputs": {"source": {"artifact": "x"}}}, 422, "inputs.source.artifact"),
        ({**GRAPH, "version": 2}, 422, "version"),
        ({**GRAPH, "stages": []}, 422, "stages"),
        ({"graph": {**GRAPH, "preset": "best"}}, 422, "graph.preset"),
    ],
)
def test_what_is_wrong_is_named(served: Served, body: Any, status: int, field: str | None) -> None:
    """A request that cannot be is a problem that names the field and the reason."""
    sent = submit(served, body)
    assert sent.status_code == status, sent.text
    problem = sent.json()["error"]
    assert problem["detail"]
    assert problem["fields"] == ([] if field is None else [field])


def test_a_preset_refuses_before_anything_runs(served: Served) -> None:
    """What the preset does not admit is refused when it is asked for, and is no job."""
    trained = json.loads(json.dumps(GRAPH))
    trained["stages"][1]["params"]["operations"] = [{"op": "super_resolve", "scale": 2}]
    sent = submit(served, trained)
    assert (sent.status_code, sent.json()["error"]["code"]) == (422, "policy")
    listed = served.client.get("/v1/jobs", headers=served.key()).json()["result"]
    assert listed == {"jobs": [], "next": None}


def test_an_artifact_of_others_is_no_input(served: Served) -> None:
    """A job over what the project does not hold is refused, whoever else holds it."""
    sent = served.client.post("/v1/jobs", json=SHORT, headers=served.key(project="q"))
    assert (sent.status_code, sent.json()["error"]["code"]) == (422, "unknown-artifact")


def test_one_key_is_one_job(served: Served) -> None:
    """The same key and body are the same job; the same key and another body are refused."""
    first = submit(served, SHORT, **{"Idempotency-Key": "k1"})
    again = submit(served, SHORT, **{"Idempotency-Key": "k1"})
    other = submit(served, GRAPH, **{"Idempotency-Key": "k1"})
    assert first.json()["result"]["is_new"] is True
    assert again.json()["result"]["is_new"] is False
    assert first.json()["result"]["job_id"] == again.json()["result"]["job_id"]
    assert (other.status_code, other.json()["error"]["code"]) == (422, "key-conflict")


def test_who_waits_is_answered_in_place(served: Served) -> None:
    """`Prefer: wait` answers with the final job where it is final in time, else as it stands."""
    waited = submit(served, SHORT, Prefer="respond-async, wait=1")
    assert (waited.status_code, waited.headers["Preference-Applied"]) == (202, "wait=1")
    job = waited.json()["result"]["job_id"]
    finish(served, job)
    again = submit(served, SHORT, **{"Idempotency-Key": "k", "Prefer": "wait=0"})
    assert again.status_code == 202
    shown = served.client.get(f"/v1/jobs/{job}", headers=served.key()).json()["result"]
    assert (shown["state"], shown["is_final"], shown["poll_after_ms"]) == ("done", True, None)
    assert shown["outputs"][0]["artifact"] == NAME


@pytest.mark.parametrize(
    ("asked", "seconds"),
    [
        (None, 0),
        ("wait=3", 3),
        ("WAIT = 3", 3),
        ('respond-async, wait="3"', 3),
        ("wait=3; x=1, return=minimal", 3),
        ("wait=99999", MOST_WAIT_SECONDS),
        ("foo;wait=3", 0),
        ("await=3", 0),
        ("wait=-3", 0),
        ("wait=x", 0),
    ],
)
def test_how_long_somebody_waits_is_read_as_it_is_meant(asked: str | None, seconds: int) -> None:
    """A preference has any case, may be quoted (RFC 7240), and is no parameter of another."""
    assert wait_seconds(asked) == seconds


def test_a_key_of_another_request_is_named(served: Served) -> None:
    """What is at fault where a key was used before is the header."""
    assert submit(served, SHORT, **{"Idempotency-Key": "k"}).status_code == 202
    other = submit(served, {**SHORT, "case": "c"}, **{"Idempotency-Key": "k"})
    assert (other.status_code, other.json()["error"]["fields"]) == (422, ["Idempotency-Key"])


def test_lists_are_pages(served: Served) -> None:
    """A list goes from page to page without a gap or a repetition, by filters."""
    made = [
        submit(served, {**SHORT, "case": f"c{number % 2}"}).json()["result"]["job_id"]
        for number in range(5)
    ]
    key, seen, after = served.key(), [], None
    while True:
        query = {"limit": "2"} | ({"after": after} if after else {})
        page = served.client.get("/v1/jobs", params=query, headers=key).json()["result"]
        seen += [one["job_id"] for one in page["jobs"]]
        after = page["next"]
        if after is None:
            break
    assert seen == made[::-1]
    some = served.client.get("/v1/jobs", params={"case": "c1"}, headers=key).json()["result"]
    assert [one["job_id"] for one in some["jobs"]] == [made[3], made[1]]
    done = served.client.get("/v1/jobs", params={"state": "done"}, headers=key).json()["result"]
    assert done["jobs"] == []


@pytest.mark.parametrize(
    "query", ["state=lost", "limit=0", "limit=201", "after=x", "after=é", "colour=red"]
)
def test_a_list_asked_for_wrongly_is_refused(served: Served, query: str) -> None:
    """A filter that is misspelt does not answer with everything."""
    found = served.client.get(f"/v1/jobs?{query}", headers=served.key())
    assert found.status_code == 400
    assert found.json()["error"]["detail"]


def test_jobs_are_steered(served: Served) -> None:
    """A job is paused, resumed, canceled and sent back; what its state forbids is a conflict."""
    job = submit(served, SHORT).json()["result"]["job_id"]
    key = served.key()

    def ask(word: str) -> tuple[int, str | None]:
        found = served.client.post(f"/v1/jobs/{job}/{word}", headers=key)
        result = found.json()["result"]
        return found.status_code, None if result is None else result["state"]

    assert ask("retry") == (409, None)
    assert ask("pause") == (200, "paused")
    assert ask("resume") == (200, "queued")
    assert ask("cancel") == (200, "canceled")
    assert ask("pause") == (409, None)
    assert ask("retry") == (200, "queued")
    other = served.client.post(f"/v1/jobs/{job}/cancel", headers=served.key(project="q"))
    assert other.status_code == 404
    reader = served.key(Scope.JOBS_READ)
    assert served.client.post(f"/v1/jobs/{job}/cancel", headers=reader).status_code == 403


@pytest.mark.parametrize("job", ["x", "0" * 36, "../../etc", "%00", "a" * 36])
def test_a_job_that_is_none_is_unknown_or_named(served: Served, job: str) -> None:
    """What is no job is 404, or 400 where it cannot be one; never a fault."""
    found = served.client.get(f"/v1/jobs/{job}", headers=served.key())
    assert found.status_code in (400, 404)


def events(served: Served, job: str, **headers: str) -> list[dict[str, str]]:
    """Read a stream of events to its end."""
    got, block = [], {}
    address = f"/v1/jobs/{job}/events"
    with served.client.stream("GET", address, headers={**served.key(), **headers}) as stream:
        assert stream.headers["Content-Type"].startswith("text/event-stream")
        for line in stream.iter_lines():
            if not line:
                got.append(block)
                block = {}
            else:
                name, _, value = line.partition(": ")
                block[name or "comment"] = value
    return [one for one in got if "event" in one]


def test_events_are_told_to_the_end_and_from_anywhere(served: Served) -> None:
    """A stream tells every event in order and ends; who comes back gets the rest, then 204."""
    job = submit(served, SHORT).json()["result"]["job_id"]
    finish(served, job)
    told = events(served, job)
    numbers = [int(one["id"]) for one in told[:-1]]
    assert numbers == list(range(1, len(numbers) + 1))
    assert told[-1] == {"event": "end", "data": '{"state": "done"}'}
    rest = events(served, job, **{"Last-Event-ID": "1"})
    assert rest == told[1:]
    address = f"/v1/jobs/{job}/events"
    last = {**served.key(), "Last-Event-ID": str(numbers[-1])}
    assert served.client.get(address, headers=last).status_code == 204
    page = served.client.get(address, params={"format": "json", "limit": "2"}, headers=served.key())
    assert [one["number"] for one in page.json()["result"]["events"]] == [1, 2]
    assert page.json()["result"]["next"] == 2


def test_a_quiet_stream_beats(served: Served) -> None:
    """While nothing happens, a comment comes now and then, and events after it."""
    job = submit(served, SHORT).json()["result"]["job_id"]
    seen: list[str] = []
    address = f"/v1/jobs/{job}/events"
    with served.client.stream("GET", address, headers=served.key()) as stream:
        for line in stream.iter_lines():
            seen.append(line)
            if line == ": still here" and seen.count(line) == 2:
                finish(served, job)
            if line == "event: end":
                break
    assert seen.index("event: end") > seen.index(": still here")


def test_events_of_others_are_unknown(served: Served) -> None:
    """Another project hears nothing of a job."""
    job = submit(served, SHORT).json()["result"]["job_id"]
    found = served.client.get(f"/v1/jobs/{job}/events", headers=served.key(project="q"))
    assert found.status_code == 404
