"""The laws of the house, as machines: rooms, directions, names, sizes, and what is never said."""

from __future__ import annotations

import ast
import importlib
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FLOORS = ("models", "pipelines", "services")
ROOMS = {
    "models": ("nets", "engines", "export", "training", "cards", "install", "formats"),
    "pipelines": (
        "graph", "media", "operations", "analysis", "quality", "stages", "run", "gates", "evidence",
    ),
    "services": (
        "gateway", "orchestrator", "watcher", "compute", "dispatch", "provenance", "jobs",
        "storage", "auth", "database", "telemetry", "settings", "cli", "console",
    ),
}  # fmt: skip
MOST_LINES = 400
MOST_WEIGHT_BYTES = 1_500_000
HEAVY = ("numpy", "av", "cv2", "PIL", "pyvips", "onnxruntime", "torch", "reportlab", "cryptography")


def tracked(*patterns: str) -> list[Path]:
    """The files that belong to the repository."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z", *patterns],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    return [path for name in listed.split("\0") if name and (path := ROOT / name).exists()]


def texts() -> Iterator[tuple[Path, str]]:
    """Every tracked file that is text."""
    for path in tracked():
        try:
            yield path, path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue


def sources() -> list[Path]:
    """Every module of the three floors."""
    return tracked(*(f"{floor}/**/*.py" for floor in FLOORS))


def test_a_newcomer_is_told_of_every_room() -> None:
    """Every room has a line in ARCHITECTURE.md, and the floors are drawn there as they are."""
    page = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    table = "".join(line for line in page.splitlines() if line.startswith("| `"))
    untold = [
        f"{floor}/{name}" for floor, names in ROOMS.items() for name in names
        if f"`{floor}/{name}`" not in table
    ]  # fmt: skip
    assert untold == []
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    drawn = " ".join(page.split("```")[1].split())
    for contract in contracts["tool"]["importlinter"]["contracts"]:
        if "containers" in contract:
            floor = contract["containers"][0]
            assert f"{floor}/ {' > '.join(contract['layers'])}" in drawn


def test_import_contracts_hold() -> None:
    """No room imports what stands above it or beside it."""
    linter = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([linter], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("floor", FLOORS)
def test_rooms_stand_as_they_are_drawn(floor: str) -> None:
    """Every room of the design is a folder of its floor."""
    assert [room for room in ROOMS[floor] if not (ROOT / floor / room).is_dir()] == []


@pytest.mark.parametrize("floor", FLOORS)
def test_the_names_are_ours(floor: str) -> None:
    """The generic import names of the floors mean this repository."""
    module = importlib.import_module(floor)
    assert Path(str(module.__file__)).parent == ROOT / floor


def test_every_package_says_what_it_is() -> None:
    """Packages are regular and open with a docstring."""
    for folder in {path.parent for path in sources()}:
        assert (folder / "__init__.py").exists(), folder
        assert ast.get_docstring(ast.parse((folder / "__init__.py").read_text())), folder


def test_no_file_is_a_drawer() -> None:
    """Nothing is called utils, helpers, common or misc."""
    drawers = {"utils", "util", "helpers", "helper", "common", "misc"}
    assert [path for path in tracked() if path.stem in drawers] == []


def test_files_stay_small() -> None:
    """A module that grows beyond a few hundred lines wants to be two."""
    long = [path for path in tracked("*.py") if len(path.read_text().splitlines()) > MOST_LINES]
    assert long == []


def test_nothing_speaks_of_its_making() -> None:
    """No path of one machine, no open end, no number of a task in any file."""
    marks = [
        re.compile(rf"(?<![\w.])/{home}/[a-z]") for home in ("work", "root", "home")
    ]  # fmt: skip
    marks += [re.compile(rf"\b{word}\b") for word in ("TO" + "DO", "FIX" + "ME", "XX" + "X")]
    found = [
        f"{path.relative_to(ROOT)}: {hit.group()}"
        for path, text in texts()
        for mark in marks
        if (hit := mark.search(text))
    ]
    assert found == []


def test_every_test_states_its_rule() -> None:
    """Every test opens with the sentence that it checks."""
    bare = []
    for path in tracked("tests/**/test_*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                continue
            if node.name.startswith("test_") and not ast.get_docstring(node):
                bare.append(f"{path.name}:{node.name}")
    assert bare == []


def test_nothing_unsafe_is_called() -> None:
    """No pickle, no shell, no evaluation of text, no loading of torch's pickled weights."""
    unsafe = re.compile(
        r"^\s*(import|from) (pickle|dill|joblib|marshal)\b|shell=True|os\.system\("
        r"|torch\.load\((?!.*weights_only=True)"
        r"|(?<![.\w])eval\(|(?<![.\w])exec\(|allow_pickle=True",
        re.MULTILINE,
    )
    found = [path for path in sources() if unsafe.search(path.read_text())]
    assert found == []


def test_weights_stay_small() -> None:
    """Weights that ship are a megabyte and a half at most each."""
    heavy = [
        path
        for path in tracked("*.onnx", "*.safetensors")
        if path.stat().st_size > MOST_WEIGHT_BYTES
    ]
    assert heavy == []


@pytest.mark.parametrize(
    "module", ["services.cli.main", "models.catalog", "pipelines.graph.expand"]
)
def test_starting_costs_no_heavy_import(module: str) -> None:
    """Help, the catalog and validation import neither pixels, engines, PDF nor cryptography."""
    script = f"import sys, {module}; print([name for name in {HEAVY!r} if name in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
