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

For metrics where lower is better `least` and `gain` are written as `most` and `drop`; `rise` is
how far above the conventional method such a metric may lie.

A network that the file does not name is judged by what `class_thresholds.toml` beside it asks of
its task and class, in the same form: `[super-resolve.generative.misread.clean]`.
"""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from models.spec import NetworkCard, NetworkClass, Precision, Task
from pipelines.errors import InputError, RequestError
from pipelines.gates.results import Subject

FILE = "thresholds.toml"
CLASS_FILE = "class_thresholds.toml"
_MOST_BYTES = 1 << 20
_TABLES = {"margins", "speed", "precisions", "networks"}
_LIMITS = {"least", "most", "gain", "drop", "rise"}
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
    rise: float | None = None


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Everything that the file states. `sha256` is that of the file where the limits stand."""

    margins: Mapping[str, Margin]
    slower: float
    networks: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    agreements: Mapping[str, float] = field(default_factory=dict)
    """By precision, what a network's output must keep beside fp32, in decibels."""
    classes: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """What is asked of networks that are not named, by task and class."""
    sha256: str = ""
    classes_sha256: str = ""

    def asked_of(self, card: NetworkCard) -> tuple[Thresholds, str]:
        """The thresholds that `card`'s network is judged by, and whose they are, for a person.

        Raises RequestError where nothing is asked of it: then nothing can be passed.
        """
        if card.name in self.networks:
            return self, f"those stated for {card.name}"
        kind, task = card.network_class.value, card.task.value
        tables = self.classes.get(task, {}).get(kind)
        if tables is None:
            raise RequestError(
                f"Nothing is asked of {card.name}: no thresholds name it, and none are stated for "
                f"{kind} networks of the task {task}.",
                next_step=f"State [networks.{card.name}.…] in a file; name it with --thresholds.",
            )
        own = replace(self, networks={card.name: tables}, sha256=self.classes_sha256)
        return own, f"those stated for any {kind} network of the task {task}"

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


def read_thresholds(folder: Path, own: Path | None = None) -> Thresholds:
    """Read the files beside a golden set's manifest, or a person's `own`; raises InputError."""
    path = own or folder / FILE
    classes, classes_sha256 = _classes(folder / CLASS_FILE)
    try:
        with path.open("rb") as file:
            content = file.read(_MOST_BYTES)
        document = tomllib.loads(content.decode("utf-8"))
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
            classes=classes,
            sha256=hashlib.sha256(content).hexdigest(),
            classes_sha256=classes_sha256,
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
            next_step="Correct it, or restore the golden set from the release.",
        ) from error
    return found


def _classes(path: Path) -> tuple[Mapping[str, Mapping[str, Any]], str]:
    """Read what is asked by task and class; a set without the file asks nothing that way."""
    try:
        with path.open("rb") as file:
            content = file.read(_MOST_BYTES)
    except FileNotFoundError:
        return {}, ""
    try:
        document = tomllib.loads(content.decode("utf-8"))
        for task, kinds in document.items():
            for kind, metrics in kinds.items():
                Task(task), NetworkClass(kind)
                for table in metrics.values():
                    for one in table.values():
                        _limit(one)
    except (TypeError, ValueError, AttributeError) as error:
        raise InputError(
            f"{path} does not state thresholds: {error}",
            next_step="Restore the golden set from the release.",
        ) from error
    return document, hashlib.sha256(content).hexdigest()


def _limit(table: Mapping[str, Any]) -> Limit:
    if not table or not set(table) <= _LIMITS:
        raise ValueError(f"limits are {', '.join(sorted(_LIMITS))}, not {sorted(table)}")
    return Limit(**{name: float(value) for name, value in table.items()})
