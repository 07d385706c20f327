"""What a metric's number depends on besides the pictures, so that unlike ones are not compared.

Two programs that both say "PSNR" differ by decibels: luma or RGB, studio or full range, a border
cut off or not. A fingerprint spells all of it out. Scores carry theirs, and `difference` refuses
two scores whose fingerprints differ.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import StrEnum

from pipelines.errors import RequestError
from pipelines.evidence.canonical import canonical_bytes
from pipelines.evidence.json_value import Json


class Better(StrEnum):
    """Which way a metric points."""

    HIGHER = "higher"
    LOWER = "lower"


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """How a number is made.

    `implementation` names the code and its version; `parameters` are its settings as (name,
    value) in order; `colour` is the convention of the samples that are compared; `crop` the
    border that is cut off, in samples.
    """

    metric: str
    implementation: str
    parameters: tuple[tuple[str, str], ...]
    colour: str
    crop: int

    def as_json(self) -> dict[str, Json]:
        """Spell the fingerprint as JSON values."""
        return {
            "metric": self.metric,
            "implementation": self.implementation,
            "parameters": dict(self.parameters),
            "colour": self.colour,
            "crop": self.crop,
        }

    def digest(self) -> str:
        """SHA-256 of the canonical form, lower-case hexadecimal."""
        return hashlib.sha256(canonical_bytes(self.as_json())).hexdigest()


@dataclass(frozen=True, slots=True)
class Score:
    """One number with what it was made by. `unit` is empty where the metric has none."""

    value: float
    unit: str
    better: Better
    fingerprint: Fingerprint


@dataclass(frozen=True, slots=True)
class Unavailable:
    """A metric that cannot be had here, and why. It is no number, and never zero."""

    metric: str
    reason: str


def difference(result: Score, baseline: Score) -> float:
    """Return `result` minus `baseline`; raises RequestError where they were made differently."""
    if result.fingerprint != baseline.fingerprint:
        unlike = [
            name
            for name, value in result.fingerprint.as_json().items()
            if value != baseline.fingerprint.as_json()[name]
        ]
        raise RequestError(
            f"Two scores of {result.fingerprint.metric} and {baseline.fingerprint.metric} were "
            f"made differently ({', '.join(unlike)}) and cannot be compared.",
            next_step="Measure both with the same metric, colour convention and crop.",
        )
    return result.value - baseline.value
