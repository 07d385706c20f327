"""What a gate measured, as values: one line per case, then means, rates and speed.

`to_json` and `from_json` are each other's inverse; reals are decimal strings, so that results can
be signed, kept as baselines and compared to the last digit.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, cast

from pipelines.errors import InputError
from pipelines.evidence.json_value import Json

VERSION = 1
_DIGITS = 6


@dataclass(frozen=True, slots=True)
class Subject:
    """What was judged: these weights, on this engine, in this precision, on this kind of device.

    `engine_version` is major.minor; a gate holds for no other.
    """

    network: str
    version: str
    weights_sha256: str
    engine: str
    engine_version: str
    precision: str
    device_class: str

    @property
    def key(self) -> str:
        """Short name for files: network, engine, precision and device class."""
        return f"{self.network}.{self.engine}.{self.precision}.{self.device_class}"


@dataclass(frozen=True, slots=True)
class CaseScore:
    """One metric on one case; `reference` is the conventional method's on the same input.

    Both count to six decimals, so that a score is the same wherever it was stored.
    """

    case: str
    degradation: str
    scale: int
    metric: str
    value: float
    reference: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "value", round(self.value, _DIGITS))
        object.__setattr__(self, "reference", round(self.reference, _DIGITS))


@dataclass(frozen=True, slots=True)
class Misread:
    """Characters misread on one sheet: of the result, of plain interpolation, of the truth."""

    case: str
    degradation: str
    scale: int
    pixels_per_character: int
    characters: int
    misread: int
    interpolated: int
    truth: int


@dataclass(frozen=True, slots=True)
class Agreement:
    """How near a reduced precision stays to fp32 on the same engine, on one case's input.

    `decibels` is the PSNR of the network's own output before rounding, `steps` the largest
    difference of a sample in 8-bit steps.
    """

    case: str
    decibels: float
    steps: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "decibels", round(self.decibels, _DIGITS))
        object.__setattr__(self, "steps", round(self.steps, _DIGITS))


@dataclass(frozen=True, slots=True)
class Speed:
    """Time of the network over the time of as many multiply-adds in one matrix product.

    Both in one run on one machine, so that the figure travels; `pixels` is the input's size. In a
    baseline 0 says that nobody has measured it with the machine at rest.
    """

    ratio: float
    pixels: int

    def __post_init__(self) -> None:
        object.__setattr__(self, "ratio", round(self.ratio, _DIGITS))


@dataclass(frozen=True, slots=True)
class Results:
    """Everything that one gate measured. `fingerprints` maps a metric to its SHA-256.

    `agreement` is empty in fp32, which agrees with itself.
    """

    subject: Subject
    set_name: str
    set_sha256: str
    scores: tuple[CaseScore, ...]
    misread: tuple[Misread, ...]
    speed: Speed
    fingerprints: Mapping[str, str]
    unavailable: Mapping[str, str]
    agreement: tuple[Agreement, ...] = ()

    @property
    def metrics(self) -> tuple[str, ...]:
        """The metrics that were measured, in order of first appearance."""
        return tuple(dict.fromkeys(score.metric for score in self.scores))

    def of(self, metric: str) -> tuple[CaseScore, ...]:
        """The scores of one metric."""
        return tuple(score for score in self.scores if score.metric == metric)


def to_json(results: Results) -> dict[str, Json]:
    """Spell results for a record, a baseline or a report."""
    return {
        "version": VERSION,
        "subject": _plain(results.subject),
        "set": {"name": results.set_name, "sha256": results.set_sha256},
        "scores": [_plain(score) for score in results.scores],
        "misread": [_plain(one) for one in results.misread],
        "speed": _plain(results.speed),
        **({"agreement": [_plain(one) for one in results.agreement]} if results.agreement else {}),
        "fingerprints": dict(results.fingerprints),
        "unavailable": dict(results.unavailable),
    }


def from_json(value: Mapping[str, Any]) -> Results:
    """Read what `to_json` wrote; raises InputError for anything else."""
    if value.get("version") != VERSION:
        raise InputError("These are not the results of a gate of version 1.")
    try:
        return Results(
            subject=Subject(**value["subject"]),
            set_name=str(value["set"]["name"]),
            set_sha256=str(value["set"]["sha256"]),
            scores=tuple(
                CaseScore(
                    **{**one, "value": _real(one["value"]), "reference": _real(one["reference"])}
                )
                for one in value["scores"]
            ),
            misread=tuple(Misread(**one) for one in value["misread"]),
            speed=Speed(_real(value["speed"]["ratio"]), int(value["speed"]["pixels"])),
            fingerprints=dict(value["fingerprints"]),
            unavailable=dict(value["unavailable"]),
            agreement=tuple(
                Agreement(one["case"], _real(one["decibels"]), _real(one["steps"]))
                for one in value.get("agreement", ())
            ),
        )
    except (KeyError, TypeError, ValueError, AttributeError, InvalidOperation) as error:
        raise InputError(f"These are not the results of a gate: {error}") from error


def real(value: float) -> str:
    """Spell a measured number: six decimals, which is more than any metric here means."""
    return f"{value:.{_DIGITS}f}"


def _real(text: str) -> float:
    if not isinstance(text, str):
        raise TypeError("a real number is a decimal string")
    return float(Decimal(text))


def _plain(value: Any) -> Json:
    found = {name: getattr(value, name) for name in value.__dataclass_fields__}
    spelt = {key: real(one) if isinstance(one, float) else one for key, one in found.items()}
    return cast("Json", spelt)
