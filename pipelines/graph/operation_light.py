"""Parameters and facts of the operations that turn pictures for HDR displays into others."""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field

from pipelines.graph.descriptors import (
    PLAIN,
    Ceiling,
    Consistency,
    Descriptor,
    ForwardModel,
    Parameters,
    PlainForm,
    PlaneUse,
    Reach,
    Retagging,
    always,
)


class HdrTransfer(StrEnum):
    """How codes stand for light in what comes in (ITU-R BT.2100-2)."""

    PQ = "pq"
    HLG = "hlg"


class ToneCurve(StrEnum):
    """How more light than the result can show is brought into its range."""

    BT2390 = "bt2390"
    """The EETF of Report ITU-R BT.2390, 5.4.1: a straight part, then a Hermite shoulder."""
    REINHARD = "reinhard"
    """L (1 + L / P**2) / (1 + L), L in parts of the result's white and P the peak."""
    CLIP = "clip"
    """Nothing is bent: what is brighter than the result's white is white."""


class HdrToSdrParameters(Parameters):
    """What comes in, the curve, and the lights between which it runs."""

    transfer: HdrTransfer = Field(
        description="How codes stand for light in the picture: pq or hlg (ITU-R BT.2100)."
    )
    curve: ToneCurve = Field(
        default=ToneCurve.BT2390,
        description="Curve for bright light: bt2390 (its EETF), reinhard, or clip.",
    )
    peak: float = Field(
        default=1000.0,
        ge=200.0,
        le=10000.0,
        description="Brightest light of the picture, in candelas per square metre.",
    )
    white: float = Field(
        default=203.0,
        ge=80.0,
        le=400.0,
        description="Light that becomes the result's white, in candelas per square metre.",
    )


TRANSFER_CODES = {HdrTransfer.PQ: 16, HdrTransfer.HLG: 18}
"""Code points of ITU-R BT.2100's transfers in ITU-T H.273, table 3."""


def hdr_to_sdr_tags(parameters: HdrToSdrParameters) -> Retagging:
    """Take PQ or HLG; leave in BT.709's primaries, transfer and matrix (code point 1 of each)."""
    return Retagging(takes=TRANSFER_CODES[parameters.transfer], primaries=1, transfer=1, matrix=1)


HDR_TO_SDR = Descriptor(
    name="hdr_to_sdr",
    summary="Makes a view copy in BT.709 of a picture for HDR displays, by a stated curve.",
    nature=PLAIN,
    plane_use=PlaneUse.ALL,
    parameters=HdrToSdrParameters,
    # The chroma around a sample, up and down again.
    reach=always(Reach(pixels=3)),
    consistency=Consistency(
        ForwardModel.NONE,
        PlainForm.ITSELF,
        "lights and colours beyond the result's range are cut off, and no way leads back",
    ),
    # A peak above 4000 makes everything else dark; a white outside darkens or veils the copy.
    ceilings={"peak": Ceiling(200.0, 4000.0), "white": Ceiling(80.0, 300.0)},
    retags=hdr_to_sdr_tags,
)
