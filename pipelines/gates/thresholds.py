"""What a network must reach: `golden_set/thresholds.toml`, read strictly.

    [margins.psnr]                       how far a mean may fall below the baseline, and one case
    mean = 0.05
    case = 0.5
    [speed]
    slower = 1.6                         times the baseline's ratio
    [precisions.bf16]                    what every network must keep in a reduced precision
    agreement = 45                       PSNR beside fp32 on the same engine, of every case
    [networks.evident-sr-x2.psnr.clean]  metric and degradation; for any engine
    least = 33.0                         the mean over the cases
    gain = 2.0                           above the conventional method
    [networks.evident-sr-x2."onnxruntime.fp32.cpu".psnr.clean]   for that engine alone
    least = 33.5
    [networks.evident-sr-x2.misread.clean]
    most = 0.2                           of all characters of these sheets

For metrics where lower is better `least` and `gain` are written as `most` and `drop`.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from models.spec import Precision
from pipelines.errors import InputError
from pipelines.gates.results import Subject

FILE = "thresholds.toml"
_MOST_BYTES = 1 << 20
_TABLES = {"margins", "speed", "precisions", "networks"}
_LIMITS = {"least", "most", "gain", "drop"}
MISREAD = "misread"


@dataclass(frozen=True, slots=True)
class Margin:
    """How far below the baseline a metric may come: its mean, and any one case."""

    mean: float
    case: float


@dataclass(frozen=True, slots=True)
class Limit:
    """What the mean over the cases of one degradation must keep; None where nothing is asked."""

    least: float | None = None
    most: float | None = None
    gain: float | None = None
    drop: float | None = None


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Everything that the file states."""

    margins: Mapping[str, Margin]
    slower: float
    networks: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    agreements: Mapping[str, float] = field(default_factory=dict)
    """By precision, what a network's output must keep beside fp32, in decibels."""

    def limits(self, subject: Subject) -> dict[tuple[str, str], Limit]:
        """The limits for a subject by (metric, degradation); those of its engine win."""
        tables = self.networks.get(subject.network, {})
        own = f"{subject.engine}.{subject.precision}.{subject.device_class}"
        found: dict[tuple[str, str], Limit] = {}
        for key, table in tables.items():
            if "." not in key:
                found.update({(key, name): _limit(one) for name, one in table.items()})
        for key, table in tables.get(own, {}).items():
            found.update({(key, name): _limit(one) for name, one in table.items()})
        return found


def read_thresholds(folder: Path) -> Thresholds:
    """Read the file beside a golden set's manifest; raises InputError."""
    path = folder / FILE
    try:
        with path.open("rb") as file:
            document = tomllib.loads(file.read(_MOST_BYTES).decode("utf-8"))
        found = Thresholds(
            margins={
                name: Margin(float(one["mean"]), float(one["case"]))
                for name, one in document["margins"].items()
            },
            slower=float(document["speed"]["slower"]),
            networks=document["networks"],
            agreements={
                Precision(name).value: float(one["agreement"])
                for name, one in document.get("precisions", {}).items()
            },
        )
        if not set(document) <= _TABLES:
            raise InputError(f"{path} has a table that nobody reads.")
        for network, tables in found.networks.items():
            for engine in ("", *(key for key in tables if "." in key)):
                parts = (*engine.split("."), "", "", "")[:3] if engine else ("", "", "")
                found.limits(Subject(network, "", "", parts[0], "", parts[1], parts[2]))
    except (OSError, UnicodeDecodeError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise InputError(
            f"{path} does not state thresholds: {error}",
            next_step="Restore the golden set from the release.",
        ) from error
    return found


def _limit(table: Mapping[str, Any]) -> Limit:
    if not table or not set(table) <= _LIMITS:
        raise ValueError(f"limits are {', '.join(sorted(_LIMITS))}, not {sorted(table)}")
    return Limit(**{name: float(value) for name, value in table.items()})
