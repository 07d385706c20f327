"""Parameters and facts of the operations against what coding did to a picture."""

from __future__ import annotations

from pydantic import Field

from pipelines.graph.descriptors import (
    PLAIN,
    SAME_SAMPLES,
    Ceiling,
    Descriptor,
    Parameters,
    PlaneUse,
    Reach,
    always,
)

EDGE_READS = 4
"""Samples on each side of a block's edge that decide and are filtered."""


class DeblockParameters(Parameters):
    """The grid of blocks, and up to which step an edge between two of them is taken for one."""

    strength: float = Field(
        default=16.0,
        ge=0.5,
        le=40.0,
        description="Steps at the edges of blocks below this many 8-bit code values are smoothed.",
    )
    block: int = Field(
        default=8, ge=8, le=64, description="Side of the blocks, in samples of each plane."
    )
    x: int = Field(
        default=0, ge=0, le=63, description="Column at which a block begins, for cut pictures."
    )
    y: int = Field(
        default=0, ge=0, le=63, description="Row at which a block begins, for cut pictures."
    )
    chroma: bool = Field(
        default=True, description="Whether the colour differences are smoothed as well."
    )


DEBLOCK = Descriptor(
    name="deblock",
    summary="Smooths small steps at the edges of a stated grid of blocks.",
    nature=PLAIN,
    plane_use=PlaneUse.COLOUR,
    parameters=DeblockParameters,
    # Across one edge along the rows, and across one along the columns.
    reach=always(Reach(pixels=2 * EDGE_READS)),
    consistency=SAME_SAMPLES,
    # Above 32 code values, edges of the scene that lie on the grid are taken for blocks.
    ceilings={"strength": Ceiling(0.5, 32.0)},
)

REPAIR_OPERATIONS = (DEBLOCK,)
