"""A plan from outside asks for no more than a plan of this version can."""

from __future__ import annotations

from typing import Any

import pytest

from pipelines.graph.plan import (
    Plan,
    PlannedCeilings,
    PlannedDelivery,
    PlannedPicture,
    PlannedSegments,
    PlannedSource,
)
from pipelines.graph.spec import Preset
from pipelines.run.replay_bounds import NotReplayableError, require_bounds

NETWORK: dict[str, str | int] = {
    "model": "net-a",
    "version": "1.0.0",
    "class": "trained",
    "gate": "ungated",
    "tiling": "exact(reach 4)",
    "weights_format": "onnx",
    "weights_sha256": "c" * 64,
    "engine": "onnxruntime",
    "engine_version": "1.31.0",
    "precision": "fp32",
    "tile_pixels": 640,
    "threads": 1,
    "device_class": "cpu",
}


def plan(**members: Any) -> Plan:
    """A plan of a clip that ran one network."""
    picture = PlannedPicture(
        width=64,
        height=48,
        family="gray",
        depth=8,
        chroma=(1, 1),
        full_range=True,
        matrix="bt601",
        siting="center",
        alpha=False,
    )
    planned = Plan(
        graph_sha256="a" * 64,
        preset=Preset.BALANCED,
        source=PlannedSource(sha256="b" * 64, bytes=1, kind="video", picture=picture, frames=9),
        steps=(),
        networks=(NETWORK,),
        threads=4,
        frames_at_once=4,
        segments=PlannedSegments(seconds="2", frames=9, starts=(0, 5)),
        delivery=PlannedDelivery(container="x", codec="x", pixel_format="gray", lossless=True),
        ceilings=PlannedCeilings(memory_bytes=1, scratch_bytes=0, disk_bytes=2),
    )
    return planned.model_copy(update=members)


def test_what_a_job_plans_is_within_bounds() -> None:
    """A plan as jobs make them passes."""
    require_bounds(plan())
    require_bounds(plan(tile_pixels=1024))


@pytest.mark.parametrize(
    ("members", "field"),
    [
        ({"threads": 0}, "threads"),
        ({"threads": 10**9}, "threads"),
        ({"frames_at_once": 5}, "frames_at_once"),
        ({"tile_pixels": 1}, "tile_pixels"),
        ({"tile_pixels": 10**6}, "tile_pixels"),
        ({"segments": None}, "segments"),
        ({"networks": ({**NETWORK, "threads": "many"},)}, "networks.0.threads"),
        ({"networks": ({**NETWORK, "tile_pixels": 0},)}, "networks.0.tile_pixels"),
        ({"networks": ({**NETWORK, "precision": "fp1"},)}, "networks.0.precision"),
        ({"networks": ({"model": "net-a"},)}, "networks.0.version"),
        ({"networks": (NETWORK, NETWORK)}, "networks"),
    ],
)
def test_what_no_job_plans_is_refused(members: dict[str, Any], field: str) -> None:
    """A number beyond its bounds, or a fact of another type, is named and nothing runs."""
    with pytest.raises(NotReplayableError, match=rf"its {field} is out of bounds"):
        require_bounds(plan(**members))
