"""The facts about frames that were fused: every frame that was looked at, and what came of it.

A fusion that declined lists its frames all the same, and has no pictures.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Self

from pydantic import model_validator

from pipelines.stages.export.fact_types import Count, Decimal, Digest, Facts, Text, Whole


class FusionRole(StrEnum):
    """What a file of a fusion is."""

    FUSED = "fused"
    PLAIN = "plain"
    LIST = "list"


class FusionFile(Facts):
    """One file that a fusion left beside the result and in the bundle."""

    role: FusionRole
    file_name: Text
    sha256: Digest
    bytes: Count


class FusionLine(Facts):
    """One frame that was looked at.

    `pts` is in units of the stream's time base. `shift` is down and right, in samples of the chosen
    frame; `residual` in 8-bit code values. `independent` is the part of the region that is no copy
    of another frame, `share` the part of it that was used. `reason` says why the frame was left
    out, empty where it was used.
    """

    frame: Count
    pts: Whole
    picture_type: Text
    shift: tuple[Decimal, Decimal]
    residual: Decimal
    independent: Decimal
    share: Decimal
    used: bool
    reason: Text = ""

    @model_validator(mode="after")
    def _left_out_with_a_reason(self) -> Self:
        if self.used == bool(self.reason):
            raise ValueError("a frame was left out exactly when there is a reason")
        return self


class FusionFacts(Facts):
    """One fusion: the chosen frame, the region as (left, top, width, height), and its frames.

    `independent` counts frames' worth of samples beside the chosen frame. `declined` says why
    nothing was made, empty where something was; `residual` is the worst of the frames used.
    """

    frame: Count
    box: tuple[Count, Count, Count, Count]
    radius: Count
    scale: Count
    independent: Decimal
    frames: tuple[FusionLine, ...]
    declined: Text = ""
    remark: Text = ""
    residual: Decimal | None = None
    files: tuple[FusionFile, ...] = ()

    @model_validator(mode="after")
    def _made_or_declined(self) -> Self:
        if (self.residual is None) != bool(self.declined):
            raise ValueError("a fusion states a residual exactly when it was made")
        if len({one.frame for one in self.frames}) != len(self.frames):
            raise ValueError("a frame is listed twice")
        return self

    @property
    def used(self) -> tuple[int, ...]:
        """The frames that the picture was made from; none where it declined."""
        return () if self.declined else tuple(one.frame for one in self.frames if one.used)
