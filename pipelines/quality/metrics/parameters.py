"""Parameter files of metrics: found by digest in the folders that an operator names.

A name proves nothing, so a file counts only when its SHA-256 is the published one. What is not
there makes its metric `Unavailable`; nothing is fetched, and nothing stands in for it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

from pipelines.quality.metrics.brisque import Brisque
from pipelines.quality.metrics.fingerprint import Unavailable
from pipelines.quality.metrics.niqe import Niqe

NIQE_FILE = "niqe_pris_params.npz"
NIQE_SHA256 = "2a7c182a68c9e7f1b2e2e5ec723279d6f65d912b6fcaf37eb2bf03d7367c4296"
BRISQUE_FILES = ("brisque_model_live.yml", "brisque_range_live.yml")
BRISQUE_SHA256 = (
    "4c44c7eec9e5139830c0bb0e4a044c9cd351ba5bbc9e3798beca3243e2782ff4",
    "a18427f4f7ad087524bd0d63389649a3899b51ca6d44a4d5f8d8171f1f914a9c",
)

_MOST_BYTES = 4 << 20


def niqe(folders: Sequence[Path], *, crop: int = 0) -> Niqe | Unavailable:
    """Return NIQE with its pristine model, where one of `folders` holds it."""
    data = _found(folders, NIQE_FILE, NIQE_SHA256)
    if data is None:
        return Unavailable("niqe", _missing(NIQE_FILE, NIQE_SHA256))
    return Niqe.read(data, sha256=NIQE_SHA256, crop=crop)


def brisque(folders: Sequence[Path]) -> Brisque | Unavailable:
    """Return BRISQUE with its regression, where one of `folders` holds its two files."""
    parts = []
    for name, sha256 in zip(BRISQUE_FILES, BRISQUE_SHA256, strict=True):
        data = _found(folders, name, sha256)
        if data is None:
            return Unavailable("brisque", _missing(name, sha256))
        parts.append(data)
    return Brisque.read(parts[0], parts[1], sha256=BRISQUE_SHA256)


def _found(folders: Sequence[Path], name: str, sha256: str) -> bytes | None:
    for folder in folders:
        try:
            with (folder / name).open("rb") as file:
                data = file.read(_MOST_BYTES + 1)
        except OSError:
            continue
        if hashlib.sha256(data).hexdigest() == sha256:
            return data
    return None


def _missing(name: str, sha256: str) -> str:
    return f"no {name} with SHA-256 {sha256} is in the folders for metrics"
