"""The console in a real browser: in with a key, a photograph through, its result fetched, out."""

from __future__ import annotations

from pathlib import Path

import httpx

from tests.e2e.browser_kit import browser
from tests.e2e.command_kit import Evident
from tests.e2e.test_cli_serve import serving


def test_an_operator_gets_a_photograph_done(evident: Evident, photo: Path, tmp_path: Path) -> None:
    """Signs in, submits with a case, sees it end, finds it in the list, and signs out."""
    with serving(evident) as (address, server), browser(tmp_path) as page:
        assert server.stdout is not None
        key = server.stdout.readline().strip().removeprefix("EVIDENT_KEY=")
        page.open(f"{address}/console/")
        page.until("document.querySelector('#key')")
        page.type("#key", "x" * 43)
        page.click("form button")
        page.until("document.querySelector('#notice').innerText.includes('not in force')")
        page.type("#key", key)
        page.click("form button")
        page.until("document.querySelector('.filters')")
        assert "No job here yet" in page.text()

        page.run("location.hash = '#/new'")
        page.until("document.querySelector('#files')")
        page.choose("#files", photo)
        page.type("#case", "2026/<b>7</b>")
        page.click("main form button")
        page.until("document.querySelector('.chip.done')")
        said = page.text()
        assert photo.name in said
        assert "2026/<b>7</b>" in said
        for made in ("enhanced", "report.json", "report.pdf", "bundle.zip"):
            assert made in said
        page.click(".pictures summary")
        page.until(
            "[...document.querySelectorAll('img.result')].filter(i => i.naturalWidth).length === 2"
        )

        page.run("location.hash = '#/jobs?state=done'")
        page.until("document.querySelectorAll('tbody tr').length === 1")
        page.type("#case", "another")
        page.until("document.querySelectorAll('tbody tr').length === 0")
        page.run("location.hash = '#/networks'")
        page.until("document.querySelectorAll('details.card').length > 5")
        assert "evident-sr-x2" in page.text()

        page.click("#leave")
        page.until("document.querySelector('#key')")
        page.run("location.hash = '#/jobs'")
        page.until("document.querySelector('#key')")
        assert page.faults == []


def test_what_is_shown_says_when_it_is_old(evident: Evident, photo: Path, tmp_path: Path) -> None:
    """While the server is away a page says since when; names of any length and direction fit."""
    name = "ملف-" + "long-" * 45 + ".png"
    with serving(evident) as (address, server), browser(tmp_path) as page:
        assert server.stdout is not None
        key = server.stdout.readline().strip().removeprefix("EVIDENT_KEY=")
        headers = {"Authorization": f"Bearer {key}"}
        with httpx.Client(base_url=address, headers=headers, timeout=60) as client:
            sent = client.post("/v1/artifacts", params={"name": name}, content=photo.read_bytes())
            source = {"artifact": sent.json()["result"]["artifact"]}
            wish = {"pipeline": "photo", "inputs": {"source": source}}
            made = client.post("/v1/jobs", json=wish).json()["result"]["job_id"]
        page.size(360, 700)
        page.open(f"{address}/console/")
        page.until("document.querySelector('#key')")
        page.type("#key", key)
        page.click("form button")
        for place in ("jobs", f"jobs/{made}"):
            page.run(f"location.hash = '#/{place}'")
            page.until("document.querySelector('bdi.name')")
            assert page.run("document.documentElement.scrollWidth <= innerWidth"), place
        page.until("document.querySelector('.chip.done')")
        page.run("location.hash = '#/jobs'")
        page.until("document.querySelectorAll('tbody tr').length === 1")
        said = "document.body.innerText.includes('Shown is how it stood at')"
        page.offline(is_so=True)
        page.until(said)
        page.offline(is_so=False)
        page.until(f"!{said}")
        page.offline(is_so=True)
        page.run(f"location.hash = '#/jobs/{made}'")
        page.until("document.body.innerText.includes('Look again')")
        assert page.faults == []


def test_a_phone_shows_every_page_in_its_width(evident: Evident, tmp_path: Path) -> None:
    """On a narrow screen nothing has to be pushed sideways."""
    with serving(evident) as (address, server), browser(tmp_path) as page:
        assert server.stdout is not None
        key = server.stdout.readline().strip().removeprefix("EVIDENT_KEY=")
        page.size(360, 700)
        page.open(f"{address}/console/")
        page.until("document.querySelector('#key')")
        page.type("#key", key)
        page.click("form button")
        page.until("document.querySelector('.filters')")
        for place, sign in (("new", "#files"), ("networks", "details.card"), ("jobs", ".filters")):
            page.run(f"location.hash = '#/{place}'")
            page.until(f"document.querySelector('{sign}')")
            assert page.run("document.documentElement.scrollWidth <= innerWidth"), place
        assert page.faults == []
