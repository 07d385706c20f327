"""Runs the commands of a bundle's VERIFY.txt as a reader types them."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest

TOOLS = ("bash", "openssl", "sha256sum", "base64", "grep", "sed", "cmp")


def require(*tools: str) -> None:
    """Skip on a laptop where a program is missing; fail where tests must run."""
    for tool in tools:
        if shutil.which(tool) is None:
            if os.environ.get("CI"):
                pytest.fail(f"this machine lacks {tool}")
            pytest.skip(f"this machine lacks {tool}")


def unpack(bundle: Path, folder: Path) -> Path:
    """Unpack a bundle; return the folder that its page names."""
    with zipfile.ZipFile(bundle) as packed:
        packed.extractall(folder)
    return folder / "bundle"


def steps(bundle: Path) -> list[str]:
    """Return the page's commands, one block per step."""
    page = (bundle / "VERIFY.txt").read_text(encoding="utf-8")
    blocks = re.findall(r"(?:^    .*\n)+", page, re.MULTILINE)
    return [re.sub(r"(?m)^    ", "", block) for block in blocks]


def run(command: str, bundle: Path) -> subprocess.CompletedProcess[str]:
    """Run one block in the folder that the page names."""
    return subprocess.run(
        ["bash", "-e", "-o", "pipefail", "-c", command],
        cwd=bundle,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
