"""Evidence over HTTP: for the key alone, in one form, page by page, as JSON and CSV."""

from __future__ import annotations

import csv
import io
import uuid
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from services.provenance.event_text import CSV_COLUMNS
from services.provenance.log_view import LogView
from tests.unit.services.gateway.app_kit import serving, small_log
from tests.unit.services.provenance.view_kit import digest

Asking = tuple[httpx.Client, dict[str, str]]


@pytest.fixture(scope="module")
def asking(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asking]:
    """A client of a small log, and the headers with its key."""
    folder = tmp_path_factory.mktemp("home")
    small_log(folder)
    with serving(folder) as found:
        yield found


@pytest.mark.parametrize("path", ["events", "events?nonsense=1", f"trace/{digest('in')}"])
@pytest.mark.parametrize(
    "header",
    [
        None, "Bearer", "Bearer wrong", "Basic dTpw", "Bearer x y",
        "bearer " + "a" * 43, "Bearer " + "a" * 10_000,
    ],
)  # fmt: skip
def test_without_the_key_nothing_is_told(asking: Asking, path: str, header: str | None) -> None:
    """Evidence is refused without the right key, before anything of the request is looked at."""
    web, _ = asking
    sent = {} if header is None else {"Authorization": header}
    found = web.get(f"/v1/evidence/{path}", headers=sent)
    assert found.status_code == 401
    assert found.headers["www-authenticate"].startswith("Bearer")
    assert found.json()["result"] is None
    assert found.json()["error"]["code"] == "unauthorized"


def test_a_server_without_a_key_answers_nobody(tmp_path: Path) -> None:
    """Where no key is set every request for evidence is refused, whatever it brings."""
    small_log(tmp_path)
    with serving(tmp_path, with_key=False) as (web, _):
        for headers in ({}, {"Authorization": "Bearer x"}, {"Authorization": "Bearer None"}):
            found = web.get("/v1/evidence/events", headers=headers)
            assert found.status_code == 401
            assert found.json()["error"]["code"] == "no-key-set"


def test_every_reply_has_one_form(asking: Asking) -> None:
    """Every JSON reply carries request id, status, result and error, one of the last two null."""
    web, headers = asking
    good = web.get("/v1/evidence/events?limit=1", headers={**headers, "X-Request-ID": "mine-1"})
    assert set(good.json()) == {"request_id", "status", "result", "error"}
    assert (good.json()["request_id"], good.headers["x-request-id"]) == ("mine-1", "mine-1")
    assert (good.json()["status"], good.json()["error"]) == ("ok", None)
    assert good.headers["cache-control"] == "no-store"
    for path, status in (
        ("/v1/evidence/events?limit=0", 400),
        ("/v1/evidence/nothing", 404),
        ("/v1/evidence/trace/xyz", 400),
        ("/nowhere", 404),
    ):
        bad = web.get(path, headers={**headers, "X-Request-ID": "<script>"})
        assert bad.status_code == status
        assert set(bad.json()) == {"request_id", "status", "result", "error"}
        assert uuid.UUID(bad.json()["request_id"]) == uuid.UUID(bad.headers["x-request-id"])
        assert (bad.json()["status"], bad.json()["result"]) == ("error", None)
        assert {"type", "title", "detail", "code", "fields"} == set(bad.json()["error"])


def test_events_are_found_by_every_filter(asking: Asking) -> None:
    """The filters of the command line are those of the interface."""
    web, headers = asking
    counts = {
        "user=vera": 2, "kind=export": 1, "job=log": 2, "session=none": 0, "host=desk&limit=9": 9,
        f"digest={digest('=out').upper()}": 3, "since=2030-01-01": 0, "until=2026-03-01&limit=5": 5,
        "case=x": 0, "item=1": 0, "project=p": 0, "stated=true&since=2020-01-01": 0,
    }  # fmt: skip
    for query, count in counts.items():
        found = web.get(f"/v1/evidence/events?{query}", headers=headers)
        assert len(found.json()["result"]["events"]) == count, query


def test_pages_join_without_a_gap(asking: Asking) -> None:
    """Pages follow each other by cursors, in JSON and in CSV alike, to the last entry."""
    web, headers = asking
    for form in ("json", "csv"):
        leaves, cursor = [], None
        while True:
            query = {"limit": "100", "format": form, **({"after": cursor} if cursor else {})}
            found = web.get("/v1/evidence/events", params=query, headers=headers)
            if form == "json":
                leaves += [one["leaf"] for one in found.json()["result"]["events"]]
                cursor = found.json()["result"]["next"]
            else:
                leaves += [int(one["leaf"]) for one in csv.DictReader(io.StringIO(found.text))]
                cursor = found.headers.get("x-next-cursor")
            if cursor is None:
                break
        assert leaves == list(range(262))


