"""What a measurement was made on: processor, cores, Python and libraries. No names, no paths."""

from __future__ import annotations

import os
import platform
import sys
from importlib.metadata import version
from pathlib import Path


def describe(*libraries: str) -> dict[str, str | int | dict[str, str]]:
    """Describe this machine and the versions of the named distributions."""
    return {
        "processor": _processor(),
        "cores_usable": len(os.sched_getaffinity(0)),
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "libraries": {name: version(name) for name in sorted(libraries)},
    }


def _processor() -> str:
    """Name the processor as the kernel does, with its vendor, family and model."""
    facts: dict[str, str] = {}
    if sys.platform == "linux":
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            key, _, value = line.partition(":")
            facts.setdefault(key.strip(), value.strip())
    name = facts.get("model name") or platform.processor() or platform.machine()
    if "cpu family" not in facts:
        return name
    return f"{name}, family {facts['cpu family']}, model {facts.get('model', 'unknown')}"
