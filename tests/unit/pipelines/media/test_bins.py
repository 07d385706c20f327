"""Sums along a sequence of unknown length, in bins that never grow in number."""

from __future__ import annotations

import numpy as np
import pytest

from pipelines.media.bins import Bins


@pytest.mark.parametrize("items", [0, 1, 7, 8, 9, 100, 1000])
def test_nothing_is_lost_however_long_it_gets(items: int) -> None:
    """The sums of all bins are the sum of all items, and there are never more bins than allowed."""
    bins = Bins(2, most=8)
    for start in range(0, items, 3):
        part = np.arange(start, min(start + 3, items))
        bins.add(np.stack([np.ones_like(part), part], axis=1))
    assert bins.sums[:, 0].sum() == items
    assert bins.sums[:, 1].sum() == sum(range(items))
    assert len(bins.sums) <= 8


def test_a_bin_holds_neighbours_in_order() -> None:
    """Item n is in bin n // width."""
    bins = Bins(1, most=4)
    bins.add(np.arange(10)[:, None])
    assert bins.width == 4
    assert bins.sums[:, 0].tolist() == [0 + 1 + 2 + 3, 4 + 5 + 6 + 7, 8 + 9]


def test_one_large_batch_and_many_small_ones_are_the_same() -> None:
    """How items were batched does not show."""
    values = np.random.default_rng(1).integers(0, 9, (777, 3))
    whole, parts = Bins(3, most=16), Bins(3, most=16)
    whole.add(values)
    for start in range(0, 777, 10):
        parts.add(values[start : start + 10])
    assert (whole.sums == parts.sums).all()


def test_an_odd_number_of_bins_is_refused() -> None:
    """Two bins become one, so their number is even."""
    with pytest.raises(ValueError, match="even"):
        Bins(1, most=7)
