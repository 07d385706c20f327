"""Parameters and facts of the operations on tone, colour and local contrast."""

from __future__ import annotations

import math
from typing import Self

from pydantic import Field, model_validator

from pipelines.graph.descriptors import (
    PLAIN,
    POINTWISE,
    Ceiling,
    Consistency,
    Descriptor,
    ForwardModel,
    Parameters,
    PlainForm,
    PlaneUse,
    Reach,
    always,
)

GAUSSIAN_SIGMAS = 3
"""Where a Gaussian kernel is cut, in standard deviations on each side."""

LEAST_SPAN = 0.01
"""The least distance between a black and a white point, in parts of the nominal range."""


class LevelsParameters(Parameters):
    """A straight line from (black, output_black) to (white, output_white), on luma.

    In parts of the nominal range: 0 is nominal black and 1 nominal white, which for 8-bit
    studio range are the codes 16 and 235. The line goes on beyond both points; nothing is
    clipped before the samples are rounded to codes.
    """

    black: float = Field(default=0.0, ge=-0.5, le=1.5, description="Level that becomes black.")
    white: float = Field(default=1.0, ge=-0.5, le=1.5, description="Level that becomes white.")
    output_black: float = Field(
        default=0.0, ge=0.0, le=1.0, description="Level at which black leaves."
    )
    output_white: float = Field(
        default=1.0, ge=0.0, le=1.0, description="Level at which white leaves."
    )

    @model_validator(mode="after")
    def _rising(self) -> Self:
        if self.white < self.black + LEAST_SPAN:
            raise ValueError(f"white must be at least {LEAST_SPAN} above black")
        if self.output_white < self.output_black + LEAST_SPAN:
            raise ValueError(f"output_white must be at least {LEAST_SPAN} above output_black")
        return self

    @property
    def slope(self) -> float:
        """How many times larger differences of luma become."""
        return (self.output_white - self.output_black) / (self.white - self.black)


class GammaParameters(Parameters):
    """out = in ** (1 / gamma) on luma in parts of the nominal range."""

    gamma: float = Field(
        ge=0.2, le=5.0, description="Above 1 brightens the middle tones, below 1 darkens them."
    )


class WhiteBalanceParameters(Parameters):
    """Factors on red, green and blue as coded (not on light), given by a person."""

    red: float = Field(default=1.0, ge=0.1, le=10.0, description="Factor on red.")
    green: float = Field(default=1.0, ge=0.1, le=10.0, description="Factor on green.")
    blue: float = Field(default=1.0, ge=0.1, le=10.0, description="Factor on blue.")


class SharpenParameters(Parameters):
    """Unsharp mask: the difference to a blurred copy is added to luma."""

    radius: float = Field(
        default=1.0,
        ge=0.3,
        le=20.0,
        description="Standard deviation of the Gaussian blur, in pixels.",
    )
    amount: float = Field(
        default=0.5, ge=0.0, le=5.0, description="Share of the difference that is added."
    )
    threshold: float = Field(
        default=0.0,
        ge=0.0,
        le=64.0,
        description="Differences are first made smaller by this many 8-bit code values, so "
        "that weak noise is left alone.",
    )


class LocalContrastParameters(Parameters):
    """Detail, the difference to an edge-keeping smooth copy, is strengthened on luma."""

    radius: int = Field(
        default=16,
        ge=1,
        le=128,
        description="Half the side of the averaging window, in pixels; the result looks twice "
        "as far.",
    )
    amount: float = Field(
        default=0.3, ge=0.0, le=3.0, description="Share of the detail that is added."
    )
    edge: float = Field(
        default=20.0,
        ge=1.0,
        le=128.0,
        description="Contrast in 8-bit code values above which an edge counts as structure and "
        "is not strengthened.",
    )
    limit: float = Field(
        default=12.0,
        ge=0.5,
        le=128.0,
        description="No sample moves further than this many 8-bit code values.",
    )


