"""The probe of the work path, through a running platform and through one where nobody works."""

from __future__ import annotations

import re
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from tests.e2e.command_kit import Evident
from tests.e2e.test_cli_serve import serving


@contextmanager
def gateway_alone(evident: Evident) -> Iterator[str]:
    """A gateway without workers."""
    server = evident.start("gateway", "--port", "0")
    try:
        assert server.stderr is not None
        found = next(
            hit[0] for line in server.stderr if (hit := re.match(r"http://127.0.0.1:\d+", line))
        )
        yield found
        server.send_signal(signal.SIGTERM)
        server.communicate(timeout=60)
    finally:
        server.kill()
        server.communicate()


def asked(evident: Evident, address: str, path: str) -> httpx.Response:
    """Ask with the operator's key."""
    words = (evident.folder / "home" / "credentials").read_text("utf-8").strip()
    key = words.removeprefix("EVIDENT_KEY=")
    bearer = {"Authorization": f"Bearer {key}"}
    with httpx.Client(base_url=address, trust_env=False, headers=bearer, timeout=30) as web:
        return web.get(path)


def age(scraped: str) -> float | None:
    """The age of the last good probe, as a scrape tells it."""
    found = re.search(r"^evident_probe_age_seconds (\S+)$", scraped, re.MULTILINE)
    return None if found is None else float(found[1])


def entries(evident: Evident, address: str, query: str, *, count: int) -> list[dict[str, Any]]:
    """So many entries of the evidence log; what was just recorded is sealed a moment later."""
    deadline = time.monotonic() + 60
    while True:
        said = asked(evident, address, f"/v1/evidence/events?{query}").json()
        found: list[dict[str, Any]] = said["result"]["events"]
        if len(found) >= count or time.monotonic() > deadline:
            return found
        time.sleep(0.2)


def test_a_probe_goes_through_every_service_and_leaves_nothing(evident: Evident) -> None:
    """It ends well, its age is told, its entries say what they are, and it holds no files."""
    with serving(evident) as (address, _):
        assert age(asked(evident, address, "/metrics").text) is None
        assert asked(evident, address, "/readyz").json()["work_path"] == {"probe_age_seconds": None}
        first = evident("probe", "--gateway", address, "--json")
        assert first.code == 0, first.err
        told = asked(evident, address, "/metrics").text
        found = age(told)
        assert found is not None
        assert found < 600
        assert "\nevident_probe_seconds " in told
        ready = asked(evident, address, "/readyz").json()
        assert ready["status"] == "ready"
        assert ready["work_path"]["probe_age_seconds"] < 600
        marked = entries(evident, address, "project=probe&kind=accepted", count=1)
        assert [one["body"]["case"] for one in marked] == ["probe of the work path"]
        given_up = entries(evident, address, "project=probe&kind=release", count=4)
        taken = entries(evident, address, "project=probe&kind=access", count=2)
        assert len(given_up) == 4
        assert len(taken) == 2
        assert evident("probe", "--gateway", address).code == 0
        keys = evident("keys", "list", "--json").json["keys"]
        assert [one["project"] for one in keys] == ["probe", "probe"]
        assert all(one["revoked_at"] for one in keys)
    assert evident("log", "fsck", "--bodies").code == 0


def test_a_probe_that_nobody_works_on_is_called_off(evident: Evident, tmp_path: Path) -> None:
    """Without workers it ends with the reason, tells no age, and leaves no job that waits."""
    with gateway_alone(evident) as address:
        failed = evident("probe", "--gateway", address, "--limit", "1", "--json")
        assert failed.code == 1
        assert "did not end in time" in failed.json["error"]["reason"]
        told = asked(evident, address, "/metrics").text
        assert age(told) is None
        assert 'evident_unfinished_jobs{state="queued"} 0.0' in told
        ready = asked(evident, address, "/readyz")
        assert ready.json()["work_path"] == {"probe_age_seconds": None}


def test_a_probe_without_a_gateway_says_so(evident: Evident) -> None:
    """The reason names the gateway."""
    failed = evident("probe", "--gateway", "http://127.0.0.1:9", "--json")
    assert failed.code == 1
    assert "gateway" in failed.json["error"]["reason"]
