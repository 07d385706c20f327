"""What an operation states about itself, without importing a single pixel library.

The gateway validates graphs against these facts; the presets are policies over them; the
report prints them. The code that does the work is in `pipelines.operations`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from fractions import Fraction
from typing import Generic, TypeVar

from pydantic import BaseModel, ConfigDict


class OperationClass(StrEnum):
    """Where a result's samples come from. Order matters: each admits less than the next."""

    CONVENTIONAL = "conventional"
    TRAINED = "trained"
    GENERATIVE = "generative"


class FrameUse(StrEnum):
    """Whether an operation looks at one frame or mixes several."""

    SINGLE = "single-frame"
    MIXES = "mixes-frames"


class ParameterSource(StrEnum):
    """Whether a person gave the parameters or software estimated them from the picture."""

    GIVEN = "given"
    ESTIMATED = "estimated"


@dataclass(frozen=True, slots=True)
class Nature:
    """The three facts that presets are policies over."""

    operation_class: OperationClass
    frame_use: FrameUse
    parameter_source: ParameterSource


PLAIN = Nature(OperationClass.CONVENTIONAL, FrameUse.SINGLE, ParameterSource.GIVEN)
"""Conventional, single-frame, parameters given."""

MIXING = Nature(OperationClass.CONVENTIONAL, FrameUse.MIXES, ParameterSource.GIVEN)
"""Conventional, mixes frames, parameters given."""

LEARNT = Nature(OperationClass.TRAINED, FrameUse.SINGLE, ParameterSource.GIVEN)
"""Trained, single-frame, parameters given."""


class PlaneUse(StrEnum):
    """Which samples an operation may change."""

    LUMA = "luma"
    COLOUR = "colour"
    ALL = "all"


class ForwardModel(StrEnum):
    """How an operation's result is degraded again, to be held against what came in.

    The words are printed in reports; `pipelines.operations.forward` computes it.
    """

    SAME = "the result as it is"
    PLACED = "the result, put back at its place in the picture"
    AREA = "the mean over the area that a sample of the input covers"
    CUBIC = "antialiased cubic reduction (Keys, a = -0.5), without further blur"
    INVERSE = "the inverse of the stated curve or factors"
    BLUR = "the stated point spread"
    NONE = "none"


class FrameRate(StrEnum):
    """What becomes of the number of frames."""

    KEPT = "kept"
    DOUBLED = "doubled"
    FOUR_OF_FIVE = "four-of-five"


@dataclass(frozen=True, slots=True)
class FrameChange:
    """How frames are counted anew; `cycle_start` is the first frame of a cycle of five."""

    rate: FrameRate = FrameRate.KEPT
    cycle_start: int = 0


class FieldUse(StrEnum):
    """What an operation does about frames that are woven of two fields."""

    IGNORES = "ignores"
    UNWEAVES = "unweaves"
    REFUSES = "refuses"


class PlainForm(StrEnum):
    """What stands for an operation in the plain reconstruction, which uses no learnt detail."""

    ITSELF = "itself"
    INTERPOLATED = "cubic interpolation (Keys, a = -0.5)"
    LEFT_OUT = "left out"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Consistency:
    """What the maps of a result rest on: the forward model, and the plain counterpart.

    `reason` says for a person why there is no forward model; empty where there is one.
    """

    forward: ForwardModel
    plain: PlainForm
    reason: str = ""


SAME_SAMPLES = Consistency(ForwardModel.SAME, PlainForm.LEFT_OUT)
"""Of what takes away something that was never of the scene, and leaves every sample in place."""


class Parameters(BaseModel):
    """Base of every operation's parameters: unknown names are refused, values are frozen."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


P = TypeVar("P", bound=Parameters)


@dataclass(frozen=True, slots=True)
class Reach:
    """How far one output sample looks: source pixels on each side, frames before and after."""

    pixels: int = 0
    before: int = 0
    after: int = 0


def always(reach: Reach) -> Callable[[Parameters], Reach]:
    """Answer with `reach` whatever the parameters are."""
    return lambda _parameters: reach


POINTWISE = always(Reach())
"""An output sample looks at the sample in its place, and at no other."""


@dataclass(frozen=True, slots=True)
class Ceiling:
    """The range of one parameter inside which the conventional profile keeps changes small."""

    least: float
    most: float


@dataclass(frozen=True, slots=True)
class Retagging:
    """What an operation does to the meaning of codes, in code points of ITU-T H.273.

    `takes` is the transfer that it reads; the others are what the result states.
    """

    takes: int
    primaries: int
    transfer: int
    matrix: int


@dataclass(frozen=True)
class Descriptor(Generic[P]):
    """The stated facts of one operation.

    `reach` computes the reach from validated parameters. `ceilings` bounds parameters under
    `forensic-safe`, by parameter name. `changes_size` says that frames leave with another
    size. `network` names the parameter that selects a catalog network, for trained ones.
    `consistency` says how the result is held against the input. `timing` says what becomes of
    the number of frames, None where they stay. `sample_aspect` is the shape of a sample that
    leaves over that of one that came. `fields` says what is done about woven frames.
    `follows` names what is tracked by which the operation is steered, None where by nothing.
    `retags` says what the result's codes mean, None where they mean what they did.
    """

    name: str
    summary: str
    nature: Nature
    plane_use: PlaneUse
    parameters: type[P]
    reach: Callable[[P], Reach]
    consistency: Consistency
    ceilings: Mapping[str, Ceiling] = field(default_factory=dict)
    changes_size: bool = False
    network: str | None = None
    timing: Callable[[P], FrameChange] | None = None
    sample_aspect: Fraction = Fraction(1)
    fields: FieldUse = FieldUse.IGNORES
    follows: str | None = None
    retags: Callable[[P], Retagging] | None = None

    @property
    def operation_class(self) -> OperationClass:
        """Where a result's samples come from."""
        return self.nature.operation_class

    @property
    def frame_use(self) -> FrameUse:
        """Whether frames are mixed."""
        return self.nature.frame_use

    @property
    def parameter_source(self) -> ParameterSource:
        """Who decided on the parameters."""
        return self.nature.parameter_source