def blur_radius(sigma: float) -> int:
    """Half the length of the Gaussian kernel for a standard deviation of `sigma` pixels."""
    return math.ceil(GAUSSIAN_SIGMAS * sigma)


def sharpen_reach(parameters: SharpenParameters) -> Reach:
    """Look over half the length of the blur's kernel."""
    return Reach(pixels=blur_radius(parameters.radius))


def local_contrast_reach(parameters: LocalContrastParameters) -> Reach:
    """Look over two averages, one after the other."""
    return Reach(pixels=2 * parameters.radius)


_STRENGTHENED = Consistency(
    ForwardModel.NONE,
    PlainForm.LEFT_OUT,
    "it strengthens detail on purpose, and no degradation is stated that would undo it",
)
_TONE = Consistency(ForwardModel.INVERSE, PlainForm.ITSELF)

LEVELS = Descriptor(
    name="levels",
    summary="Maps a stated range of luma onto another along a straight line.",
    nature=PLAIN,
    plane_use=PlaneUse.LUMA,
    parameters=LevelsParameters,
    reach=POINTWISE,
    consistency=_TONE,
    ceilings={
        # A black point above a quarter hides the shadows.
        "black": Ceiling(0.0, 0.25),
        # A white point below three quarters hides the lights.
        "white": Ceiling(0.75, 1.0),
        # A black lifted further, or a white lowered further, veils the picture.
        "output_black": Ceiling(0.0, 0.1),
        "output_white": Ceiling(0.9, 1.0),
    },
)

GAMMA = Descriptor(
    name="gamma",
    summary="Brightens or darkens the middle tones of luma; black and white stay.",
    nature=PLAIN,
    plane_use=PlaneUse.LUMA,
    parameters=GammaParameters,
    reach=POINTWISE,
    consistency=_TONE,
    # Beyond a factor of two, deep shadows become steps and mid tones lose their order by eye.
    ceilings={"gamma": Ceiling(0.5, 2.0)},
)

WHITE_BALANCE = Descriptor(
    name="white_balance",
    summary="Multiplies red, green and blue by given factors.",
    nature=PLAIN,
    plane_use=PlaneUse.COLOUR,
    parameters=WhiteBalanceParameters,
    # One chroma sample far, where luma and chroma grids differ.
    reach=always(Reach(pixels=1)),
    consistency=_TONE,
    # Beyond a factor of two, the named colour of a thing can change.
    ceilings={
        "red": Ceiling(0.5, 2.0),
        "green": Ceiling(0.5, 2.0),
        "blue": Ceiling(0.5, 2.0),
    },
)

SHARPEN = Descriptor(
    name="sharpen",
    summary="Unsharp mask on luma.",
    nature=PLAIN,
    plane_use=PlaneUse.LUMA,
    parameters=SharpenParameters,
    reach=sharpen_reach,
    consistency=_STRENGTHENED,
    ceilings={
        # Beyond 1, the light and dark rims that it draws pass for outlines.
        "amount": Ceiling(0.0, 1.0),
        # Wider rims look like structure of the scene.
        "radius": Ceiling(0.3, 3.0),
    },
)

LOCAL_CONTRAST = Descriptor(
    name="local_contrast",
    summary="Strengthens detail of luma against its surroundings, within a stated limit.",
    nature=PLAIN,
    plane_use=PlaneUse.LUMA,
    parameters=LocalContrastParameters,
    reach=local_contrast_reach,
    consistency=_STRENGTHENED,
    ceilings={
        # Beyond a half, noise and compression blocks rise to visible texture.
        "amount": Ceiling(0.0, 0.5),
        # About a tenth of the range: brightness of areas stays comparable.
        "limit": Ceiling(0.5, 24.0),
    },
)

TONE_OPERATIONS = (LEVELS, GAMMA, WHITE_BALANCE, SHARPEN, LOCAL_CONTRAST)
