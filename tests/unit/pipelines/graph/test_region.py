"""What a graph may say about the region of an operation, and what it answers to anything else."""

from __future__ import annotations

from typing import Any

import pytest

from pipelines.errors import GraphError
from pipelines.graph.operation_table import OPERATIONS
from pipelines.graph.region import MOST_FEATHER, Space, takes_region
from pipelines.graph.spec import parse_graph
from pipelines.graph.validate import CheckedGraph, check_graph

WHY = "the plate of the van"
PLATE = {"value": {"name": "plate", "left": 4, "top": 6, "width": 20, "height": 10}, "because": WHY}
BOX = {"left": 4, "top": 6, "width": 20.5, "height": 10, "because": WHY}
KEEPING = {
    *("levels", "gamma", "white_balance", "sharpen", "local_contrast", "denoise"),
    *("denoise_temporal", "denoise_trained", "deblur", "deblur_estimated", "deblur_trained"),
    *("deblock", "steady"),
}


def checked(*operations: dict[str, Any], preset: str = "balanced") -> CheckedGraph:
    """Check a graph whose ingest stage has one drawn region, `plate`."""
    stages = [
        {
            "name": "ingest",
            "kind": "ingest",
            "needs": ["source"],
            "params": {"overrides": {"regions": [PLATE]}},
        },
        {
            "name": "enhance",
            "kind": "enhance",
            "needs": ["ingest"],
            "params": {"operations": list(operations)},
        },
        {"name": "export", "kind": "export", "needs": ["enhance"]},
    ]
    inputs = {"source": {"artifact": "sha256:" + "0" * 64}}
    return check_graph(
        parse_graph({"version": 1, "preset": preset, "inputs": inputs, "stages": stages})
    )


def test_a_region_by_name_is_the_one_that_was_drawn() -> None:
    """A name leads to the rectangle of the overrides, with its reason, in stored samples."""
    for said in ("plate", {"name": "plate", "feather": 3}):
        region = checked({"op": "denoise", "region": said}, preset="forensic-safe").steps[0].region
        assert region is not None
        assert region.space is Space.STORED
        assert region.points == ((4, 6), (24, 6), (24, 16), (4, 16))
        assert region.because == WHY
        assert region.feather == (3 if isinstance(said, dict) else 0)


def test_a_region_may_be_drawn_in_place() -> None:
    """A rectangle and a polygon of the operation's own count displayed pixels."""
    corners = [[1, 2], [9.5, 3], [5, 9]]
    one, two = checked(
        {"op": "denoise", "region": {**BOX, "frames": {"first": 2, "last": 5}}},
        {"op": "sharpen", "region": {"polygon": corners, "feather": 2, "because": WHY}},
    ).steps
    assert one.region is not None
    assert two.region is not None
    assert one.region.points == ((4, 6), (24.5, 6), (24.5, 16), (4, 16))
    assert one.region.frames == (2, 5)
    assert [list(point) for point in two.region.points] == corners
    assert {one.region.space, two.region.space} == {Space.DISPLAYED}


def test_which_operations_take_a_region() -> None:
    """Those that keep size, places, frames and meaning do, and no other."""
    assert {name for name, one in OPERATIONS.items() if takes_region(one)} == KEEPING


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("door", "there is no region 'door'; regions that were drawn: plate"),
        (7, "this is no region"),
        ({"left": 4, "top": 6, "width": 20, "height": 10}, "because"),
        ({**BOX, "polygon": [[1, 2], [3, 4], [5, 9]]}, "give left, top, width and height, or a"),
        ({"left": 4, "because": WHY}, "give left, top, width and height, or a polygon"),
        ({"polygon": [[1, 2], [3, 4]], "because": WHY}, "at least 3"),
        ({**BOX, "width": 0}, "greater than 0"),
        ({**BOX, "left": -1}, "greater than or equal to 0"),
        ({**BOX, "feather": MOST_FEATHER + 1}, "less than or equal"),
        ({**BOX, "frames": {"first": 5, "last": 2}}, "not before the first"),
        ({**BOX, "colour": "red"}, "not permitted"),
        ({"name": "plate", "width": 3}, "not permitted"),
    ],
)
def test_what_is_no_region_is_refused_by_its_field(said: object, words: str) -> None:
    """Anything else is refused with the field and what to write instead."""
    with pytest.raises(GraphError, match=words) as refused:
        checked({"op": "gamma", "gamma": 1.2}, {"op": "denoise", "region": said})
    assert refused.value.field is not None
    assert refused.value.field.startswith("stages.1.params.operations.1.region")
    assert refused.value.next_step


@pytest.mark.parametrize(
    ("operation", "words"),
    [
        ({"op": "resize", "scale": 2}, "changes the size"),
        ({"op": "crop", "width": 4, "height": 4}, "changes the size"),
        ({"op": "super_resolve"}, "changes the size"),
        ({"op": "stabilise"}, "moves things|changes the size"),
        ({"op": "deinterlace", "first_field": "top"}, "other frames"),
        ({"op": "hdr_to_sdr", "transfer": "hlg"}, "codes of the whole picture"),
    ],
)
def test_operations_for_which_a_place_is_not_a_place_refuse(
    operation: dict[str, Any], words: str
) -> None:
    """What changes size, frames, places or meaning says why it takes no region."""
    with pytest.raises(GraphError, match=words):
        checked({**operation, "region": "plate"})


def test_a_region_does_not_follow_what_moved_away() -> None:
    """After an operation that moves things, the region that was drawn is elsewhere."""
    moving = {"op": "undistort", "fx": 60.0, "k1": -0.05}
    with pytest.raises(GraphError, match="comes after undistort") as refused:
        checked(moving, {"op": "denoise", "region": "plate"})
    assert refused.value.next_step == "Put denoise before undistort."
