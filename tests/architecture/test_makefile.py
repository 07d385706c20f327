"""`make run` hands over what was typed, runs none of it, and ends as the program ended."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

# Stands in for the program: notes its arguments, one a line, and makes what a run makes.
PROGRAM = """#!/bin/sh
for word do printf '%s\\n' "$word"; done >>said
[ "$1" = run ] || { [ ! -e broken ]; exit; }
sleep 0.05  # no run is faster than the clock of files
mkdir -p "$5/done" && : >"$5/done/bundle.zip"
[ ! -e failing ]
"""


@dataclass(frozen=True)
class Checkout:
    """A folder with the Makefile, an environment that is up to date, and a stand-in program."""

    folder: Path

    def make(self, *words: str, **extra: str) -> subprocess.CompletedProcess[str]:
        """Run make with the given words."""
        kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
        return subprocess.run(
            ["make", *words],
            cwd=self.folder,
            env={**kept, **extra},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def said(self) -> list[str]:
        """Every argument that the program was given, call after call."""
        noted = self.folder / "said"
        return noted.read_text(encoding="utf-8").split("\n")[:-1] if noted.exists() else []

    def inputs(self) -> list[str]:
        """The files that the program was asked to enhance."""
        words = self.said()
        return words[words.index("--") + 1 : words.index("verify")]


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    """A checkout whose path holds a blank."""
    folder = tmp_path / "a checkout"
    (folder / ".venv" / "bin").mkdir(parents=True)
    shutil.copy(ROOT / "Makefile", folder)
    (folder / "pyproject.toml").touch()
    program = folder / ".venv" / "bin" / "evident"
    program.write_text(PROGRAM, encoding="utf-8")
    program.chmod(0o755)
    (folder / ".venv" / ".made").write_text(f"{folder.resolve()}\n", encoding="utf-8")
    return Checkout(folder)


def test_without_input_the_samples_are_run(checkout: Checkout) -> None:
    """Plain `make run` enhances the bundled photo and clip into ./results, and verifies."""
    assert checkout.make("run").returncode == 0
    assert checkout.said() == [
        *("run", "--preset", "balanced", "--out", "results", "--"),
        *("samples/photo.jpg", "samples/clip.mp4"),
        *("verify", "results/done/bundle.zip"),
    ]
    assert all((ROOT / name).is_file() for name in checkout.inputs())


@pytest.mark.parametrize(
    "name",
    ["plain.jpg", "with blank.jpg", "it's.jpg", 'q"q.jpg', "a$b.jpg", "a$(touch x).jpg",
     "a;b.jpg", "a&b.jpg", "a`b.jpg", "-dash.jpg", "a#b.jpg", "a\\b.jpg", "grüße.jpg", "*.jpg"],
)  # fmt: skip
def test_a_path_arrives_as_it_was_typed(checkout: Checkout, name: str) -> None:
    """One existing file is one input, whatever its name holds; by variable or by environment."""
    (checkout.folder / name).touch()
    assert checkout.make("run", f"INPUT={name}").returncode == 0
    assert checkout.inputs() == [name]
    (checkout.folder / "said").unlink()
    assert checkout.make("run", INPUT=name).returncode == 0
    assert checkout.inputs() == [name]


@pytest.mark.parametrize(
    ("typed", "inputs"),
    [
        ("a.jpg b.mp4", ["a.jpg", "b.mp4"]),
        ("'a b.jpg' \"c d.mp4\" e\\ f.png", ["a b.jpg", "c d.mp4", "e f.png"]),
        ("shots/*.png", ["shots/1.png", "shots/2 3.png"]),
        ("absent.jpg", ["absent.jpg"]),
    ],
)
def test_a_list_is_read_as_a_shell_reads_it(
    checkout: Checkout, typed: str, inputs: list[str]
) -> None:
    """Several inputs are told apart by blanks, quoted where they hold some, and by patterns."""
    (checkout.folder / "shots").mkdir()
    for name in ("1.png", "2 3.png"):
        (checkout.folder / "shots" / name).touch()
    assert checkout.make("run", f"INPUT={typed}").returncode == 0
    assert checkout.inputs() == inputs


@pytest.mark.parametrize(
    "typed",
    ["a.jpg; touch ran", "$(touch ran)", "`touch ran`", "a.jpg\ntouch ran", "a.jpg & touch ran",
     "a.jpg | touch ran", "$(shell touch ran)", "a.jpg > ran", "'unclosed", "a.jpg # b.jpg"],
)  # fmt: skip
def test_nothing_typed_is_run(checkout: Checkout, typed: str) -> None:
    """What names no file and is no list is refused in one line, and never executed."""
    done = checkout.make("run", f"INPUT={typed}")
    assert done.returncode == 2
    assert done.stderr.startswith("INPUT: ")
    assert not (checkout.folder / "ran").exists()
    assert checkout.said() == []


def test_preset_and_folder_are_handed_on(checkout: Checkout) -> None:
    """PRESET and OUT arrive whole, and bundles are looked for where they were put."""
    assert checkout.make("run", "PRESET=forensic-safe", "OUT=my $x results").returncode == 0
    assert checkout.said()[2:5] == ["forensic-safe", "--out", "my $x results"]
    assert checkout.said()[-2:] == ["verify", "my $x results/done/bundle.zip"]


def test_bundles_of_earlier_runs_are_let_alone(checkout: Checkout) -> None:
    """Only what this call made is verified."""
    earlier = checkout.folder / "results" / "earlier"
    earlier.mkdir(parents=True)
    (earlier / "bundle.zip").touch()
    os.utime(earlier / "bundle.zip", (1_000_000_000, 1_000_000_000))
    assert checkout.make("run").returncode == 0
    assert checkout.said()[-2:] == ["verify", "results/done/bundle.zip"]


@pytest.mark.parametrize("trouble", ["failing", "broken"])
def test_a_failure_is_the_end_of_make_too(checkout: Checkout, trouble: str) -> None:
    """A failed input or a negative verdict fails make, after every bundle was looked at."""
    (checkout.folder / trouble).touch()
    assert checkout.make("run").returncode != 0
    assert checkout.said()[-2:] == ["verify", "results/done/bundle.zip"]


def test_an_old_python_is_refused_plainly(checkout: Checkout) -> None:
    """Where no Python is new enough, one sentence says so and nothing is made."""
    shutil.rmtree(checkout.folder / ".venv")
    old = checkout.folder / "python2"
    old.write_text("#!/bin/sh\nexit 1\n", encoding="utf-8")
    old.chmod(0o755)
    done = checkout.make("run", f"PYTHON={old}")
    assert done.returncode != 0
    assert "needs Python 3.11 or newer" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (checkout.folder / ".venv").exists()


@pytest.mark.parametrize("change", ["newer list", "moved folder"])
def test_an_environment_is_made_again_only_when_it_must(
    checkout: Checkout, change: str, tmp_path: Path
) -> None:
    """A current environment is used as it is; new dependencies or a moved folder make it again."""
    stamp = checkout.folder / ".venv" / ".made"
    assert checkout.make("--question", ".venv/.made").returncode == 0
    folder = checkout.folder
    if change == "newer list":
        later = stamp.stat().st_mtime + 10
        os.utime(folder / "pyproject.toml", (later, later))
    else:
        folder = folder.rename(tmp_path / "moved")
    assert Checkout(folder).make("--question", ".venv/.made").returncode == 1


def test_help_names_every_target() -> None:
    """`make` alone lists what can be made, and changes nothing."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z]+):", makefile, re.MULTILINE)) - {"help"}
    said = subprocess.run(
        ["make"], cwd=ROOT, capture_output=True, text=True, check=True, env={"PATH": os.defpath}
    ).stdout
    assert targets
    assert {target for target in targets if f"make {target}" not in said} == set()
