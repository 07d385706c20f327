"""The console in a real browser: in with a key, a photograph through, its result fetched, out."""

from __future__ import annotations

from pathlib import Path

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
        page.click(".files + details summary")
        page.until("document.querySelector('img.result')?.naturalWidth > 0")

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
