"""What a replay found, as a value, as lines for a person, as JSON and as an entry of the log.

Three outcomes and no fourth: the samples are identical, they differ, or the job cannot be run
again here, and then it is said what is missing. None of them says anything about whether the
result is right, and every form of the verdict carries that sentence.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from fractions import Fraction
from pathlib import Path

from pipelines.evidence.json_value import Json
from pipelines.quality.exact_difference import Box

SENTENCE = (
    "A replay shows repeatability: whether the logged plan, applied to the file as received, gives "
    "the same samples again. Repeatability is not validity: it does not show that the result is "
    "accurate or that any detail in it is genuine."
)

MOST_LISTED = 20
"""How many of the frames that differ a verdict lists."""


class Outcome(StrEnum):
    """How a replay ended."""

    IDENTICAL = "identical"
    DIFFERS = "differs"
    NOT_REPLAYABLE = "not-replayable"

    @property
    def caption(self) -> str:
        """What it means, for a person."""
        return {
            Outcome.IDENTICAL: "every sample handed to the encoder is the same",
            Outcome.DIFFERS: "not everything that was made is the same",
            Outcome.NOT_REPLAYABLE: "the plan could not be run again here",
        }[self]


@dataclass(frozen=True, slots=True)
class Condition:
    """One circumstance of the run on record and of this one.

    `promised` says that it is among those under which identical samples are promised.
    """

    name: str
    logged: str
    here: str
    promised: bool = False

    @property
    def same(self) -> bool:
        """Whether it was the same both times."""
        return self.logged == self.here


@dataclass(frozen=True, slots=True)
class Largest:
    """The largest difference: code values of `peak`, where, and around it all that differs.

    `x`, `y` and `box` count samples of the plane.
    """

    frame: int
    plane: str
    code_values: int
    peak: int
    x: int
    y: int
    samples: int
    box: Box


@dataclass(frozen=True, slots=True)
class Compared:
    """Frames `first` up to `stop` of `frames`, by the digests of what the encoder was handed.

    `differing` lists the first of the `differ` frames that are not the same. `largest` is None
    where nothing differs or the size of a difference cannot be known; `unknown` then says why.
    `against` says what the size was measured against. `delivered_differ` counts frames of the
    delivered file that do not decode here to what is on record, None where it was not at hand.
    `fusions_differ` are the numbers of fusions whose list, the digest of their samples in it, is
    not the one on record.
    """

    first: int
    stop: int
    frames: int
    differ: int = 0
    differing: tuple[int, ...] = ()
    largest: Largest | None = None
    against: str = ""
    unknown: str = ""
    delivered_differ: int | None = None
    fusions_differ: tuple[int, ...] = ()

    @property
    def is_same(self) -> bool:
        """Whether nothing differs, in what was run again and in what was delivered."""
        return not (self.differ or self.delivered_differ or self.fusions_differ)


@dataclass(frozen=True, slots=True)
class Picture:
    """A drawing of the largest difference; `factor` is what differences were multiplied by."""

    path: Path
    sha256: str
    bytes: int
    factor: Fraction

    @property
    def factor_text(self) -> str:
        """The factor as printed."""
        whole = self.factor.denominator == 1
        return str(self.factor.numerator) if whole else f"1/{self.factor.denominator}"


@dataclass(frozen=True, slots=True)
class ReplayVerdict:
    """The outcome of one replay. `missing` is empty unless it is `not-replayable`."""

    outcome: Outcome
    bundle_sha256: str
    bundle_bytes: int
    job: str = ""
    plan_sha256: str = ""
    standing: str = ""
    compared: Compared | None = None
    conditions: tuple[Condition, ...] = ()
    missing: tuple[str, ...] = ()
    picture: Picture | None = None
    seconds: str = "0"
    software: Mapping[str, str] = field(default_factory=dict)
    hardware: Mapping[str, str] = field(default_factory=dict)

    @property
    def same_conditions(self) -> bool:
        """Whether identical samples are what is promised here."""
        return bool(self.conditions) and all(one.same for one in self.conditions if one.promised)

    def lines(self) -> tuple[str, ...]:
        """Return the verdict as lines for a terminal."""
        return (
            f"{self.outcome}: {self.outcome.caption}.",
            *(f"  missing: {one}" for one in self.missing),
            *(() if self.compared is None else _compared_lines(self.compared)),
            *(() if self.picture is None else (_picture_line(self.picture),)),
            *self._condition_lines(),
            *([f"  The bundle holds ({self.standing})."] if self.plan_sha256 else []),
            SENTENCE,
        )

    def _condition_lines(self) -> Iterable[str]:
        if not self.conditions:
            return
        if self.same_conditions:
            yield "  Same plan, engine build, device class and threads as on record."
            if self.outcome is Outcome.DIFFERS:
                yield (
                    "  Identical samples are promised under these conditions, so the record or one "
                    "of the runs is at fault."
                )
        else:
            yield "  Not the conditions on record, under which identical samples are promised."
        for one in self.conditions:
            if not one.same:
                yield f"    {one.name}: {one.logged} on record, {one.here} here"

    def as_json(self) -> dict[str, Json]:
        """Return the verdict as JSON values."""
        return {
            "verdict": self.outcome.value,
            "bundle_sha256": self.bundle_sha256,
            "job": self.job,
            "plan_sha256": self.plan_sha256,
            "standing": self.standing,
            "missing": list(self.missing),
            "compared": None if self.compared is None else _compared_json(self.compared),
            "same_conditions": self.same_conditions,
            "conditions": [
                {
                    "name": one.name,
                    "logged": one.logged,
                    "here": one.here,
                    "same": one.same,
                    "promised": one.promised,
                }
                for one in self.conditions
            ],
            "picture": None if self.picture is None else _picture_json(self.picture),
            "seconds": self.seconds,
            "software": dict(self.software),
            "hardware": dict(self.hardware),
            "sentence": SENTENCE,
        }

    def entry_body(self) -> dict[str, Json]:
        """Return the body of the entry of kind `replay`."""
        body = self.as_json()
        for name in ("bundle_sha256", "job", "picture"):
            del body[name]
        inputs: list[Json] = [
            {"role": "bundle", "sha256": self.bundle_sha256, "bytes": self.bundle_bytes}
        ]
        outputs: list[Json] = []
        if self.picture is not None:
            outputs.append({"role": "replay-picture", **_picture_json(self.picture)})
        return {"inputs": inputs, "outputs": outputs, **body}


def _compared_lines(compared: Compared) -> Iterable[str]:
    yield from _frame_lines(compared)
    if compared.delivered_differ is None:
        yield "  The result is not in the bundle; what it decodes to was not looked at."
    elif not compared.delivered_differ:
        yield "  The delivered file decodes to what is on record."
    else:
        count = "" if compared.frames == 1 else f": {compared.delivered_differ} frames differ"
        yield f"  The delivered file does not decode here to what is on record{count}."
    for number in compared.fusions_differ:
        yield f"  Fusion {number}: its frames, their residuals or its samples are not the same."


def _frame_lines(compared: Compared) -> Iterable[str]:
    count = compared.stop - compared.first
    if compared.frames == 1:
        which = "The picture"
    elif count == compared.frames:
        which = f"{count} frames"
    else:
        which = f"Frames {compared.first} to {compared.stop - 1} of {compared.frames}"
    if not compared.differ:
        yield f"  {which}: no sample differs."
        return
    if compared.frames == 1:
        yield "  The picture differs."
    else:
        listed = ", ".join(str(frame) for frame in compared.differing)
        more = compared.differ - len(compared.differing)
        listed += f" and {more} more" if more else ""
        yield f"  {which}: {compared.differ} differ ({listed})."
    largest = compared.largest
    if largest is not None:
        frame = "" if compared.frames == 1 else f"frame {largest.frame}, "
        yield (
            f"  Largest difference: {largest.code_values} of {largest.peak} code values, {frame}"
            f"plane {largest.plane}, column {largest.x}, row {largest.y}; {largest.samples} samples"
            f" of that plane differ, within {largest.box.width} x {largest.box.height} at column "
            f"{largest.box.left}, row {largest.box.top}."
        )
        yield f"  Measured against {compared.against}."
    if compared.unknown:
        yield f"  {compared.unknown}"


def _compared_json(compared: Compared) -> dict[str, Json]:
    largest = compared.largest
    return {
        "first": compared.first,
        "stop": compared.stop,
        "frames": compared.frames,
        "differ": compared.differ,
        "differing": list(compared.differing),
        "largest": None
        if largest is None
        else {
            "frame": largest.frame,
            "plane": largest.plane,
            "code_values": largest.code_values,
            "peak": largest.peak,
            "x": largest.x,
            "y": largest.y,
            "samples": largest.samples,
            "region": {
                "left": largest.box.left,
                "top": largest.box.top,
                "width": largest.box.width,
                "height": largest.box.height,
            },
        },
        "against": compared.against,
        "unknown": compared.unknown,
        "delivered_differ": compared.delivered_differ,
        "fusions_differ": list(compared.fusions_differ),
    }


def _picture_line(picture: Picture) -> str:
    return (
        f"  Picture: {picture.path.name}, the differences of that frame times "
        f"{picture.factor_text}, one pixel per sample."
    )


def _picture_json(picture: Picture) -> dict[str, Json]:
    return {
        "name": picture.path.name,
        "sha256": picture.sha256,
        "bytes": picture.bytes,
        "factor": picture.factor_text,
    }
