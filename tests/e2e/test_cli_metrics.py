"""Counts of a running platform: each that the page names is there, and moves as it should."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from pathlib import Path

import httpx

from tests.e2e.command_kit import ROOT, Evident
from tests.e2e.test_cli_serve import serving


def named(text: str) -> set[str]:
    """Every metric that a text names."""
    return set(re.findall(r"\bevident_[a-z_]+\b", text))


def families(scraped: str) -> set[str]:
    """Every name under which values of a scrape may be asked for."""
    found = dict(re.findall(r"^# TYPE (\S+) (\S+)$", scraped, re.MULTILINE))
    for name, kind in list(found.items()):
        if kind == "histogram":
            found |= {f"{name}_{part}": kind for part in ("bucket", "count", "sum")}
    return set(found)


def values(scraped: str) -> Callable[[str], float]:
    """Look one value of a scrape up; 0 where it is absent."""

    def value(line: str) -> float:
        hit = re.search(rf"^{re.escape(line)} (\S+)$", scraped, re.MULTILINE)
        return 0.0 if hit is None else float(hit[1])

    return value


def settled(web: httpx.Client) -> str:
    """Scrape until the stage whose job is done is counted as well: that comes a moment later."""
    deadline = time.monotonic() + 60
    while True:
        scraped = web.get("/metrics").text
        value = values(scraped)
        is_counted = value('evident_stage_seconds_count{ended="done",lane="photo"}') == 1
        is_sealed = value('evident_keeper_duty_timestamp_seconds{duty="seal"}') > 0
        is_idle = value("evident_worker_running_stages") == 0
        if (is_counted and is_sealed and is_idle) or time.monotonic() > deadline:
            return scraped
        time.sleep(0.2)


def test_values_move_with_the_work(evident: Evident, photo: Path) -> None:
    """One photograph moves requests, bytes, stages, steps, frames, stores and duties."""
    with serving(evident) as (address, server):
        assert server.stdout is not None
        key = server.stdout.readline().strip().removeprefix("EVIDENT_KEY=")
        bearer = {"Authorization": f"Bearer {key}"}
        done = evident("submit", photo, "--gateway", address, "--out", "results", "--json")
        assert done.code == 0, done.err
        with httpx.Client(base_url=address, trust_env=False, headers=bearer) as web:
            scraped = settled(web)
            ready = web.get("/readyz").json()
    assert ready["status"] == "ready"
    value = values(scraped)
    assert value('evident_stage_seconds_count{ended="done",lane="photo"}') == 1
    assert value('evident_step_seconds_count{step="storing"}') == 1
    assert value('evident_frames_total{pipeline="photo"}') == 1
    assert value('evident_pixels_total{pipeline="photo"}') > 0
    assert value('evident_rendering_seconds_total{pipeline="photo"}') > 0
    assert value('evident_store_seconds_count{call="put"}') > 0
    assert value('evident_store_seconds_count{call="append"}') == 1
    assert value('evident_keeper_duty_timestamp_seconds{duty="seal"}') > 0
    assert value('evident_artifact_bytes_total{way="in"}') == photo.stat().st_size
    assert value('evident_unfinished_jobs{state="queued"}') == 0
    assert value("evident_worker_running_stages") == 0
    page = (ROOT / "docs" / "metrics.md").read_text(encoding="utf-8")
    # Nothing was probed here, and what nobody can tell is absent.
    there = families(scraped) | {"evident_probe_age_seconds", "evident_probe_seconds"}
    alerts = (ROOT / "deploy" / "alerts" / "evident.rules.yaml").read_text(encoding="utf-8")
    board = (ROOT / "deploy" / "dashboards" / "evident.json").read_text(encoding="utf-8")
    for text in (page, alerts, board):
        assert len(named(text)) > 15
        assert named(text) <= there
