"""`evident compute`: makes this process a node of a pool, or shows the pool."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipelines.errors import EvidentError
from services.cli.compute_wiring import require_ray, token_path
from services.cli.evidence_wiring import settings_for
from services.cli.printing import FAILED, GOOD, print_json, print_text, wrong_use
from services.compute.ray_binding import LOOPBACK, ray_environment
from services.compute.ray_node import PORT, Node, become
from services.compute.ray_settings import LOCAL, address_of, own_token
from services.settings.settings import Settings

STATUS_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Asked:
    """What node to be; `join` None is the head."""

    host: str
    port: int
    join: str | None
    token: Path | None
    processors: int | None
    home: Path | None


def node(asked: Asked) -> int:
    """Become the node; returns the exit code where it cannot."""
    try:
        require_ray()
        settings = _settings(asked.home, asked.token)
        token = token_path(settings)
        become(
            Node(
                token=own_token(token) if asked.join is None else token,
                join=asked.join,
                host=asked.host,
                port=asked.port or PORT,
                processors=asked.processors,
            ),
            {**os.environ, "EVIDENT_HOME": str(settings.home.absolute())},
        )
    except EvidentError as error:
        return wrong_use(error, as_json=False)


def status(address: str | None, *, token: Path | None, home: Path | None, as_json: bool) -> int:
    """Print the pool's machines; 1 where it does not answer."""
    try:
        require_ray()
        settings = _settings(home, token)
        asked = address or _known_address(settings)
        found = _pool(asked, token_path(settings))
    except EvidentError as error:
        return wrong_use(error, as_json=as_json)
    if as_json:
        print_json({"ok": found is not None, "address": asked, "pool": found})
    elif found is None:
        print_text(f"{asked}: no pool answers")
    else:
        for one in found["nodes"]:
            word = "alive" if one["alive"] else "gone "
            print_text(f"{word} {one['address']}: {one['processors']:g} processors, "
                       f"{one['gpus']:g} GPUs")  # fmt: skip
        print_text(f"{found['free_processors']:g} processors are free; ray {found['version']}")
    return GOOD if found is not None else FAILED


def _settings(home: Path | None, token: Path | None) -> Settings:
    settings = settings_for(home)
    return settings if token is None else settings.model_copy(update={"compute_token": token})


def _known_address(settings: Settings) -> str:
    if settings.compute is None or settings.compute == LOCAL:
        return f"{LOOPBACK}:{PORT}"
    known = address_of(settings.compute)
    assert known is not None  # noqa: S101 - only LOCAL has none
    return known


def _pool(address: str, token: Path) -> dict[str, Any] | None:
    """Ask the pool from a child: a client of Ray waits for a head that is gone."""
    environment = dict(os.environ)
    ray_environment(environment, token)
    command = [sys.executable, "-m", "services.compute.ray_node", "pool", address]
    try:
        done = subprocess.run(
            command,
            env=environment,
            capture_output=True,
            text=True,
            timeout=STATUS_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return None
    if done.returncode:
        return None
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found
