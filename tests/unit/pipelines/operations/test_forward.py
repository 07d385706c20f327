"""Forward models: what leads back from a result, and where nothing does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from pipelines.graph.descriptors import ForwardModel
from pipelines.graph.operation_table import OPERATIONS
from pipelines.media.picture import Block, Family, FrameShape, PixelLayout
from pipelines.operations.base import Operation
from pipelines.operations.forward import (
    Applied,
    NoWay,
    Way,
    degraded_again,
    plain_counterpart,
)
from pipelines.operations.registry import build

GRAY = PixelLayout(Family.GRAY)
RGB = PixelLayout(Family.RGB)
YCBCR = PixelLayout(Family.YCBCR, chroma_x=1, chroma_y=1)

Step = tuple[str, dict[str, Any]]


@pytest.fixture
def chain(networks: Any) -> Callable[..., list[Applied]]:
    """Bind operations one after the other."""

    def bound(shape: FrameShape, *steps: Step) -> list[Applied]:
        applied = []
        for name, values in steps:
            parameters = OPERATIONS[name].parameters(**values)
            operation = build(name, parameters, shape, networks=networks)
            applied.append(Applied(OPERATIONS[name], parameters, operation))
            shape = operation.result
        return applied

    return bound


def run(operations: tuple[Operation, ...], block: Block) -> Block:
    """Run operations over a whole picture."""
    for operation in operations:
        block = operation.apply([block], 0, operation.result.whole)
    return block


def way(found: Way | NoWay) -> Way:
    """Return a way that must be there."""
    assert isinstance(found, Way)
    return found


def test_every_operation_declares_its_forward_model() -> None:
    """Every operation of the table has a forward model, or says for a person why it has none."""
    for descriptor in OPERATIONS.values():
        consistency = descriptor.consistency
        assert (consistency.forward is ForwardModel.NONE) == bool(consistency.reason)


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("levels", {"black": 0.1, "white": 0.9, "output_black": 0.05, "output_white": 0.95}),
        ("gamma", {"gamma": 1.7}),
        ("white_balance", {"red": 1.3, "green": 0.9, "blue": 0.7}),
    ],
)
@pytest.mark.parametrize("full_range", [True, False])
def test_tone_is_taken_back(
    chain: Any, make_picture: Any, name: str, values: dict[str, float], *, full_range: bool
) -> None:
    """Curves and factors are undone to within rounding, for RGB and for whole chroma."""
    for layout in (RGB, PixelLayout(Family.YCBCR, full_range=full_range)):
        shape = FrameShape(20, 30, layout)
        applied = chain(shape, (name, values))
        before = make_picture(shape)
        after = run((applied[0].operation,), before)
        back = run(way(degraded_again(applied)).operations, after)
        for own, again in zip(before.planes, back.planes, strict=True):
            np.testing.assert_allclose(again, own, atol=3e-4)


def test_enlarging_by_whole_areas_is_taken_back_exactly(chain: Any, make_picture: Any) -> None:
    """An enlargement that repeats samples comes back as it was by the mean over areas."""
    shape = FrameShape(18, 22, YCBCR)
    applied = chain(shape, ("resize", {"scale": 3, "filter": "area"}))
    before = make_picture(shape)
    back = run(way(degraded_again(applied)).operations, run((applied[0].operation,), before))
    assert back.shape == before.shape
    for own, again in zip(before.planes[:1], back.planes[:1], strict=True):
        np.testing.assert_allclose(again, own, atol=1e-5)


def test_changes_of_size_count_as_one(chain: Any) -> None:
    """Neighbouring changes of size are one reduction, from the last size to the first."""
    shape = FrameShape(40, 60, GRAY)
    applied = chain(
        shape,
        ("denoise", {}),
        ("super_resolve", {"scale": 4}),
        ("resize", {"scale": 0.75, "filter": "area"}),
        ("gamma", {"gamma": 1.2}),
    )
    back = way(degraded_again(applied))
    assert [operation.name for operation in back.operations] == ["gamma", "resize"]
    assert back.operations[-1].source == FrameShape(120, 180, GRAY)
    assert back.operations[-1].result == shape
    assert [words.split(":")[0] for words in back.words] == [
        "gamma",
        "super_resolve and resize",
        "denoise",
    ]
    assert "180 x 120 to 60 x 40" in back.words[1]


@pytest.mark.parametrize(
    ("shape", "steps", "reason"),
    [
        (FrameShape(40, 60, GRAY), [("sharpen", {}), ("gamma", {"gamma": 1.2})], "sharpen: "),
        (FrameShape(40, 60, GRAY), [("local_contrast", {})], "local_contrast: "),
        (FrameShape(40, 60, GRAY), [("resize", {"scale": 0.5})], "fewer samples"),
        (FrameShape(40, 60, YCBCR), [("white_balance", {"red": 1.2})], "subsampled"),
        (FrameShape(40, 60, GRAY), [], "No operation"),
    ],
)
def test_where_nothing_leads_back_it_says_why(
    chain: Any, shape: FrameShape, steps: list[Step], reason: str
) -> None:
    """One operation without a way back leaves the chain without one, with the reason."""
    found = degraded_again(chain(shape, *steps))
    assert isinstance(found, NoWay)
    assert reason in found.reason


def test_a_cut_is_put_back_at_its_place(chain: Any, make_picture: Any) -> None:
    """Samples of a cut are held against the same samples of the picture."""
    shape = FrameShape(30, 40, YCBCR)
    applied = chain(shape, ("crop", {"x": 6, "y": 4, "width": 20, "height": 12}))
    before = make_picture(shape)
    cut = run((applied[0].operation,), before)
    (back,) = way(degraded_again(applied)).operations
    region = applied[0].operation.needs(cut.region)
    again = back.apply([cut], 0, region)
    for own, put in zip(before.cut(region).planes, again.planes, strict=True):
        assert (own == put).all()


def test_the_plain_counterpart_uses_no_network(chain: Any, networks: Any) -> None:
    """Networks are replaced by interpolation, what adds or removes detail is left out."""
    shape = FrameShape(20, 24, RGB)
    applied = chain(
        shape,
        ("denoise_trained", {}),
        ("super_resolve", {}),
        ("sharpen", {}),
        ("gamma", {"gamma": 0.8}),
    )
    plain = way(plain_counterpart(applied))
    assert [operation.name for operation in plain.operations] == ["resize", "gamma"]
    assert plain.operations[-1].result == applied[-1].operation.result
    assert len(plain.words) == 4
    picture = Block(tuple(np.zeros((20, 24), np.float32) for _ in range(3)), shape.whole, shape)
    run(plain.operations, picture)
    assert all(network.seen == [] for network in networks.made.values())


def test_a_plain_chain_has_no_counterpart(chain: Any) -> None:
    """Interpolation, cuts and stated curves are plain already; that is said, not measured as 0."""
    shape = FrameShape(20, 24, GRAY)
    found = plain_counterpart(chain(shape, ("resize", {"scale": 2}), ("gamma", {"gamma": 0.8})))
    assert isinstance(found, NoWay)
    assert "by definition" in found.reason
