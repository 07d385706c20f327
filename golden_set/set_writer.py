"""Stores the files of a golden set and writes its manifest, with the SHA-256 of every file."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

from golden_set.degradations import OF_SCALE, Rgb, degraded, png


class SetWriter:
    """A set called `name` in `folder`, its files in a folder of that name, made anew."""

    def __init__(self, folder: Path, name: str, *, made_by: str) -> None:
        self._folder = folder
        self._name = name
        self._lines = [f"# Made by {made_by}. SHA-256 of every file.", ""]
        self._lines += ["[set]", f'name = "{name}"', "version = 1", ""]
        shutil.rmtree(folder / name, ignore_errors=True)
        (folder / name).mkdir(parents=True)

    def add(self, lines: list[str]) -> None:
        """Append lines to the manifest."""
        self._lines += lines

    def keep(self, name: str, content: bytes) -> str:
        """Write a file of the set; return its value in the manifest."""
        (self._folder / self._name / name).write_bytes(content)
        sha256 = hashlib.sha256(content).hexdigest()
        return f'{{ file = "{self._name}/{name}", sha256 = "{sha256}", bytes = {len(content)} }}'

    def photo(self, number: int, name: str, picture: Rgb, licence: str) -> None:
        """Store a truth, (H, W, 3) with sides that divide by 4, and its inputs at every scale."""
        truth = self.keep(f"{name}.png", png(picture))
        for scale, kinds in OF_SCALE.items():
            for kind in kinds:
                seed = 1000 * number + 10 * scale + kinds.index(kind)
                content, suffix = degraded(picture, kind, scale, seed)
                case = f"{name}-{kind.name}-x{scale}"
                stored = self.keep(f"{case}.{suffix}", content)
                self._lines += ["[[photo]]", f'name = "{case}"', f"scale = {scale}"]
                self._lines += [f'degradation = "{kind.name}"', f'made_by = "{kind.words(scale)}"']
                self._lines += [f"seed = {seed}", f'licence = "{licence}"']
                self._lines += [f"truth = {truth}", f"input = {stored}", ""]

    def finish(self) -> None:
        """Write the manifest: a set is not one before it has this."""
        text = "\n".join(self._lines)
        (self._folder / "manifest.toml").write_text(text, encoding="utf-8")
