"""What SREs hold on to: each alert has its page, asks for what exists, and does what it must."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.servers.missing import missing

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
RULES_FILE = DEPLOY / "alerts" / "evident.rules.yaml"
RULES: list[dict[str, Any]] = yaml.safe_load(RULES_FILE.read_text("utf-8"))["groups"][0]["rules"]
BOARD: dict[str, Any] = json.loads((DEPLOY / "dashboards" / "evident.json").read_text("utf-8"))
PAGES = ROOT / "docs" / "runbooks"


def told() -> set[str]:
    """Every value that the page of metrics names; a running platform shows no others."""
    page = (ROOT / "docs" / "metrics.md").read_text("utf-8")
    return set(re.findall(r"\b(?:evident|process)_[a-z_]+\b", page))


def asked(expression: str) -> set[str]:
    """Every value that an expression asks for, without the endings of histograms."""
    names = re.findall(r"\b(?:evident|process)_[a-z_]+\b", expression)
    return {re.sub(r"(?<=_seconds)_(?:bucket|count|sum)$", "", name) for name in names}


def promtool(*words: str) -> str:
    """Run Prometheus' own checker."""
    program = shutil.which("promtool")
    if program is None:
        missing("promtool", "Debian's prometheus")
    done = subprocess.run(
        [program, *words], cwd=RULES_FILE.parent, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
def test_an_alert_leads_to_its_page(rule: dict[str, Any]) -> None:
    """Its page says what it means, what to look at and what to do; how urgent it is, is stated."""
    page = ROOT / rule["annotations"]["runbook"]
    text = page.read_text("utf-8")
    assert page.parent == PAGES
    assert text.startswith(f"# {rule['alert']}\n")
    for head in ("## What it means", "## What to look at", "## What to do"):
        assert text.count(f"\n{head}\n") == 1
    assert rule["labels"]["severity"] in {"critical", "warning", "info"}
    assert rule["annotations"]["summary"].endswith(".")


def test_every_page_belongs_to_an_alert() -> None:
    """No page is left over, and no two alerts share one."""
    linked = [rule["annotations"]["runbook"] for rule in RULES]
    assert sorted(linked) == sorted(str(page.relative_to(ROOT)) for page in PAGES.iterdir())


def test_alerts_and_boards_ask_for_values_that_are_told() -> None:
    """What an alert or a panel asks for stands on the page of metrics."""
    expressions = [rule["expr"] for rule in RULES]
    expressions += [target["expr"] for panel in BOARD["panels"] for target in panel["targets"]]
    for expression in expressions:
        names = asked(expression)
        assert names - {"process_resident_memory_bytes"} <= told(), expression
        assert names or "up{" in expression, expression


def test_the_board_shows_every_value_of_ours() -> None:
    """Nothing is counted that nobody looks at; panels do not lie on each other."""
    shown = set().union(
        *(asked(target["expr"]) for panel in BOARD["panels"] for target in panel["targets"])
    )
    assert {name for name in told() if name.startswith("evident_")} <= shown
    places = [(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in BOARD["panels"]]
    numbers = [panel["id"] for panel in BOARD["panels"]]
    assert len(set(places)) == len(places)
    assert len(set(numbers)) == len(numbers)
    assert all(panel["gridPos"]["x"] + panel["gridPos"]["w"] <= 24 for panel in BOARD["panels"])


def test_the_rules_do_what_they_must() -> None:
    """Prometheus reads the rules, and over made-up values they ring when they should, not else."""
    assert f"{len(RULES)} rules found" in promtool("check", "rules", RULES_FILE.name)
    promtool("test", "rules", "evident.tests.yaml")
    promtool("check", "config", "--syntax-only", "../prometheus/prometheus.yaml")
