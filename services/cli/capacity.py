"""How much memory this process may use, as the kernel and its control group tell it."""

from __future__ import annotations

import os
from pathlib import Path

_MEMINFO = Path("/proc/meminfo")
_GROUPS = (
    (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory.current")),
    (
        Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"),
        Path("/sys/fs/cgroup/memory/memory.usage_in_bytes"),
    ),
)


def available_memory_bytes() -> int:
    """Bytes that can be used without swapping: of the machine, or of the container if less."""
    found = [_machine(), *(_group(limit, used) for limit, used in _GROUPS)]
    return min(bytes_ for bytes_ in found if bytes_ is not None)


def _machine() -> int:
    try:
        for line in _MEMINFO.read_text().splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    except (OSError, ValueError, IndexError):
        pass
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2


def _group(limit: Path, used: Path) -> int | None:
    """What is left of a control group's memory; its page cache counts as used, which errs low."""
    try:
        return max(0, int(limit.read_text()) - int(used.read_text()))
    except (OSError, ValueError):
        return None