def test_a_spreadsheet_is_safe(asking: Asking) -> None:
    """CSV comes as an attachment, with every column, and no cell that is a formula."""
    web, headers = asking
    found = web.get(f"/v1/evidence/trace/{digest('=out')}?format=csv", headers=headers)
    assert found.headers["content-type"] == "text/csv; charset=utf-8"
    assert found.headers["content-disposition"] == 'attachment; filename="trace.csv"'
    rows = list(csv.reader(io.StringIO(found.text, newline="")))
    assert rows[0][-len(CSV_COLUMNS) :] == list(CSV_COLUMNS)
    assert {len(row) for row in rows} == {len(CSV_COLUMNS) + 5}
    assert not [cell for row in rows for cell in row if cell.startswith(("=", "+", "-", "@"))]


def test_a_trace_goes_both_ways(asking: Asking) -> None:
    """A trace holds who took the bytes and what they were made from; `way` leaves one out."""
    web, headers = asking
    path = f"/v1/evidence/trace/sha256:{digest('=out')}"
    found = web.get(path, headers=headers).json()["result"]
    assert {one["kind"] for one in found["events"]} == {"export", "transfer", "access"}
    assert [one["sha256"] for one in found["back"]["branches"]] == [digest("in")]
    assert found["forward"]["branches"] == []
    assert "back" not in web.get(f"{path}?way=forward", headers=headers).json()["result"]
    unknown = web.get(f"/v1/evidence/trace/{digest('no')}", headers=headers).json()["result"]
    assert unknown["known"] is False


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("events?usr=vera", "usr"),
        ("events?limit=1001", "limit"),
        ("events?format=xml", "format"),
        ("events?user=", "user"),
        ("events?user=" + "x" * 401, "user"),
        (f"trace/{digest('in')}?depth=9", "depth"),
        (f"trace/{digest('in')}?way=up", "way"),
    ],
)
def test_a_parameter_that_is_not_known_is_refused(asking: Asking, path: str, field: str) -> None:
    """A misspelt or impossible parameter is named, and never answered with everything."""
    web, headers = asking
    found = web.get(f"/v1/evidence/{path}", headers=headers)
    assert found.status_code == 400
    assert found.json()["error"]["fields"] == [field]


@pytest.mark.parametrize("query", ["since=soon", "after=x", "after=-1", "digest=12"])
def test_words_that_mean_nothing_are_refused(asking: Asking, query: str) -> None:
    """Times, cursors and digests that are none are a bad request with a reason."""
    web, headers = asking
    found = web.get(f"/v1/evidence/events?{query}", headers=headers)
    assert found.status_code == 400
    assert found.json()["error"]["code"] == "request"


def test_a_fault_of_ours_tells_nothing_of_the_inside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An unexpected error is a plain 500 with the request's id, and no word of the cause."""
    small_log(tmp_path)

    def fail(*args: object, **more: object) -> None:
        raise ValueError("secret detail")

    monkeypatch.setattr(LogView, "page", fail)
    with serving(tmp_path) as (web, headers):
        found = web.get("/v1/evidence/events", headers={**headers, "X-Request-ID": "r7"})
    assert found.status_code == 500
    assert found.json()["error"]["code"] == "fault"
    assert (found.json()["request_id"], found.headers["x-request-id"]) == ("r7", "r7")
    assert "secret" not in found.text


def test_the_interface_describes_itself(asking: Asking) -> None:
    """OpenAPI names every route with its parameters, and which of them need the key."""
    web, _ = asking
    described = web.get("/v1/openapi.json").json()
    paths = described["paths"]
    assert set(paths) == {
        "/v1/log/{name}", "/v1/log/inclusion", "/v1/log/consistency", "/v1/evidence/events",
        "/v1/evidence/trace/{digest}", "/healthz", "/readyz",
    }  # fmt: skip
    for path, one in paths.items():
        assert ("security" in one["get"]) is path.startswith("/v1/evidence"), path
    named = {one["name"] for one in paths["/v1/evidence/events"]["get"]["parameters"]}
    assert {"user", "session", "case", "since", "until", "digest", "after", "limit"} <= named
