"""Makes this process a node of a pool: its head, or one that joins; and tells of the pool.

`python -m services.compute.ray_node start …` is Ray's own `ray start`, bound to the address that
it is given. Without an address that is loopback; every call between nodes carries the token.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from pipelines.errors import RequestError
from services.compute.ray_binding import (
    LOOPBACK,
    is_loopback,
    listen_where_told,
    ray_environment,
    require_private,
)
from services.compute.ray_child import OBJECT_STORE_BYTES

PORT = 6380


@dataclass(frozen=True, slots=True)
class Node:
    """What a node is: `join` is the head's address, None for the head itself.

    `host` is the address of this machine on which it listens; `processors` what it offers.
    """

    token: Path
    join: str | None = None
    host: str = LOOPBACK
    port: int = PORT
    processors: int | None = None
    folder: Path | None = None

    def arguments(self) -> list[str]:
        """The words for `ray start`. Raises RequestError where the node would be exposed."""
        require_private(self.token)
        if self.join is not None and is_loopback(self.host) != is_loopback(_host(self.join)):
            raise RequestError(
                f"A node on {self.host} and a head on {_host(self.join)} do not reach each other.",
                next_step="Name with --host the address of this machine that the head can reach.",
            )
        where = (
            ["--head", f"--port={self.port}", "--include-dashboard=false"]
            if self.join is None
            else [f"--address={self.join}"]
        )
        return [
            "start", "--block", "--disable-usage-stats", *where,
            f"--node-ip-address={self.host}",
            f"--object-store-memory={OBJECT_STORE_BYTES}",
            "--min-worker-port=0", "--max-worker-port=0",
            *([] if self.processors is None else [f"--num-cpus={self.processors}"]),
            *([] if self.folder is None or self.join else [f"--temp-dir={self.folder}"]),
        ]  # fmt: skip


def become(node: Node, environment: dict[str, str]) -> NoReturn:
    """Replace this process by the node, until it is told to end."""
    command = [sys.executable, "-m", "services.compute.ray_node", *node.arguments()]
    ray_environment(environment, node.token)
    os.execve(sys.executable, command, environment)  # noqa: S606 - no shell


def main() -> None:
    """Run Ray's command line, or tell of a pool as one line of JSON."""
    listen_where_told()
    if sys.argv[1] == "pool":
        print(json.dumps(_pool(sys.argv[2])))  # noqa: T201 - what this call is for
        return
    from ray.scripts.scripts import cli  # noqa: PLC0415 - slow

    cli(sys.argv[1:], prog_name="ray")


def _pool(address: str) -> dict[str, Any]:
    """The nodes of a pool."""
    ray: Any = importlib.import_module("ray")
    ray.init(address=address, log_to_driver=False, configure_logging=False)
    nodes = [
        {
            "address": str(node["NodeManagerAddress"]),
            "alive": bool(node["Alive"]),
            "processors": node["Resources"].get("CPU", 0.0),
            "gpus": node["Resources"].get("GPU", 0.0),
        }
        for node in ray.nodes()
    ]
    free = ray.available_resources()
    ray.shutdown()
    return {"nodes": nodes, "free_processors": free.get("CPU", 0.0), "version": ray.__version__}


def _host(address: str) -> str:
    return address.rpartition(":")[0].strip("[]")


if __name__ == "__main__":
    main()
