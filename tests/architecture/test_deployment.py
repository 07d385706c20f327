"""The files of a deployment: nothing published that need not be, nobody root, no default secret."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import yaml

from services.settings.settings import Settings

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"
COMPOSE: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
ENVIRONMENT = "\n".join(
    (DEPLOY / name).read_text(encoding="utf-8") for name in ("example.env", "worker.env")
)


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_is_bounded_and_watched(name: str) -> None:
    """Every service has limits of memory and processor, a health check, and comes back."""
    service = SERVICES[name]
    assert service["mem_limit"]
    assert service["cpus"]
    assert service["healthcheck"]["test"][0] == "CMD"
    assert service["restart"] == "unless-stopped"


def test_only_the_gateway_is_published_and_on_loopback() -> None:
    """No database, broker or store has a port outside; the network between them is closed."""
    published = {name: one["ports"] for name, one in SERVICES.items() if "ports" in one}
    assert published == {"gateway": ["127.0.0.1:8700:8700"]}
    assert COMPOSE["networks"]["inside"]["internal"] is True
    joined = {name: one.get("networks", ()) for name, one in SERVICES.items()}
    assert [name for name, nets in joined.items() if "outside" in nets] == ["gateway"]
    beside = {name: one["network_mode"] for name, one in SERVICES.items() if "network_mode" in one}
    assert set(beside.values()) <= {"service:gateway", "service:compute-head"}
    assert all("inside" in nets for name, nets in joined.items() if name not in beside)


def test_every_process_runs_in_containers_too() -> None:
    """What the process file starts, the composed set starts by the same verb."""
    lines = (DEPLOY / "Procfile").read_text(encoding="utf-8").splitlines()
    verbs = {shlex.split(line.partition(": ")[2])[1] for line in lines}
    started = {one["command"][0] for one in SERVICES.values() if "build" in one}
    assert verbs - {"gateway"} <= started
    assert {"compute"} <= started


@pytest.mark.parametrize("name", [name for name, one in SERVICES.items() if "build" in one])
def test_ours_run_as_nobody_much(name: str) -> None:
    """Our processes have no rights, and write to their home and a bounded scratch alone."""
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    image = (DEPLOY / "images" / "Dockerfile").read_text(encoding="utf-8")
    assert image.rindex("\nUSER evident") < image.rindex("\nENTRYPOINT")


def test_every_secret_must_be_given() -> None:
    """What looks like a secret is a variable without a default."""
    text = (DEPLOY / "compose.yaml").read_text(encoding="utf-8")
    for word in re.findall(r"\$\{(\w*(?:PASSWORD|KEY|CONFIG)\w*)([^}]*)\}", text):
        assert word[1].startswith(":?"), word
    for line in ENVIRONMENT.splitlines():
        name, _, value = line.partition("=")
        if re.search(r"_(?:KEY|PASSWORD)$", name):
            assert not value, name


@pytest.mark.parametrize(
    ("processes", "example"), [("Procfile", "example.env"), ("Procfile.worker", "worker.env")]
)
def test_a_process_file_is_told_everything_it_asks_for(processes: str, example: str) -> None:
    """Every variable of a process file is in its example, and every line is one of our verbs."""
    lines = (DEPLOY / example).read_text(encoding="utf-8").splitlines()
    told = {line.partition("=")[0] for line in lines if "=" in line}
    for line in (DEPLOY / processes).read_text(encoding="utf-8").splitlines():
        name, _, command = line.partition(": ")
        assert re.fullmatch(r"[a-z]+", name)
        assert shlex.split(command)[0] == "evident"
        assert set(re.findall(r"\$\{(\w+)\}", command)) <= told


def test_examples_name_settings_that_there_are() -> None:
    """What a host is told is a setting of ours, or a word of its process file."""
    known = {f"EVIDENT_{name.upper()}" for name in Settings.model_fields}
    for processes, example in (("Procfile", "example.env"), ("Procfile.worker", "worker.env")):
        words = (DEPLOY / processes).read_text(encoding="utf-8")
        asked = set(re.findall(r"\$\{(\w+)\}", words))
        for line in (DEPLOY / example).read_text(encoding="utf-8").splitlines():
            name, sign, _ = line.partition("=")
            assert not sign or line.startswith("#") or name in known | asked, line


def test_what_renders_has_neither_the_key_nor_the_log() -> None:
    """The home's disk is where it is sealed and shown; what meets strangers' files has another."""
    for name, service in SERVICES.items():
        mounted = {str(one).partition(":")[0] for one in service.get("volumes", ())}
        renders = name in {"worker", "compute-head", "compute-worker"}
        if "build" in service:
            assert ("home" in mounted) is not renders, name
    told = SERVICES["worker"]["environment"]
    assert told["EVIDENT_PROVENANCE"].startswith("https://log:")
    assert "worker_token" in SERVICES["worker"]["secrets"]
