"""`evident serve` and its client as processes: in, watched, out again, verified, drained."""

from __future__ import annotations

import re
import signal
import stat
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.e2e.command_kit import Evident, make_clip


@contextmanager
def serving(evident: Evident) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """Serve on a free port; gives the address. Afterwards it has drained and ended well."""
    server = evident.start("serve", "--port", "0")
    try:
        assert server.stderr is not None
        found = next(
            (hit[0] for line in server.stderr if (hit := re.match(r"http://127.0.0.1:\d+", line))),
            None,
        )
        assert found is not None, "the server printed no address"
        yield found, server
        server.send_signal(signal.SIGTERM)
        _, said = server.communicate(timeout=60)
        assert server.returncode == 0, said[-2000:]
        assert '"event": "ended"' in said
    finally:
        server.kill()
        server.communicate()


def test_a_photo_and_a_clip_go_all_the_way(evident: Evident, photo: Path, tmp_path: Path) -> None:
    """Files go in over HTTP and come out enhanced, with bundles that verify; every step is told."""
    clip = make_clip(tmp_path / "tram.mp4", frames=30)
    with serving(evident) as (address, server):
        assert server.stdout is not None
        key = server.stdout.readline().strip().removeprefix("EVIDENT_KEY=")
        kept = tmp_path / "home" / "credentials"
        assert stat.S_IMODE(kept.stat().st_mode) == 0o600
        done = evident(
            "submit", photo, clip, "--gateway", address, "--out", "results", "--case", "7", "--json"
        )
        assert done.code == 0, done.err
        jobs = done.json["jobs"]
        assert [one["state"] for one in jobs] == ["done", "done"]
        for one in jobs:
            bundle = next(made["path"] for made in one["outputs"] if made["name"] == "bundle.zip")
            checked = evident("verify", bundle, "--json")
            assert checked.code == 0, checked.out
            watched = evident("watch", one["job_id"], "--gateway", address, "--json")
            assert watched.code == 0, watched.err
            numbers = [event["number"] for event in watched.json["events"]]
            assert numbers == list(range(1, len(numbers) + 1))
            assert watched.json["job"]["case"] == "7"
        bearer = {"Authorization": f"Bearer {key}"}
        with httpx.Client(base_url=address, trust_env=False, headers=bearer) as web:
            taken = web.get("/v1/evidence/events?kind=upload").json()["result"]["events"]
            assert {one["body"]["principal"] for one in taken} == {"operator"}
            assert 'evident_artifact_bytes_total{way="in"}' in web.get("/metrics").text
            assert web.get("/readyz").json()["status"] == "ready"
        shown = evident("status", "--gateway", address, "--json")
        assert {one["job_id"] for one in shown.json["jobs"]} == {one["job_id"] for one in jobs}
    assert evident("log", "fsck", "--bodies").code == 0


def test_a_second_start_prints_no_key_and_goes_on(evident: Evident, photo: Path) -> None:
    """What was accepted before a stop is done after the next start; the key stays the same."""
    with serving(evident) as (address, server):
        assert server.stdout is not None
        assert server.stdout.readline().startswith("EVIDENT_KEY=")
        sent = evident("submit", photo, "--gateway", address, "--json")
        assert sent.code == 0, sent.err
        job = sent.json["jobs"][0]["job_id"]
    with serving(evident) as (address, server):
        assert evident("watch", job, "--gateway", address).code == 0
        server.send_signal(signal.SIGTERM)
        assert server.stdout is not None
        assert server.stdout.read() == ""


@pytest.mark.parametrize(
    "words",
    [("--host", "0.0.0.0"), ("--host", "::"), ("--host", "example.org")],  # noqa: S104 - refused
)
def test_no_door_is_open_to_the_outside(evident: Evident, words: tuple[str, ...]) -> None:
    """An address that others can reach is refused without TLS or a proxy that ends it."""
    refused = evident("serve", *words)
    assert refused.code == 2
    assert "in the clear" in refused.err
    assert not (evident.folder / "home").exists()


def test_a_client_without_a_key_or_a_gateway_is_told(evident: Evident, photo: Path) -> None:
    """A client says what is missing: a key, a gateway, or a line that nobody can listen to."""
    assert "no key" in evident("status").err
    (evident.folder / "home").mkdir()
    (evident.folder / "home" / "credentials").write_text("EVIDENT_KEY=" + "x" * 43)
    gone = evident("submit", photo, "--gateway", "http://127.0.0.1:9")
    assert gone.code == 1
    assert "does not answer" in gone.err
    clear = evident("status", "--gateway", "http://example.org")
    assert clear.code == 2
    assert "in the clear" in clear.err
