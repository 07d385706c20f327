"""Tile plans, over any plane, rule and tile size."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from models.catalog import Catalog
from models.spec import TilingKind, TilingRule
from models.tiling import Span, TilePlan, feather, memory_ceiling_bytes, plan

SIDES = st.integers(1, 2000)
REACHES = st.integers(0, 40)
EXACT = REACHES.map(TilingRule.exact)
ALIGNED = st.builds(TilingRule.aligned, st.integers(1, 32), REACHES)
APPROXIMATE = st.builds(TilingRule.approximate, st.just(2.0), REACHES)
FIXED = st.integers(24, 300).flatmap(
    lambda side: st.builds(TilingRule.fixed, st.just(side), st.integers(0, (side - 1) // 2))
)
ANY_RULE = st.one_of(EXACT, ALIGNED, APPROXIMATE, st.just(TilingRule.whole_frame()))
TILES = st.integers(32, 700)


def axes(tiles: TilePlan) -> list[tuple[int, tuple[Span, ...]]]:
    """Both axes with their lengths."""
    return [(tiles.height, tiles.rows), (tiles.width, tiles.columns)]


@given(height=SIDES, width=SIDES, rule=ANY_RULE, side=TILES)
def test_cores_partition_the_plane(height: int, width: int, rule: TilingRule, side: int) -> None:
    """Every sample belongs to the core of exactly one tile, and no core is empty."""
    tiles = plan(height, width, rule=rule, tile_pixels=side)
    for length, spans in axes(tiles):
        assert spans[0].start == 0
        assert spans[-1].stop == length
        assert all(first.stop == second.start for first, second in pairwise(spans))
        assert all(span.length > 0 for span in spans)
    owned = sum(tile.rows.length * tile.columns.length for tile in tiles)
    assert owned == height * width
    assert len(list(tiles)) == len(tiles)


@given(height=SIDES, width=SIDES, rule=ANY_RULE, side=TILES)
def test_halos_are_full_inside_and_clipped_at_the_edge(
    height: int, width: int, rule: TilingRule, side: int
) -> None:
    """A tile reads the whole halo on each side, but never a sample outside the plane."""
    for length, spans in axes(plan(height, width, rule=rule, tile_pixels=side)):
        for span in spans:
            assert span.read_start == max(0, span.start - rule.halo)
            assert span.read_stop == min(length, span.stop + rule.halo)


@given(height=SIDES, width=SIDES, rule=ANY_RULE, side=TILES)
def test_tiles_keep_to_the_size_that_was_asked_for(
    height: int, width: int, rule: TilingRule, side: int
) -> None:
    """In a plan of several tiles no core is longer than the tile size."""
    tiles = plan(height, width, rule=rule, tile_pixels=side)
    assume(len(tiles) > 1)
    longest = max(span.length for _, spans in axes(tiles) for span in spans)
    assert longest <= side
    bound = (side + 2 * rule.halo) ** 2
    assert tiles.largest_read_pixels <= bound
    assert tiles.largest_read_pixels == max(tile.read_pixels for tile in tiles)


@given(height=SIDES, width=SIDES, rule=ALIGNED, side=TILES)
def test_aligned_tiles_begin_at_whole_windows(
    height: int, width: int, rule: TilingRule, side: int
) -> None:
    """Under `aligned`, cores and what they read begin at multiples of the window."""
    for _, spans in axes(plan(height, width, rule=rule, tile_pixels=side)):
        assert all(span.start % rule.window == 0 for span in spans)
        assert all(span.read_start % rule.window == 0 for span in spans)


@given(height=SIDES, width=SIDES, rule=FIXED, side=TILES)
def test_tiles_of_a_fixed_size_have_that_size(
    height: int, width: int, rule: TilingRule, side: int
) -> None:
    """Under `fixed` cores partition the plane; only the last tile of an axis may read less."""
    for length, spans in axes(plan(height, width, rule=rule, tile_pixels=side)):
        assert spans[0].start == 0
        assert spans[-1].stop == length
        assert all(first.stop == second.start for first, second in pairwise(spans))
        assert all(span.length > 0 for span in spans)
        assert all(span.read_length == rule.window for span in spans[:-1])
        assert spans[-1].read_length <= rule.window
        assert all(
            span.read_start <= span.start < span.stop <= span.read_stop <= length for span in spans
        )


def test_a_fixed_tile_needs_its_memory_however_small_the_plane(tiny: Catalog) -> None:
    """What is filled up to the network's size is reckoned at that size."""
    card = replace(tiny.card("tiny-x2"), tiling=TilingRule.fixed(64, 8))
    small = memory_ceiling_bytes(card, 5, 7, tile_pixels=512)
    assert small == card.memory.total_bytes(64 * 64)
    with pytest.raises(ValueError, match="impossible"):
        TilingRule.fixed(16, 8)


