"""The public log over HTTP: bytes as published, right headers, proofs that hold, no other name."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from pipelines.evidence.merkle import is_consistent, is_included, leaf_hash
from pipelines.evidence.tiles import decode_entries
from tests.unit.services.gateway.app_kit import serving, small_log


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with a small log."""
    folder = tmp_path_factory.mktemp("home")
    small_log(folder)
    return folder


@pytest.fixture(scope="module")
def web(home: Path) -> Iterator[httpx.Client]:
    """A client without a key: the public log needs none."""
    with serving(home, with_key=False) as (client, _):
        yield client


def root(web: httpx.Client, name: str = "checkpoint") -> bytes:
    """The root in a checkpoint."""
    return base64.b64decode(web.get(f"/v1/log/{name}").content.split(b"\n")[2])


@pytest.mark.parametrize(
    ("name", "kind", "kept"),
    [
        ("checkpoint", "text/plain; charset=utf-8", "no-cache"),
        ("vkey", "text/plain; charset=utf-8", "no-cache"),
        ("checkpoints/260", "text/plain; charset=utf-8", "immutable"),
        ("tile/0/000", "application/octet-stream", "immutable"),
        ("tile/0/001.p/5", "application/octet-stream", "immutable"),
        ("tile/1/000.p/1", "application/octet-stream", "immutable"),
        ("tile/entries/001.p/5", "application/octet-stream", "immutable"),
    ],
)
def test_files_go_out_as_they_were_published(
    web: httpx.Client, home: Path, name: str, kind: str, kept: str
) -> None:
    """Each public file is served byte for byte, with its kind, its tag and how long it holds."""
    data = (home / "log" / "public" / name).read_bytes()
    found = web.get(f"/v1/log/{name}")
    assert found.status_code == 200
    assert found.content == data
    assert found.headers["content-type"] == kind
    assert kept in found.headers["cache-control"]
    assert found.headers["etag"] == f'"{hashlib.sha256(data).hexdigest()}"'
    assert found.headers["x-content-type-options"] == "nosniff"
    head = web.head(f"/v1/log/{name}")
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == str(len(data))
    assert head.headers["etag"] == found.headers["etag"]


def test_what_a_client_has_is_not_sent_again(web: httpx.Client) -> None:
    """A request that names the entity tag gets 304 without a body; another tag gets the file."""
    tag = web.get("/v1/log/checkpoint").headers["etag"]
    for given in (tag, f"W/{tag}", f'"x", {tag}', "*"):
        found = web.get("/v1/log/checkpoint", headers={"If-None-Match": given})
        assert (found.status_code, found.content) == (304, b"")
        assert found.headers["etag"] == tag
    found = web.get("/v1/log/checkpoint", headers={"If-None-Match": '"x"'})
    assert found.status_code == 200


@pytest.mark.parametrize(
    "name",
    [
        "", "entries.db", "../entries.db", "%2e%2e/entries.db", "..%2fentries.db",
        "tile/%2e%2e/%2e%2e/%2e%2e/entries.db", "/etc/passwd", "%2fetc%2fpasswd", "checkpoint/",
        "checkpoint%00", "checkpoint%0a", "CHECKPOINT", "checkpoints/0260", "checkpoints/99",
        "tile/0/000.p/256", "tile/0/001", "tile/0/0", "tile//000", "tile/0/..%5c000",
    ],
)  # fmt: skip
def test_no_other_name_is_served(web: httpx.Client, name: str) -> None:
    """A name that is not exactly a published file's is not found, and says so as a problem."""
    found = web.get(f"/v1/log/{name}")
    assert found.status_code == 404
    assert found.headers["cache-control"] == "no-store"
    assert b"SQLite" not in found.content
    assert web.head(f"/v1/log/{name}").status_code == 404
    if found.headers["content-type"] == "application/problem+json":
        assert found.json()["code"] == "not-found"


def test_proofs_over_http_hold(web: httpx.Client) -> None:
    """Inclusion and consistency proofs, as JSON, lead to the roots of the published heads."""
    leaves = [
        leaf_hash(one)
        for name in ("000", "001.p/5")
        for one in decode_entries(web.get(f"/v1/log/tile/entries/{name}").content)
    ]
    head = root(web)
    for leaf in (0, 255, 256, 260):
        found = web.get("/v1/log/inclusion", params={"leaf": leaf, "size": 261}).json()
        assert set(found) == {"leaf", "size", "path"}
        path = [bytes.fromhex(one) for one in found["path"]]
        assert is_included(leaves[leaf], leaf, 261, path, head)
    found = web.get("/v1/log/consistency", params={"first": 260, "second": 261}).json()
    path = [bytes.fromhex(one) for one in found["path"]]
    assert is_consistent(260, 261, root(web, "checkpoints/260"), head, path)


@pytest.mark.parametrize(
    "query",
    [
        "inclusion", "inclusion?leaf=0", "inclusion?leaf=x&size=5", "inclusion?leaf=-1&size=5",
        "inclusion?leaf=+1&size=5", "inclusion?leaf=1.0&size=5", "inclusion?leaf=5&size=5",
        "inclusion?leaf=0&size=262", "inclusion?leaf=0&size=99999999999999",
        "inclusion?leaf=01&size=5", "consistency?first=0&second=5", "consistency?first=6&second=5",
        "consistency?first=1&second=262",
    ],
)  # fmt: skip
def test_a_proof_that_cannot_be_is_refused(web: httpx.Client, query: str) -> None:
    """Numbers that are none, or lie beyond the log, are a bad request, told as a problem."""
    found = web.get(f"/v1/log/{query}")
    assert found.status_code == 400
    assert found.headers["content-type"] == "application/problem+json"
    assert found.json()["status"] == 400
    assert "request_id" not in found.json()


def test_nothing_can_be_sent_to_the_log(web: httpx.Client) -> None:
    """The public log is for reading: no other method is allowed."""
    for method in ("POST", "PUT", "DELETE", "PATCH"):
        found = web.request(method, "/v1/log/checkpoint", content=b"x")
        assert found.status_code == 405


def test_a_log_at_fault_says_so(tmp_path: Path) -> None:
    """Where a published file is not what it was, the answer is the server's error, with reason."""
    small_log(tmp_path)
    (tmp_path / "log" / "public" / "tile" / "0" / "000").write_bytes(b"x" * 20_000)
    with serving(tmp_path, with_key=False) as (web, _):
        found = web.get("/v1/log/inclusion?leaf=0&size=261")
        assert found.status_code == 500
        assert found.json()["code"] == "log-fault"
        assert web.get("/v1/log/tile/0/000").status_code == 500


def test_health_needs_no_log(tmp_path: Path) -> None:
    """A server answers that it lives without a log, and that it is not ready until there is one."""
    with serving(tmp_path, with_key=False) as (web, _):
        assert web.get("/healthz").json() == {"status": "ok"}
        assert web.get("/readyz").status_code == 503
        assert web.get("/v1/log/checkpoint").status_code == 404
        small_log(tmp_path)
        assert web.get("/readyz").json() == {"status": "ready"}
        assert web.get("/v1/log/checkpoint").status_code == 200
