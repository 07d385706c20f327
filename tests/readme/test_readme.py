"""The README keeps its word: its commands run, and what it shows of their output is true."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```console\n(.*?)```", README, re.DOTALL)


def commands(program: str) -> list[tuple[list[str], list[str]]]:
    """Every `$ program …` of the README with the lines that it is said to print."""
    found: list[tuple[list[str], list[str]]] = []
    for block in BLOCKS:
        current: list[str] | None = None
        for line in block.splitlines():
            if line.startswith("$ "):
                words = shlex.split(line[2:])
                current = []
                if words[0] == program:
                    found.append((words[1:], current))
            elif current is not None and line.strip():
                current.append(line)
    return found


def test_the_commands_do_what_the_page_says(tmp_path: Path) -> None:
    """Every `evident` command of the README succeeds in order and prints the lines shown."""
    for name in ("photo.jpg", "clip.mp4"):
        shutil.copy(ROOT / "samples" / name, tmp_path / name)
    environment = {
        **os.environ,
        "EVIDENT_HOME": str(tmp_path / "home"),
        "PYTHONPATH": str(ROOT),
    }
    listed = commands("evident")
    assert len(listed) >= 6
    for words, lines in listed:
        done = subprocess.run(
            [sys.executable, "-m", "services.cli.main", *words],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert done.returncode == 0, f"evident {shlex.join(words)}: {done.stderr}"
        for line in lines:
            assert line.partition("…")[0].rstrip() in done.stdout, (words, line, done.stdout)


def test_make_knows_the_commands_of_the_page() -> None:
    """Every `make` target that the README names is one of the Makefile's."""
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = {words[0] for words, _ in commands("make")}
    assert named == {"run", "test"}
    assert named <= targets


@pytest.mark.parametrize("page", ["README.md", "ARCHITECTURE.md"])
def test_links_lead_somewhere(page: str) -> None:
    """Every link and picture of a page to a file of the repository is there."""
    text = (ROOT / page).read_text(encoding="utf-8")
    links = [link for link in re.findall(r"\]\(([^)#]+)\)", text) if "://" not in link]
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_paths_in_the_architecture_exist() -> None:
    """A room or module that ARCHITECTURE.md names by its path is there."""
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`((?:models|pipelines|services)/[a-z_/]+)`", text))
    assert named
    assert [name for name in named if not (ROOT / name).exists()] == []
