"""Pairing: the cheapest sum, and nothing dearer than what is allowed."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import linear_sum_assignment

from pipelines.analysis.assignment import cheapest_pairs

EVERYTHING = 1e9


@pytest.mark.parametrize("shape", [(1, 1), (3, 3), (2, 5), (5, 2), (7, 7), (12, 9)])
def test_the_sum_is_the_least_there_is(shape: tuple[int, int]) -> None:
    """Every row or every column is paired, at the sum that scipy's solver finds."""
    for seed in range(30):
        cost = np.random.default_rng(seed).normal(size=shape)
        pairs = cheapest_pairs(cost, most=EVERYTHING)
        rows, columns = linear_sum_assignment(cost)
        assert len(pairs) == min(shape)
        assert sum(cost[pair] for pair in pairs) == pytest.approx(cost[rows, columns].sum())


def test_nothing_dearer_than_allowed_is_paired() -> None:
    """A pair above the limit is not made, and does not keep others from being made."""
    cost = np.array([[0.1, 0.9], [0.2, 0.95]])
    assert cheapest_pairs(cost, most=0.5) == ((0, 0),)
    crossed = np.array([[0.1, 0.4], [0.2, 0.9]])
    assert cheapest_pairs(crossed, most=0.5) == ((0, 1), (1, 0))


def test_nothing_is_paired_with_nothing() -> None:
    """Without rows, without columns, or without an allowed pair there are no pairs."""
    assert cheapest_pairs(np.zeros((0, 3)), most=1) == ()
    assert cheapest_pairs(np.zeros((3, 0)), most=1) == ()
    assert cheapest_pairs(np.full((2, 2), 5.0), most=1) == ()