@given(
    length=SIDES,
    rule=st.one_of(ANY_RULE, FIXED),
    side=st.integers(32, 100),
    scale=st.sampled_from([1, 2, 3, 4]),
)
def test_blend_weights_add_up_to_one(length: int, rule: TilingRule, side: int, scale: int) -> None:
    """At every output sample the weights of all tiles that read it add up to one."""
    tiles = plan(length, 2000, rule=rule, tile_pixels=side)
    total = [0.0] * (length * scale)
    for span in tiles.rows:
        weights = feather(span, scale)
        assert len(weights) == span.read_length * scale
        assert all(0 <= weight <= 1 for weight in weights)
        for index, weight in enumerate(weights, span.read_start * scale):
            total[index] += weight
    assert total == pytest.approx([1.0] * (length * scale), abs=1e-9)


@given(height=SIDES, width=SIDES, rule=EXACT, side=TILES)
def test_exact_tiles_are_never_blended(
    height: int, width: int, rule: TilingRule, side: int
) -> None:
    """Under `exact` a tile weighs one on its core and zero on its halo."""
    tiles = plan(height, width, rule=rule, tile_pixels=side)
    assert not tiles.blends
    for span in tiles.rows:
        inside = range(span.start - span.read_start, span.stop - span.read_start)
        assert [weight == 1 for weight in feather(span, 1)] == [
            index in inside for index in range(span.read_length)
        ]


def test_a_feather_is_a_straight_ramp_across_the_cut() -> None:
    """Over a blend of 2 samples the weight climbs by a quarter per sample, from 1/8 to 7/8."""
    span = Span(10, 20, 8, 20, blend_before=2)
    assert feather(span, 1) == (0.125, 0.375, 0.625, 0.875, *[1.0] * 8)


@given(height=SIDES, width=SIDES, side=TILES)
def test_a_network_that_may_not_be_cut_is_not(height: int, width: int, side: int) -> None:
    """Under `whole-frame` every plane is one tile."""
    tiles = plan(height, width, rule=TilingRule.whole_frame(), tile_pixels=side)
    assert len(tiles) == 1
    assert tiles.largest_read_pixels == height * width


def test_a_small_plane_stays_whole() -> None:
    """A plane with no more samples than a full tile reads is one tile, one more sample is not."""
    rule = TilingRule.exact(12)
    assert len(plan(124, 124, rule=rule, tile_pixels=100)) == 1
    assert len(plan(62, 248, rule=rule, tile_pixels=100)) == 1
    assert len(plan(125, 124, rule=rule, tile_pixels=100)) == 4


def test_tiles_have_few_shapes() -> None:
    """Cores along one axis differ by one sample at most, so an engine sees few shapes."""
    tiles = plan(1001, 1500, rule=TilingRule.exact(12), tile_pixels=256)
    lengths = {span.length for span in tiles.rows}
    assert lengths == {250, 251}


@pytest.mark.parametrize(
    ("height", "width", "rule", "side"),
    [
        (0, 5, TilingRule.exact(1), 64),
        (5, -1, TilingRule.exact(1), 64),
        (5, 5, TilingRule.exact(1), 0),
        (5, 5, TilingRule.aligned(8), 7),
    ],
)
def test_a_plan_without_sense_is_refused(
    height: int, width: int, rule: TilingRule, side: int
) -> None:
    """An empty plane, and a tile smaller than a sample or a window, are refused."""
    with pytest.raises(ValueError, match=r"cannot be cut|smaller than a window"):
        plan(height, width, rule=rule, tile_pixels=side)


@pytest.mark.parametrize("numbers", [{"reach": -1}, {"window": 0}, {"tolerance": 256.0}])
def test_a_rule_without_sense_is_refused(numbers: dict[str, int]) -> None:
    """A rule with numbers that cannot be is refused when it is made."""
    with pytest.raises(ValueError, match="impossible"):
        TilingRule(TilingKind.EXACT, **numbers)


def test_rules_are_printed_with_their_numbers() -> None:
    """Each rule has a caption that states its numbers."""
    assert TilingRule.exact(12).caption == "exact(reach 12)"
    assert TilingRule.aligned(8, 16).caption == "aligned(window 8, reach 16)"
    assert TilingRule.approximate(1.5, 32).caption == "approximate(tolerance 1.5, reach 32)"
    assert TilingRule.whole_frame().caption == "whole-frame"


def test_the_memory_ceiling_counts_the_largest_tile_and_the_result(tiny: Catalog) -> None:
    """A plane in tiles needs its largest tile and the result; a whole one only itself."""
    card = replace(tiny.card("tiny-x2"), tiling=TilingRule.exact(10))
    small = memory_ceiling_bytes(card, 100, 100, tile_pixels=100)
    assert small == 1000 + 200 * 100 * 100
    large = memory_ceiling_bytes(card, 300, 300, tile_pixels=100)
    assert large == 1000 + 200 * 120 * 120 + 4 * 600 * 600
