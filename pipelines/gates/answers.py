"""Known answers: what a network gives for one computed plane, so that a new build can be admitted.

A gate binds an engine's major.minor. Another build of the same weights is admitted where it
gives, for a plane made by a formula, the answer that ships beside the gate, within half an
8-bit step everywhere; the check is on record in the job's plan. Else the network is gated anew.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipelines.errors import InputError

Plane = NDArray[np.float32]

SIDE = 24
TOLERANCE = 0.5 / 255
_MOST_BYTES = 8 << 20


def question() -> Plane:
    """The plane that is asked about, (24, 24) float32 in 0..1: waves, an edge and a spot."""
    rows, columns = np.mgrid[0:SIDE, 0:SIDE].astype(np.float64)
    plane = 0.5 + 0.25 * np.sin(rows / 2.1) * np.cos(columns / 3.3)
    plane[:, SIDE // 2 :] += 0.15
    plane[5:8, 4:7] = 0.9
    return np.asarray(np.clip(plane, 0, 1), np.float32)


def largest_difference(run: Callable[[Plane], Plane], answer: Plane) -> float:
    """Run a network on the question; return the largest difference from `answer`.

    Infinity where the shape is another or a sample is no number.
    """
    found = run(question())
    if found.shape != answer.shape or not np.isfinite(found).all():
        return float("inf")
    return float(np.max(np.abs(found - answer)))


def pack(answers: Mapping[str, Plane]) -> bytes:
    """Spell answers as one `.npz`, float32, by network name."""
    out = io.BytesIO()
    np.savez_compressed(out, **{name: one.astype(np.float32) for name, one in answers.items()})  # type: ignore[arg-type]
    return out.getvalue()


def read_answer(path: Path, network: str) -> Plane | None:
    """Return one network's answer, None where there is none; raises InputError."""
    try:
        with path.open("rb") as file:
            content = file.read(_MOST_BYTES)
        with np.load(io.BytesIO(content), allow_pickle=False) as stored:
            return np.asarray(stored[network], np.float32) if network in stored.files else None
    except FileNotFoundError:
        return None
    except (OSError, ValueError, zipfile.BadZipFile) as error:
        raise InputError(f"{path.name} holds no known answers: {error}") from error
