"""Known answers: what a network gives for one computed plane, so that a new build can be admitted.

A gate binds an engine's major.minor. Another build of the same weights is admitted where it
gives, for a plane made by a formula, the answer that ships beside the gate, within a tolerance
everywhere; the check is on record in the job's plan. Else the network is gated anew.

In fp32 all engines share one answer and have half an 8-bit step. A reduced precision rounds after
every layer, and each engine in places of its own, so each has its own answer and one step: builds
and processors that were tried differ by a quarter of one, engines by up to six (docs/precision.md).
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.spec import Precision
from pipelines.errors import InputError

Plane = NDArray[np.float32]

SIDE = 24
TOLERANCES = {
    Precision.FP32.value: 0.5 / 255,
    Precision.BF16.value: 1.0 / 255,
    Precision.FP16.value: 0.5 / 255,
}
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


def answer_name(network: str, engine: str, precision: str) -> str:
    """What a network's answer is called in the file."""
    return network if precision == Precision.FP32 else f"{network}.{engine}.{precision}"


def pack(answers: Mapping[str, Plane]) -> bytes:
    """Spell answers as one `.npz`, float32, by `answer_name`."""
    out = io.BytesIO()
    np.savez_compressed(out, **{name: one.astype(np.float32) for name, one in answers.items()})  # type: ignore[arg-type]
    return out.getvalue()


def read_answer(path: Path, name: str) -> Plane | None:
    """Return the answer of this `answer_name`, None where there is none; raises InputError."""
    try:
        with path.open("rb") as file:
            content = file.read(_MOST_BYTES)
        with np.load(io.BytesIO(content), allow_pickle=False) as stored:
            return np.asarray(stored[name], np.float32) if name in stored.files else None
    except FileNotFoundError:
        return None
    except (OSError, ValueError, zipfile.BadZipFile) as error:
        raise InputError(f"{path.name} holds no known answers: {error}") from error
