"""The golden set: pictures, clips and character sheets with their truths, pinned by digest.

`golden_set/manifest.toml` names every file with its SHA-256 and size; a file that is another is
refused, for a gate over other pictures is another gate. A larger set has a manifest of the same
form, and its files beside it.
"""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pipelines.errors import InputError
from pipelines.gates.faces import Faces, read_faces

MANIFEST = "manifest.toml"
_MOST_BYTES = 64 << 20
_MOST_MANIFEST_BYTES = 4 << 20
_MOST_CASES = 10_000
_FILE = re.compile(r"[a-z0-9]+(?:[._/-][A-Za-z0-9]+)*")
_DIGEST = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class GoldenFile:
    """One file of a set; `path` is where it should lie."""

    path: Path
    sha256: str
    size: int

    def read(self) -> bytes:
        """Return the bytes that the manifest names; raises InputError for any others."""
        try:
            with self.path.open("rb") as file:
                content = file.read(self.size + 1)
        except OSError as error:
            raise InputError(
                f"The golden set lacks {self.path.name}: {error.strerror}.",
                next_step="Restore the set from the release, or fetch the larger one again.",
            ) from error
        if hashlib.sha256(content).hexdigest() != self.sha256:
            raise InputError(
                f"{self.path.name} is not the file that the golden set's manifest names.",
                next_step="Restore the set from the release.",
            )
        return content


@dataclass(frozen=True, slots=True)
class Case:
    """An input and the truth that it was made from; `degradation` names how."""

    name: str
    scale: int
    degradation: str
    made_by: str
    licence: str
    truth: GoldenFile
    source: GoldenFile


@dataclass(frozen=True, slots=True)
class CharacterCase(Case):
    """A sheet of characters in rows of eight cells.

    `cell` is the height and width of a cell of the truth, in samples; `glyphs` is a strip of
    the alphabet's characters, ink white on black, in cells of that size.
    """

    pixels_per_character: int
    text: str
    alphabet: str
    cell: tuple[int, int]
    glyphs: GoldenFile


@dataclass(frozen=True, slots=True)
class GoldenSet:
    """A set with its digest: SHA-256 of its manifest, which pins all of its files."""

    name: str
    version: int
    sha256: str
    photos: tuple[Case, ...]
    characters: tuple[CharacterCase, ...]
    clips: tuple[Case, ...]
    faces: Faces = field(default_factory=Faces)


def read_set(folder: Path) -> GoldenSet:
    """Read the manifest in `folder`; files are read and checked when they are used.

    Raises InputError where the manifest is absent or out of form.
    """
    try:
        with (folder / MANIFEST).open("rb") as file:
            content = file.read(_MOST_MANIFEST_BYTES)
        document = tomllib.loads(content.decode("utf-8"))
        head = document["set"]
        found = GoldenSet(
            name=str(head["name"]),
            version=int(head["version"]),
            sha256=hashlib.sha256(content).hexdigest(),
            photos=tuple(_case(folder, one) for one in _listed(document, "photo")),
            characters=tuple(_sheet(folder, one) for one in _listed(document, "characters")),
            clips=tuple(_case(folder, one) for one in _listed(document, "clip")),
            faces=read_faces(folder),
        )
    except (OSError, UnicodeDecodeError, KeyError, TypeError, ValueError) as error:
        raise InputError(
            f"{folder / MANIFEST} is not the manifest of a golden set: {error}",
            next_step="Name the folder of a golden set.",
        ) from error
    names = [case.name for case in (*found.photos, *found.characters, *found.clips)]
    if len(set(names)) != len(names):
        raise InputError("Two cases of the golden set have the same name.")
    return found


def _listed(document: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    listed = document.get(key, [])
    if not isinstance(listed, list) or len(listed) > _MOST_CASES:
        raise ValueError(f"[[{key}]] is not a list of cases")
    return listed


def _common(folder: Path, table: Mapping[str, Any]) -> dict[str, Any]:
    scale = table["scale"]
    if scale not in {1, 2, 3, 4}:
        raise ValueError(f"scale {scale}")
    return {
        "name": str(table["name"]),
        "scale": scale,
        "degradation": str(table["degradation"]),
        "made_by": str(table["made_by"]),
        "licence": str(table["licence"]),
        "truth": _file(folder, table["truth"]),
        "source": _file(folder, table["input"]),
    }


def _case(folder: Path, table: Mapping[str, Any]) -> Case:
    return Case(**_common(folder, table))


def _sheet(folder: Path, table: Mapping[str, Any]) -> CharacterCase:
    rows, columns = table["cell"]
    return CharacterCase(
        **_common(folder, table),
        pixels_per_character=int(table["pixels_per_character"]),
        text=str(table["text"]),
        alphabet=str(table["alphabet"]),
        cell=(int(rows), int(columns)),
        glyphs=_file(folder, table["glyphs"]),
    )


def _file(folder: Path, table: Mapping[str, Any]) -> GoldenFile:
    name, sha256, size = table["file"], table["sha256"], table["bytes"]
    if not _FILE.fullmatch(name) or ".." in name or not _DIGEST.fullmatch(sha256):
        raise ValueError(f"file {name!r}")
    if not 0 < size <= _MOST_BYTES:
        raise ValueError(f"{name} has {size} bytes")
    return GoldenFile(folder / name, sha256, size)
