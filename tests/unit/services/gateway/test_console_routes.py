"""The console over HTTP: pages that load nothing from elsewhere, and sessions in place of keys."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from services.auth.scopes import Scope
from services.console.assets import assets
from services.gateway.app import GatewayLimits
from services.gateway.rate_limits import RateLimit
from tests.unit.services.gateway.platform_kit import Served, picture, serving


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    """A gateway."""
    with serving(tmp_path) as found:
        yield found


@contextmanager
def signed_in(served: Served, *scopes: Scope) -> Iterator[tuple[httpx.Client, str]]:
    """Sign in with a new key; gives a browser's line with its cookie, and the token."""
    key = served.key(*scopes)["Authorization"].removeprefix("Bearer ")
    with httpx.Client(base_url=served.client.base_url, trust_env=False, timeout=30) as line:
        reply = line.post("/console/session", json={"key": key})
        assert reply.status_code == 200
        yield line, reply.json()["result"]["csrf"]


def test_every_page_is_ours_and_says_so_to_the_browser(served: Served) -> None:
    """Each file is served with a policy that admits nothing from elsewhere, and names none."""
    for name, asset in assets().items():
        reply = served.client.get(f"/console/{name}")
        assert (reply.status_code, reply.content) == (200, asset.data)
        assert reply.headers["Content-Type"] == asset.media_type
        policy = reply.headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'")
        assert "unsafe" not in policy
        assert reply.headers["X-Content-Type-Options"] == "nosniff"
        # An SVG's name of its own language is no address that is fetched.
        addresses = set(re.findall(rb"https?://[^\"' ]+", asset.data))
        assert addresses <= {b"http://www.w3.org/2000/svg"}
        for word in (
            b"innerHTML",
            b"outerHTML",
            b"insertAdjacentHTML",
            b"document.write",
            b"eval(",
        ):
            assert word not in asset.data


def test_the_page_is_found_without_knowing_its_file(served: Served) -> None:
    """`/console` leads to the page, a page that was seen is not sent again, others are none."""
    assert served.client.get("/console").headers["Location"] == "/console/"
    page = served.client.get("/console/")
    assert page.content == assets()["index.html"].data
    again = served.client.get("/console/", headers={"If-None-Match": page.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    for name in ("none.js", "..%2fsessions.py", "%2e%2e/sessions.py", "__init__.py"):
        assert served.client.get(f"/console/{name}").status_code == 404


def test_a_session_does_what_its_key_may(served: Served) -> None:
    """With a cookie a page reads; with the token besides it uploads; sign-out ends it."""
    with signed_in(served) as (line, csrf):
        told = line.get("/console/session").json()["result"]
        assert (told["signed_in"], told["name"], told["project"], told["csrf"]) == (
            True, "vera", "p", csrf,
        )  # fmt: skip
        assert line.get("/v1/jobs").status_code == 200
        body = picture()
        assert line.post("/v1/artifacts", content=body).status_code == 401
        assert (
            line.post("/v1/artifacts", content=body, headers={"X-CSRF-Token": "x"}).status_code
            == 401
        )
        token = {"X-CSRF-Token": csrf}
        assert line.post("/v1/artifacts", content=body, headers=token).status_code == 201
        assert line.delete("/console/session").status_code == 403
        assert line.delete("/console/session", headers=token).json()["result"] == {
            "signed_in": False
        }
        assert "evident_session" not in line.cookies
        assert line.get("/console/session").json()["result"] == {"signed_in": False}
        assert line.get("/v1/jobs").status_code == 401


def test_who_signs_out_ends_every_copy_of_the_cookie(served: Served) -> None:
    """A cookie that was copied before stands for nobody once its owner signed out."""
    with signed_in(served) as (line, csrf), httpx.Client(base_url=line.base_url) as thief:
        thief.cookies.update(line.cookies)
        assert thief.get("/v1/jobs").status_code == 200
        assert line.delete("/console/session", headers={"X-CSRF-Token": csrf}).status_code == 200
        assert thief.get("/v1/jobs").status_code == 401
        assert thief.get("/console/session").json()["result"] == {"signed_in": False}
        sent = thief.post("/v1/artifacts", content=picture(), headers={"X-CSRF-Token": csrf})
        assert sent.status_code == 401
        assert thief.delete("/console/session", headers={"X-CSRF-Token": csrf}).status_code == 403


def test_a_session_has_the_scopes_of_its_key_and_no_more(served: Served) -> None:
    """A key that may only read jobs gives a session that may only read jobs."""
    with signed_in(served, Scope.JOBS_READ) as (line, csrf):
        assert line.get("/v1/jobs").status_code == 200
        reply = line.post("/v1/artifacts", content=picture(), headers={"X-CSRF-Token": csrf})
        assert reply.status_code == 403


def test_a_revoked_key_ends_its_sessions(served: Served) -> None:
    """The cookie of a key that is not in force any more stands for nobody."""
    with signed_in(served) as (line, _):
        for one in served.keys.list():
            served.keys.revoke(one.id)
        assert line.get("/v1/jobs").status_code == 401
        assert line.get("/console/session").status_code == 401


def test_the_cookie_is_kept_from_scripts_and_other_sites(served: Served) -> None:
    """HttpOnly, SameSite=Strict, for a stated time; and no key stands in it."""
    key = served.key()["Authorization"].removeprefix("Bearer ")
    reply = served.client.post("/console/session", json={"key": f"EVIDENT_KEY={key}\n"})
    cookie = reply.headers["Set-Cookie"]
    assert {"HttpOnly", "SameSite=strict", "Path=/", "Max-Age=43200"} <= set(cookie.split("; "))
    assert key not in cookie
    assert "Secure" not in cookie


@pytest.mark.parametrize(
    ("body", "status"),
    [(b"", 422), (b"{", 422), (b"[]", 422), (b'{"key": ""}', 422), (b'{"key": 1}', 422),
     (b'{"key": "ev_wrong"}', 401), (b"[" * 4000, 422), (b"x" * 5000, 413)],
)  # fmt: skip
def test_what_is_no_key_signs_nobody_in(served: Served, body: bytes, status: int) -> None:
    """Rubbish and wrong keys are refused, and no cookie is given."""
    reply = served.client.post("/console/session", content=body)
    assert reply.status_code == status
    assert "Set-Cookie" not in reply.headers


def test_guessing_is_slow(tmp_path: Path) -> None:
    """Wrong keys are counted by address, as they are everywhere."""
    limits = GatewayLimits(wrong_keys=RateLimit(per_second=0.001, burst=3))
    with serving(tmp_path, limits) as served:
        tried = [
            served.client.post("/console/session", json={"key": f"ev_{number}"}).status_code
            for number in range(5)
        ]
    assert tried == [401, 401, 401, 429, 429]
