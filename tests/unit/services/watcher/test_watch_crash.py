"""A watcher that dies at every single step and starts again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.unit.services.watcher.watcher_kit import SETTLE, Bench

FILES = {"a.mp4": b"MEDIA a", "b.mp4": b"MEDIA b", "same.mp4": b"MEDIA a", "notes.txt": b"words"}
RESULT = {
    "a.mp4": b"MEDIA a",
    "b.mp4": b"MEDIA b",
    "same.mp4": b"MEDIA a",
    "results/a.mp4/enhanced.png": b"enhanced MEDIA a",
    "results/b.mp4/enhanced.png": b"enhanced MEDIA b",
    "rejects/notes.txt": b"words",
}


class _DiedError(BaseException):
    """The process ended here."""


class _Mortal:
    """Passes calls on, and dies before or after the one whose number is up."""

    def __init__(self, part: Any, fate: _Fate) -> None:
        self._part = part
        self._fate = fate

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._part, name)
        if not callable(found):
            return found

        def called(*arguments: Any, **words: Any) -> Any:
            self._fate.step()
            result = found(*arguments, **words)
            self._fate.step()
            return result

        return called


class _Fate:
    def __init__(self, left: int | None) -> None:
        self.left = left
        self.steps = 0

    def step(self) -> None:
        self.steps += 1
        if self.left is not None and self.steps > self.left:
            raise _DiedError


def lived(bench: Bench, left: int | None) -> int:
    """Do two rounds in one process that ends after `left` steps; return the steps it did."""
    fate = _Fate(left)
    with bench.watch(wrap=lambda _, part: _Mortal(part, fate)) as watch:
        watch.round()
        bench.now += SETTLE
        watch.round()
        bench.intake.finish_all()
        watch.round()
    return fate.steps


def begun(folder: Path) -> Bench:
    """A folder with two clips, one of them twice, and something that is none."""
    folder.mkdir()
    bench = Bench(folder)
    for name, content in FILES.items():
        bench.lay(name, content)
    return bench


def test_every_file_is_processed_once_wherever_the_watcher_dies(tmp_path: Path) -> None:
    """Killed before or after any call, the next watcher ends with the same files and jobs."""
    steps = lived(begun(tmp_path / "whole"), None)
    assert steps > 60
    for left in range(steps):
        bench = begun(tmp_path / f"{left}")
        with pytest.raises(_DiedError):
            lived(bench, left)
        bench.settle()
        bench.intake.finish_all()
        line = bench.round()
        files = bench.files()
        files.pop("rejects/notes.txt.reason.json")
        assert files == RESULT, left
        assert len(bench.intake.jobs) == 2, left
        assert line == (
            "received 4 = processed 3 (of which 1 the same bytes again) + rejected 1 + waiting 0"
        ), left
